"""Which resolver sends like this: the known habits of resolvers as a function over counts of one client's evidence.

Every rule names what it saw; what several signs say together is surer than one. Libraries differ in what they do when all is
well (pairs, ports, IDs) and in how long they wait when nothing comes (5.0, 2.5, 2.0 s), so either kind of sign suffices,
and both together are high confidence. A program that forwards sends what its clients ask, in their order, so their habits
show through; what only a forwarder does (a pool of ports, old IDs sent again) goes before what a library does.
Where two resolvers cannot be told apart the name says both.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from analyzer.findings import Confidence

__all__ = ["Fingerprint", "Sendings", "fingerprint"]

_FEW: Final = 5  # signs of one kind below which they may be chance
_TIMED: Final = 3  # waits of one length below which they may be chance
_MOST: Final = 0.8
_SOME: Final = 0.2
_NEAR: Final = 0.25  # share of pairs with near IDs: glibc 0.42 to 0.74, at random 0.03


@dataclass(frozen=True, slots=True)
class Sendings:
    """What one client was seen to do. Counts of questions unless said otherwise."""

    questions: int = 0
    edns: int = 0
    iterative: int = 0  # first sends without RD: a recursive resolver asks an authority
    pairs: int = 0  # candidates asked for A and AAAA
    serial: int = 0  # … the second only after the first was answered
    aaaa_first: int = 0  # … AAAA before A
    searched: int = 0  # lookups of several candidates
    one_port: int = 0  # … all from one port
    together: int = 0  # names asked for A and AAAA from one port
    even: int = 0  # … as often for the one as for the other
    apart: int = 0  # names asked for one of them from a port
    id_steps: int = 0  # pairs from one port whose IDs differ by musl's small step
    ids_near: int = 0  # … whose IDs are near each other once their octets are swapped (glibc takes them from a clock)
    ids: int = 0  # pairs from one port whose IDs were compared
    ports: int = 0  # source ports looked at
    pooled: int = 0  # … that carried three and more base names
    by_ports: int = 0  # first sends from the ports looked at
    by_pool: int = 0  # … from those that carried three and more base names
    wait_5_same: int = 0  # resent after 5.0 s, same ID and port
    wait_5_new: int = 0  # asked again after 5.0 s under a new ID and port
    wait_25: int = 0  # resent after 2.5 s, same ID and port
    wait_2: int = 0  # asked again after 2.0 s of silence under a new ID
    wait_1: int = 0  # sent five or six times, the second after 1.0 s of silence
    new_port: int = 0  # resent after some seconds of silence with the same ID from a new port
    fan_out: int = 0  # sent to several servers at once
    resent_often: int = 0  # sent five times and more to one server with one ID and port
    asked_on: int = 0  # asked with OPT, answered, and at once asked again with the same ID and port
    self_probes: int = 0  # CoreDNS' loop probes to itself
    up_probes: int = 0  # dnsmasq's loop probes
    stub_53: bool = False  # it answers at 127.0.0.53
    forwarder: bool = False

    @classmethod
    def counts(cls) -> tuple[str, ...]:
        """The names of all counts, in order."""
        return tuple(f.name for f in fields(cls) if f.name not in ("forwarder", "stub_53"))


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The resolver that fits best (empty where none does), how sure that is, and why."""

    name: str
    confidence: Confidence
    reasons: tuple[str, ...]


def fingerprint(seen: Sendings) -> Fingerprint:
    """The resolver behind a client, from what it sends."""
    signs = _signs(seen)
    if not signs:
        return Fingerprint("", Confidence.LOW, ())
    best = max(signs, key=lambda name: len(signs[name]))
    weight = len(signs[best])
    confidence = Confidence.HIGH if weight >= 3 else Confidence.MEDIUM if weight == 2 else Confidence.LOW
    return Fingerprint(best, confidence, tuple(signs[best]))


def _signs(seen: Sendings) -> dict[str, list[str]]:
    """The signs of each resolver that has any. Where numbers are equal the first is taken."""
    if not _few(seen.iterative, seen.questions):
        return {}  # all that are known here want recursion
    if nginx := _nginx(seen):
        return {"nginx": nginx}
    if resolved := _resolved(seen):
        return {"systemd-resolved": resolved}
    forwards = (("CoreDNS", _coredns(seen)), ("dnsmasq", _dnsmasq(seen)))
    if seen.forwarder or _pool(seen):
        told: tuple[tuple[str, list[str]], ...] = forwards
    else:
        told = (
            ("ingress-nginx lua", _lua(seen)),
            ("c-ares", _cares(seen)),
            ("Go", _go(seen)),
            ("musl", _musl(seen)),
            ("glibc", _glibc(seen)),
            *forwards,
            ("Windows", _windows(seen)),
            ("glibc or c-ares", _glibc_or_cares(seen)),
        )
    return {name: found for name, found in told if found}


def _most(part: int, whole: int, least: int = _FEW) -> bool:
    return whole >= least and part >= _MOST * whole


def _few(part: int, whole: int) -> bool:
    return part <= _SOME * whole


def _pool(seen: Sendings) -> bool:
    return seen.pooled > 0 and 2 * seen.by_pool >= seen.by_ports


def _pool_sign(seen: Sendings) -> str:
    return f"{seen.pooled} of {seen.ports} ports carry three and more names each"


def _nginx(seen: Sendings) -> list[str]:
    """One port for all it asks, both types of a name always from that port at once: a forwarder's clients mix them."""
    if seen.forwarder or not _pool(seen) or not _few(seen.edns, seen.questions):
        return []
    paired = seen.pairs >= _FEW and _most(seen.even, seen.together + seen.apart) and 2 * seen.serial < seen.pairs
    found = [_pool_sign(seen)] if paired else []
    # A test tool that runs through a short list of names does the same.
    return [*found, "A and AAAA from one port, no OPT"] if paired and seen.pairs >= 2 * _FEW else found


def _coredns(seen: Sendings) -> list[str]:
    # One port for everything is also how old libraries, servers with a fixed port and test tools send.
    found = [_pool_sign(seen)] if _pool(seen) and (seen.forwarder or seen.ports > 1) else []
    if seen.self_probes:
        found.append(f"{seen.self_probes} loop probes to itself, as plugin/loop sends at a start")
    if seen.wait_2 >= _TIMED:
        found.append(f"{seen.wait_2} questions asked again after 2.0 s under a new ID")
    if found and _most(seen.edns, seen.questions):
        found.append("OPT in nearly every query")
    return found


def _dnsmasq(seen: Sendings) -> list[str]:
    if seen.pooled or seen.wait_2 or seen.self_probes:
        return []
    found = [f"{seen.up_probes} loop probes of --dns-loop-detect"] if seen.up_probes else []
    if seen.forwarder:
        alone = seen.ports >= _FEW
    else:  # a C library would send both types from one port, Go in any order, a serial one AAAA after A's answer
        alone = seen.pairs >= _FEW and _most(seen.apart, seen.apart + seen.together)
        alone &= _few(seen.aaaa_first, seen.pairs) and _few(seen.edns, seen.questions)
        alone &= not _most(seen.serial, seen.pairs) and seen.wait_5_new < _TIMED
    again = seen.wait_5_same + seen.wait_25
    # Windows and macOS take a port for each question too, but do not wait like the C libraries whose resends dnsmasq echoes.
    if alone and (seen.forwarder or again >= _TIMED):
        found.append("a port of its own for each question")
    if found and again >= _TIMED:
        found.append(f"{again} resent with the old ID and port, when a client asks again")
    if found and seen.forwarder and seen.resent_often >= _TIMED:
        found.append(f"{seen.resent_often} sent five times and more with one ID and port")
    return found


def _resolved(seen: Sendings) -> list[str]:
    """NXDOMAIN makes it ask again without OPT, to mistrust no name but the server."""
    if _pool(seen):
        return []
    found = ["answers at 127.0.0.53"] if seen.stub_53 else []
    if seen.asked_on >= _TIMED:
        found.append(f"{seen.asked_on} answered and at once asked again with the same ID and port")
    if found and _most(seen.edns, seen.questions):
        found.append("OPT in nearly every query")
    if found and seen.wait_5_same >= _TIMED:
        found.append(f"{seen.wait_5_same} resent after 5.0 s with the same ID and port")
    return found


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
    if seen.new_port >= _TIMED:
        found.append(f"{seen.new_port} resent with the same ID from a new port")
    return found


def _go(seen: Sendings) -> list[str]:
    found = []
    if seen.pairs >= _FEW and _most(seen.apart, seen.apart + seen.together):
        # Two ports for a pair say little: a forwarder sends like that whatever its clients ask.
        if _SOME * seen.pairs <= seen.aaaa_first <= _MOST * seen.pairs:
            found.append("A and AAAA from two ports, either first")
        if _most(seen.edns, seen.questions):
            found.append("OPT in nearly every query")
    if seen.wait_5_new >= _TIMED:
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
    if seen.wait_25 >= _TIMED:
        found.append(f"{seen.wait_25} resent after 2.5 s with the same ID and port")
    if seen.fan_out >= _TIMED:
        found.append(f"{seen.fan_out} sent to several servers at once")
    return found


def _glibc(seen: Sendings) -> list[str]:
    near = seen.ids_near >= _FEW and seen.ids_near >= _NEAR * seen.ids
    unlike = seen.ids >= _FEW and 2 * seen.id_steps < seen.ids
    if not (_parallel(seen) and unlike and (near or seen.searched >= 3)):
        return []  # c-ares does the same, resends too, as long as no lookup has a second candidate
    found = ["A and AAAA at once from one port, A first, unrelated IDs"]
    if near:
        found.append(f"IDs of {seen.ids_near} of {seen.ids} pairs near each other once their octets are swapped")
    if seen.searched >= 3:
        found.append("a new port for each candidate")
    if seen.wait_5_same >= _TIMED:
        found.append(f"{seen.wait_5_same} resent after 5.0 s with the same ID and port")
    return found


def _glibc_or_cares(seen: Sendings) -> list[str]:
    if not _parallel(seen) or seen.ids < _FEW or 2 * seen.id_steps >= seen.ids or _glibc(seen):
        return []
    return ["A and AAAA at once from one port, A first, unrelated IDs; no lookup with a second candidate"]


def _windows(seen: Sendings) -> list[str]:
    if seen.wait_1 < _TIMED:
        return []
    return [f"{seen.wait_1} asked five or six times, the second time after 1.0 s"]
