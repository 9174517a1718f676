"""What the measure `search` says: search lists, example lookups, the bill. Addresses and names are text, times ns UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from analyzer.measures import Context
from analyzer.measures.eventlog import Events
from analyzer.measures.search_signatures import SignatureSteps, SignatureTable
from analyzer.messages import Array

__all__ = ["Bill", "BillRow", "ExampleStep", "ListClient", "Ndots", "Search", "SearchList", "Verdict"]


@dataclass(frozen=True, slots=True)
class Ndots:
    """Inclusive bounds; None is unbounded. `weak_max` is a bound that a lone failed name only suggests."""

    min: int | None = None
    max: int | None = None
    weak_max: int | None = None

    @property
    def text(self) -> str:
        """`ndots = 5`, `4 < ndots <= 7`, `ndots > 4`, `ndots <= 3` or `unknown`."""
        if self.min is not None and self.min == self.max:
            return f"ndots = {self.min}"
        low = f"{self.min - 1} < ndots" if self.min else ""
        if self.max is None:
            return f"ndots > {self.min - 1}" if self.min else "unknown"
        return f"{low} <= {self.max}" if low else f"ndots <= {self.max}"


@dataclass(frozen=True, slots=True)
class ExampleStep:
    """One candidate of an example lookup. `suffix` is what was appended to the base, empty for the name as typed."""

    name: str
    suffix: str
    types: str
    file: int
    frame: int
    time_ns: int
    rtt_ns: int | None
    rcode: str
    outcome: str
    queries: int
    server: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class BillRow:
    """What one client, base or suffix (or all) cost. `needed`: queries, had the winning name been asked first."""

    key: str
    lookups: int
    queries: int
    needed: int

    @property
    def wasted(self) -> int:
        return self.queries - self.needed

    @property
    def wasted_share(self) -> float | None:
        return self.wasted / self.queries if self.queries else None

    @property
    def amplification(self) -> float | None:
        return self.queries / self.needed if self.needed else None


@dataclass(frozen=True, slots=True)
class ListClient:
    """One client of a list: full chains are those that tried every candidate."""

    addr: str
    lookups: int
    queries: int
    full_chains: int
    bases: int
    style: str  # "parallel" or "serial": how A and AAAA were asked
    one_port: bool  # all candidates of a lookup from one port
    resolver: str = ""  # by its fingerprint, empty where that is not sure
    wait_ns: int | None = None  # from a query to its repetition after silence, where a timer showed
    resends: int = 0  # questions that show it
    attempts: int | None = None  # queries a server before it gave up, where that showed
    given_up: int = 0  # questions that show it


@dataclass(frozen=True, slots=True)
class SearchList:
    """One resolv.conf seen at work. `complete`: the name as typed was seen to follow (or precede) the last suffix."""

    clients: tuple[ListClient, ...]
    suffixes: tuple[str, ...]
    ndots: Ndots
    lookups: int
    queries: int
    needed: int
    full_chains: int
    bases: int
    complete: bool
    confidence: str
    namespace: str
    servers: tuple[str, ...]
    resolv_conf: str
    first: int
    last: int
    per_suffix: tuple[BillRow, ...] = ()
    example: tuple[ExampleStep, ...] = ()
    differs: str = ""  # how it differs from the list that most clients have

    @property
    def wasted(self) -> int:
        return self.queries - self.needed


@dataclass(frozen=True, slots=True)
class Bill:
    """The client side's account. `multi` counts the lookups that needed more than one name."""

    total: BillRow
    multi: BillRow
    clients: tuple[BillRow, ...] = ()
    bases: tuple[BillRow, ...] = ()
    suffixes: tuple[BillRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the vote says of every signature; arrays by row of `table`.

    `side` indexes `roles.SIDES`; `list_at` is a position in `Search.lists` or -1; `base` a position in `bases` or -1;
    `as_is` the position of the name as typed among its candidates or -1; `needed` queries. `step_suffix` is, for every
    row of `steps`, the suffix's name id (0 for the name as typed) or -1 where nothing is known. `habit` is the
    `search_habits.Habit` of the client's resolver.
    """

    table: SignatureTable
    steps: SignatureSteps
    side: Array
    list_at: Array
    base: Array
    as_is: Array
    needed: Array
    step_suffix: Array
    habit: Array
    context: Context
    bases: tuple[str, ...] = ()
    events: Events = field(default_factory=lambda: Events(np.zeros(0, "i8"), np.zeros(0, "u4"), np.zeros(0, "u4")))
    step_ns: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    """Result of the measure `search`.

    `base_of` and `suffix_of` map name ids to base names and suffixes, for names inside established chains only.
    `clients` are all addresses that ask on the client side, `autopath` counts answers that show CoreDNS's autopath.
    """

    lists: tuple[SearchList, ...]
    bill: Bill
    verdict: Verdict
    base_of: Mapping[int, str] = field(default_factory=dict)
    suffix_of: Mapping[int, str] = field(default_factory=dict)
    unclaimed: Mapping[str, str] = field(default_factory=dict)  # client: why no list is claimed
    autopath: int = 0
    over_lookups: int = 0
    over_queries: int = 0
