"""Instances: who listens where in which network namespace, and what each does with a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from analyzer.config.corefile import Block
from analyzer.config.dnsmasq import Dnsmasq
from analyzer.config.parsed import Endpoint
from analyzer.findings import SourceLine

__all__ = ["Ask", "Decision", "Instance", "weighted"]

_MAX_ASKED = 64  # servers of one decision; real lists have a handful


@dataclass(frozen=True, slots=True)
class Ask:
    """One server that is asked: with `probability` per query (1.0 for each of several asked at once), or on failure only.

    `sources`: the line that forwards, then (for a nameserver file) the line that names the address.
    """

    endpoint: Endpoint
    probability: float
    on_failure: bool
    sources: tuple[SourceLine, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to a name: it `ends` here for the reason given, or goes to `asks`; `zone` is what matched it.

    `unknown`: it is forwarded, but to where nothing that was given says.
    """

    zone: str
    source: SourceLine | None
    asks: tuple[Ask, ...] = ()
    ends: str = ""
    policy: str = ""
    block: Block | None = None
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Instance:
    """A server process as one set of addresses sees it.

    `listens` are its own addresses; with `everything` it also owns all other addresses of its netns (`owned` lists the
    known ones, loopback is always among them). `host` is the machine, whose addresses a pod also reaches.
    """

    id: str
    software: str
    role: str
    netns: str
    host: str
    listens: tuple[str, ...]
    everything: bool
    port: int
    source: SourceLine
    decide: Callable[[str], Decision] = field(compare=False, repr=False)
    owned: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = field(default=(), compare=False, repr=False)
    rules: Dnsmasq | None = field(default=None, compare=False, repr=False)

    def hears(self, literal: str, *, loopback: bool) -> bool:
        """Whether a query to this address is its own; `loopback` says that the asker shares its namespace."""
        if literal in self.listens:
            return True
        return self.everything and (loopback or literal in self.owned)

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.listens, *self.owned)))


def weighted(endpoints: Sequence[tuple[Endpoint, tuple[SourceLine, ...]]], policy: str) -> tuple[Ask, ...]:
    """The chances of each upstream: `sequential` the first only, `all` every one, else equal shares of one."""
    endpoints = endpoints[:_MAX_ASKED]
    share = 1.0 if policy in ("all", "sequential") else 1.0 / max(1, len(endpoints))
    return tuple(
        Ask(place, share, policy == "sequential" and position > 0, sources)
        for position, (place, sources) in enumerate(endpoints)
    )
