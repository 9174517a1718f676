"""Lookups as resolvers make them, written into a Scene: one call is one lookup, candidate by candidate."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from tests.scenes import Scene

__all__ = ["LIST", "LOCAL", "POD", "candidates", "dead_polling", "lookup"]

LIST = ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.org")
POD, LOCAL, NODE, GATEWAY = "10.233.64.11", "169.254.25.10", "192.168.1.23", "192.168.1.1"
DATA = {"ancount": 1, "answer_matches": 1, "answer_ttl": 30}
_ports = itertools.count(20_000, 7)


def candidates(base: str, suffixes: Sequence[str] = LIST, ndots: int = 5) -> list[str]:
    """Names in the order in which glibc tries them."""
    with_suffix = [f"{base}.{suffix}" for suffix in suffixes]
    return [base, *with_suffix] if base.count(".") >= ndots else [*with_suffix, base]


def lookup(
    scene: Scene,
    at: float,
    base: str,
    *,
    style: str = "glibc",
    client: str = POD,
    server: str = LOCAL,
    names: Sequence[str] | None = None,
    answers: Mapping[str, str] | None = None,
    rtt: float = 0.001,
    soa: bool = True,
) -> float:
    """One lookup; returns when it ended. `answers` maps names to `DATA`, `NODATA`, `SERVFAIL` or `silence`; every other
    name is NXDOMAIN. Styles: `glibc` and `musl` (a port for each candidate), `go` (a port for each query, either type first, OPT), `cares` (one
    port), `lua` (one port, AAAA after A's answer), `single` (glibc's single-request: AAAA after A's answer, a port for each
    candidate)."""
    answers = answers or {}
    one = next(_ports) % 60_000
    serial = style in ("lua", "single")
    for name in candidates(base) if names is None else names:
        port = one if style in ("lua", "cares") else next(_ports) % 60_000
        got, first = answers.get(name, "NXDOMAIN"), next(_ports) * 0x1F3B
        for number, qtype in enumerate(("AAAA", "A") if style == "go" and first % 2 else ("A", "AAAA")):
            if style == "go":
                port = next(_ports) % 60_000
            begin = at if number == 0 or serial else at + 0.00002
            own = {"msg_id": (first + number * 0x97) % 65_536} if style == "musl" else {}
            own |= {"edns_size": 1232} if style == "go" else {}
            query = scene.query(begin, client, server, name, qtype, src_port=port, **own)
            if got != "silence":
                more = DATA if got == "DATA" and qtype == "A" else {"soa_minimum": 60, "soa_ttl": 60} if soa else {}
                scene.response(begin + rtt, query, "NOERROR" if got in ("DATA", "NODATA") else got, **more)
            if serial:
                at += rtt + 0.0001
                if got == "DATA":
                    break
        at += 0.0001 if serial else rtt + 0.0002 if got != "silence" else 5.0
        if got == "DATA":
            break
    return at


def dead_polling(scene: Scene, bases: Sequence[str], seconds: int, workers: int = 2, soa: bool = False) -> None:
    """The incident: workers that look up dead names once a second, and a forwarder that sends each outside candidate on.

    With `soa` the gateway's denials can be cached, and the forwarder keeps them for 5.02 s.
    """
    asked: dict[str, float] = {}
    for second in range(seconds):
        for place, base in enumerate(bases):
            for worker in range(workers):
                at = second + place / len(bases) * 0.4 + worker * 0.3
                lookup(scene, at, base, style="lua")
                name = f"{base}.{LIST[-1]}"
                for number, qtype in enumerate(("A", "AAAA")):
                    key, when = f"{name}/{qtype}", at + (len(LIST) - 1) * 0.0023 + 0.0002 + number * 0.0011
                    if soa and when - asked.get(key, -9) < 5.02:
                        continue
                    asked[key] = when
                    query = scene.query(when, NODE, GATEWAY, name, qtype, src_port=33_000 + place % 3)
                    scene.response(
                        when + 0.0005, query, "NXDOMAIN", **({"soa_minimum": 60, "soa_ttl": 60} if soa else {})
                    )
