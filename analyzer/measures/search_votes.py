"""Which part of a candidate is the base and which the suffix, and so which search list each client has (docs/semantics.md).

A chain that holds the name as typed splits at it. Another may split after any label that its candidates share; it takes
the split whose suffixes most other bases were tried with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from analyzer.dns.names import label_text
from analyzer.messages import NameTree
from analyzer.options import Thresholds

__all__ = ["Chain", "ClientList", "Found", "bounds", "claim", "lists_of", "namespace_of", "remnant", "split"]

_SPLITS: Final = 12  # labels of a base that are considered at most
_SECOND_LOOKUPS: Final = 10  # what a further list of one client needs, besides three bases, not to be a torn chain
_SECOND_SHARE: Final = 0.2

Suffixes = tuple[int, ...]


@dataclass(slots=True)
class Chain:
    """One signature with several candidates. `suffixes` are name ids in order, the name as typed left out."""

    row: int
    client: int
    names: tuple[int, ...]
    common: int
    lookups: int
    ended: bool  # the last candidate failed too, so the search came to its end
    pooled: bool = False  # its port carried other names too: a forwarder sent it
    as_is: int = -1
    base_labels: int = 0
    base: str = ""
    suffixes: Suffixes = ()

    @property
    def complete(self) -> bool:
        """Whether no further suffix can have been in the list."""
        last = self.as_is == len(self.names) - 1
        return last or (self.as_is == 0 and self.ended)

    @property
    def dots(self) -> int:
        return self.base_labels - 1


def _base(names: NameTree, node: int, labels: int) -> str:
    return ".".join(label_text(label) for label in names.labels(node)[:labels]).lower()


def _strip(names: NameTree, node: int, labels: int) -> int:
    for _ in range(labels):
        node = int(names.parent[node])
    return node


def split(chains: Sequence[Chain], names: NameTree) -> None:
    """Set base and suffixes of every chain."""
    support: dict[Suffixes, set[str]] = defaultdict(set)
    anchored: dict[Suffixes, set[str]] = defaultdict(set)
    options: list[list[tuple[int, str, Suffixes]]] = []
    for chain in chains:
        found = [int(names.depth[name]) == chain.common for name in chain.names]
        if any(found):
            chain.as_is = found.index(True)
        splits = [chain.common] if chain.as_is >= 0 else range(chain.common, max(chain.common - _SPLITS, 0), -1)
        seen = []
        for labels in splits:
            suffixes = tuple(_strip(names, name, labels) for at, name in enumerate(chain.names) if at != chain.as_is)
            base = _base(names, chain.names[0], labels)
            seen.append((labels, base, suffixes))
            for length in range(1, len(suffixes) + 1):
                (anchored if chain.as_is >= 0 else support)[suffixes[:length]].add(base)
        options.append(seen)
    for chain, seen in zip(chains, options, strict=True):
        chain.base_labels, chain.base, chain.suffixes = max(
            seen, key=lambda s: (len(anchored.get(s[2], ())), len(support.get(s[2], ())), s[0])
        )


@dataclass(slots=True)
class ClientList:
    """One list of one client, with the chains behind it."""

    client: int
    suffixes: Suffixes
    complete: bool
    chains: list[Chain] = field(default_factory=list)
    torn: list[Chain] = field(default_factory=list)  # pieces of chains: wasted all the same, but no evidence

    @property
    def bases(self) -> set[str]:
        return {chain.base for chain in self.chains}

    @property
    def lookups(self) -> int:
        return sum(chain.lookups for chain in self.chains)

    @property
    def full(self) -> int:
        return sum(chain.lookups for chain in self.chains if chain.complete)


def _within(part: Suffixes, whole: Suffixes) -> bool:
    """Whether `part` is what is left of `whole` when some suffixes are lost."""
    rest = iter(whole)
    return all(suffix in rest for suffix in part)


def lists_of(client: int, chains: Iterable[Chain], thresholds: Thresholds) -> list[ClientList]:
    """The lists that one client's chains show, the best supported first; usually one."""
    whole: dict[Suffixes, ClientList] = {}
    parts: list[Chain] = []
    for chain in chains:
        if chain.complete and chain.suffixes:
            found = whole.setdefault(chain.suffixes, ClientList(client, chain.suffixes, True))
            found.chains.append(chain)
        elif chain.suffixes:
            parts.append(chain)
    accepted: list[ClientList] = []
    torn: list[ClientList] = []
    for found in sorted(whole.values(), key=lambda x: (-x.lookups, -len(x.suffixes), x.suffixes)):
        best = accepted[0] if accepted else found
        inside = any(_within(found.suffixes, other.suffixes) for other in accepted)
        enough = len(found.bases) >= thresholds.search_bases and (
            not inside or found.lookups >= max(_SECOND_LOOKUPS, _SECOND_SHARE * best.lookups)
        )
        (accepted if not accepted or enough else torn).append(found)
    left = []
    for chain in parts:
        home = next((x for x in accepted if x.suffixes[: len(chain.suffixes)] == chain.suffixes), None)
        if home:
            home.chains.append(chain)
        elif piece := next((x for x in accepted if _within(chain.suffixes, x.suffixes)), None):
            piece.torn.append(chain)
        else:
            left.append(chain)
    for lost in torn:
        home = next((x for x in accepted if _within(lost.suffixes, x.suffixes)), None)
        if home:
            home.torn.extend(lost.chains)
    return accepted + _partial(client, left)


def _partial(client: int, chains: list[Chain]) -> list[ClientList]:
    """The most common maximal sequence of chains that ended early."""
    found: dict[Suffixes, list[Chain]] = defaultdict(list)
    for chain in chains:
        found[chain.suffixes].append(chain)
    best: ClientList | None = None
    for suffixes in sorted(found):
        if any(len(other) > len(suffixes) and other[: len(suffixes)] == suffixes for other in found):
            continue
        candidate = ClientList(client, suffixes, False)
        for other, members in found.items():
            if suffixes[: len(other)] == other:
                candidate.chains.extend(members)
        if best is None or (len(candidate.bases), candidate.lookups) > (len(best.bases), best.lookups):
            best = candidate
    return [best] if best else []


@dataclass(slots=True)
class Found:
    """A claimed list: clients with equal suffixes."""

    suffixes: Suffixes
    complete: bool
    clients: list[ClientList]


def claim(lists: Sequence[ClientList], names: NameTree, thresholds: Thresholds) -> tuple[list[Found], list[ClientList]]:
    """Lists with enough support (three bases of a client, or two clients), equal ones joined; and what has too little.

    `<ns>.svc.<domain>` counts as equal for all namespaces when clients are counted. Clients agree only over whole lists
    and two bases: resolvers that ask for one zone's name servers ask alike too. A sequence cut short joins the one claimed
    list that it begins.
    """
    general: dict[tuple[int | str, ...], set[int]] = defaultdict(set)
    bases: dict[tuple[int | str, ...], set[str]] = defaultdict(set)
    for found in lists:
        if found.complete:
            general[_general(found.suffixes, names)].add(found.client)
            bases[_general(found.suffixes, names)] |= found.bases
    strong = [
        not remnant(x)
        and (
            len(x.bases) >= thresholds.search_bases
            or (
                len(general[_general(x.suffixes, names)]) >= thresholds.search_clients
                and len(bases[_general(x.suffixes, names)]) > 1
            )
        )
        for x in lists
    ]
    claimed: dict[Suffixes, Found] = {}
    for found, sure in sorted(zip(lists, strong, strict=True), key=lambda pair: not pair[0].complete):
        if sure and found.complete:
            claimed.setdefault(found.suffixes, Found(found.suffixes, True, [])).clients.append(found)
    weak: list[ClientList] = []
    for found, sure in zip(lists, strong, strict=True):
        if found.complete and sure:
            continue
        if remnant(found):
            weak.append(found)
            continue
        homes = [x for x in claimed.values() if x.complete and x.suffixes[: len(found.suffixes)] == found.suffixes]
        if len(homes) == 1 and not (found.complete and len(found.suffixes) < len(homes[0].suffixes)):
            homes[0].clients.append(found)
        elif sure:
            claimed.setdefault(found.suffixes, Found(found.suffixes, False, [])).clients.append(found)
        else:
            weak.append(found)
    return list(claimed.values()), weak


def remnant(found: ClientList) -> bool:
    """Whether a single suffix is all that a forwarder's pooled ports show: the rest of the list went elsewhere."""
    pooled = sum(chain.lookups for chain in found.chains if chain.pooled)
    return len(found.suffixes) == 1 and 2 * pooled > found.lookups


def _general(suffixes: Suffixes, names: NameTree) -> tuple[int | str, ...]:
    parts: tuple[int | str, ...] = suffixes
    if namespace_of(suffixes, names):
        parts = ("<ns>", *suffixes[1:])
    return parts


def namespace_of(suffixes: Suffixes, names: NameTree) -> str:
    """The pod's namespace where the list begins as kubelet makes it: `<ns>.svc.<domain> svc.<domain> …`."""
    if len(suffixes) < 2:
        return ""
    parent = int(names.parent[suffixes[0]])
    if parent != suffixes[1] or names.label(parent).lower() != b"svc":
        return ""
    return label_text(names.label(suffixes[0])).lower()


def bounds(chains: Iterable[Chain], suffixes: Suffixes) -> tuple[int | None, int | None]:
    """Bounds of ndots: the name as typed came last or after a suffix (more than its dots), or first (at most its dots)."""
    above: dict[int, int] = defaultdict(int)
    below: dict[int, int] = defaultdict(int)
    for chain in chains:
        if chain.as_is == 0:
            below[chain.dots] += chain.lookups
        elif chain.as_is > 0 or chain.suffixes[:1] == suffixes[:1]:
            above[chain.dots + 1] += chain.lookups
    low, high = max(above, default=None), min(below, default=None)
    if low is not None and high is not None and low > high:  # programs that differ: the majority speaks
        if sum(above.values()) >= sum(below.values()):
            return low, None
        return None, high
    return low, high
