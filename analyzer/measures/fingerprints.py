"""Which resolver sends like this: the known habits of resolvers as a function over counts of one client's evidence.

Every rule names what it saw; what several signs say together is surer than one. Libraries differ in what they do when all is
well (pairs, ports, IDs) and in how long they wait when nothing comes (5.0, 2.5, 2.0 s), so either kind of sign suffices,
and both together are high confidence. A forwarder is only ever told from other forwarders.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from analyzer.findings import Confidence

__all__ = ["Fingerprint", "Sendings", "fingerprint"]

_FEW: Final = 5  # signs of one kind below which they may be chance
_MOST: Final = 0.8
_SOME: Final = 0.2


@dataclass(frozen=True, slots=True)
class Sendings:
    """What one client was seen to do. Counts of questions unless said otherwise."""

    questions: int = 0
    edns: int = 0
    pairs: int = 0  # candidates asked for A and AAAA
    serial: int = 0  # … the second only after the first was answered
    aaaa_first: int = 0  # … AAAA before A
    searched: int = 0  # lookups of several candidates
    one_port: int = 0  # … all from one port
    together: int = 0  # names asked for A and AAAA from one port
    apart: int = 0  # names asked for one of them from a port
    id_steps: int = 0  # pairs from one port whose IDs differ by musl's small step
    ids: int = 0  # pairs from one port whose IDs were compared
    ports: int = 0  # source ports looked at
    pooled: int = 0  # … that carried three and more base names
    wait_5_same: int = 0  # resent after 5.0 s, same ID and port
    wait_5_new: int = 0  # asked again after 5.0 s under a new ID and port
    wait_25: int = 0  # resent after 2.5 s, same ID and port
    wait_2: int = 0  # asked again after 2.0 s under a new ID
    new_port: int = 0  # resent with the same ID from a new port
    fan_out: int = 0  # sent to several servers at once
    forwarder: bool = False

    @classmethod
    def counts(cls) -> tuple[str, ...]:
        """The names of all counts, in order."""
        return tuple(f.name for f in fields(cls) if f.name != "forwarder")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The resolver that fits best (empty where none does), how sure that is, and why."""

    name: str
    confidence: Confidence
    reasons: tuple[str, ...]


def fingerprint(seen: Sendings) -> Fingerprint:
    """The resolver behind a client, from what it sends."""
    signs = _forwarder(seen) if seen.forwarder else _stub(seen)
    if not signs:
        return Fingerprint("", Confidence.LOW, ())
    best = max(signs, key=lambda name: len(signs[name]))
    weight = len(signs[best])
    confidence = Confidence.HIGH if weight >= 3 else Confidence.MEDIUM if weight == 2 else Confidence.LOW
    return Fingerprint(best, confidence, tuple(signs[best]))


def _most(part: int, whole: int, least: int = _FEW) -> bool:
    return whole >= least and part >= _MOST * whole


def _forwarder(seen: Sendings) -> dict[str, list[str]]:
    signs: dict[str, list[str]] = {}
    if seen.pooled and 2 * seen.pooled >= seen.ports:
        signs["CoreDNS"] = [f"{seen.pooled} of {seen.ports} ports carry three and more names each"]
        if _most(seen.edns, seen.questions):
            signs["CoreDNS"].append("OPT in nearly every query")
        if seen.wait_2 >= 3:
            signs["CoreDNS"].append(f"{seen.wait_2} questions asked again after 2.0 s under a new ID")
    elif seen.ports >= _FEW and not seen.pooled:
        signs["dnsmasq"] = ["a port of its own for each question"]
        if seen.wait_5_same + seen.wait_25 and not seen.wait_2:
            signs["dnsmasq"].append("resends only with the old ID and port")
    return signs


def _stub(seen: Sendings) -> dict[str, list[str]]:
    if seen.pooled and 2 * seen.pooled >= seen.ports:
        found = [f"{seen.pooled} of {seen.ports} ports carry three and more names each"]
        return {"nginx": found if seen.edns or not seen.together else [*found, "A and AAAA from one port, no OPT"]}
    told = (
        ("ingress-nginx lua", _lua(seen)),
        ("c-ares", _cares(seen)),
        ("Go", _go(seen)),
        ("musl", _musl(seen)),
        ("glibc", _glibc(seen)),
    )
    return {name: found for name, found in told if found}


def _one_port(seen: Sendings) -> bool:
    """One port for a whole lookup; those that end with their first candidate do not show it."""
    return seen.searched >= 3 and 2 * seen.one_port >= seen.searched


def _lua(seen: Sendings) -> list[str]:
    if not (_most(seen.serial, seen.pairs) and _one_port(seen)):
        return []
    found = ["AAAA only after A was answered", "one port for all candidates of a lookup"]
    return found if seen.edns else [*found, "no OPT"]


def _cares(seen: Sendings) -> list[str]:
    found = []
    if _one_port(seen) and not _most(seen.serial, seen.pairs):
        found += ["one port for all candidates of a lookup", "A and AAAA at once"]
    if seen.new_port >= 3:
        found.append(f"{seen.new_port} resent with the same ID from a new port")
    return found


def _go(seen: Sendings) -> list[str]:
    found = []
    if seen.pairs >= _FEW and _most(seen.apart, seen.apart + seen.together):
        if _SOME * seen.pairs <= seen.aaaa_first <= _MOST * seen.pairs:
            found.append("A or AAAA first, as it comes")
        if _most(seen.edns, seen.questions):
            found.append("OPT in nearly every query")
        # By itself this is also how a forwarder sends what its clients ask.
        found = ["A and AAAA from two ports", *found] if found else []
    if seen.wait_5_new >= 3:
        found.append(f"{seen.wait_5_new} asked again after 5.0 s under a new ID and port")
    return found


def _parallel(seen: Sendings) -> bool:
    """A pair at once from one port, A first, and a new port for each candidate: both C libraries."""
    paired = _most(seen.together, seen.together + seen.apart) and 10 * seen.aaaa_first <= seen.pairs
    return paired and not _most(seen.serial, seen.pairs) and not _one_port(seen)


def _musl(seen: Sendings) -> list[str]:
    found = []
    if _parallel(seen) and _most(seen.id_steps, seen.ids):
        found += ["A and AAAA at once from one port", "their IDs a small step apart"]
    if seen.wait_25 >= 3:
        found.append(f"{seen.wait_25} resent after 2.5 s with the same ID and port")
    if seen.fan_out >= 3:
        found.append(f"{seen.fan_out} sent to several servers at once")
    return found


def _glibc(seen: Sendings) -> list[str]:
    found = []
    if _parallel(seen) and seen.ids >= _FEW and 2 * seen.id_steps < seen.ids:
        found.append("A and AAAA at once from one port, A first, unrelated IDs")
    if seen.searched < 3:
        return found  # c-ares does the same, resends too, as long as no lookup has a second candidate
    if found:
        found.append("a new port for each candidate")
    if seen.wait_5_same >= 3:
        found.append(f"{seen.wait_5_same} resent after 5.0 s with the same ID and port")
    return found
