"""Recipes of the catalogue from packets to findings, at the recipes' own numbers: every packet is made, nothing is taken over."""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from analyzer.findings import Confidence, Finding, Severity
from analyzer.measures.rows import Side
from analyzer.measures.search_rows import Search
from analyzer.messages import Array, State, TransactionBatch
from analyzer.options import NS, AnalyzeOptions
from analyzer.pipeline import Analysis, run
from tests import builders as b

SUFFIXES = (
    "kubecamp.svc.cluster.local",
    "svc.cluster.local",
    "cluster.local",
    "default.svc.cluster.local",
    "example.org",
)
POD, LOCAL, NODE, GATEWAY = "10.233.64.13", "169.254.25.10", "192.168.1.23", "192.168.1.1"
QTYPES = {"A": b.A, "AAAA": b.AAAA}
NXDOMAIN = 3
RTT, GAP = 0.0004, 0.0001
BASES = tuple(f"user{n}-svc.user{n}.svc.cluster.local" for n in range(1, 17))


def _moment(frame: b.Frame) -> int:
    return frame.time_ns


class Wire:
    """Packets by time. Each has an IP-ID of its own, so that none is a copy of another."""

    def __init__(self) -> None:
        self.frames: list[b.Frame] = []  # in any order
        self._ident = itertools.count(1)
        self._random = random.Random(7)

    def packet(self, at: float, src: str, sport: int, dst: str, dport: int, payload: bytes) -> None:
        datagram = b.ipv4(b.udp(payload, sport, dport), src, dst, ident=next(self._ident) % 65_535 + 1)
        self.frames.append(b.at(b.ethernet(datagram), round(at * NS)))

    def ask(
        self, at: float, client: str, port: int, server: str, name: str, qtype: str, *, ident: int | None = None,
        edns: bool = False,
    ) -> int:  # fmt: skip
        """A query; returns its ID."""
        number = self._random.randrange(65_536) if ident is None else ident
        more = [b.opt()] if edns else []
        self.packet(
            at, client, port, server, 53, b.message(b.question(name, QTYPES[qtype]), ident=number, additional=more)
        )
        return number

    def exchange(
        self, at: float, client: str, port: int, server: str, name: str, qtype: str, *, rcode: int = NXDOMAIN,
        soa: str = "", address: str = "", minimum: int = 60, edns: bool = False,
    ) -> float:  # fmt: skip
        """A query and its answer; returns when that came. `soa` owns the SOA of a denial."""
        ident = self.ask(at, client, port, server, name, qtype, edns=edns)
        answer = b.response(
            name,
            QTYPES[qtype],
            ident,
            rcode,
            answers=[b.record(b.pointer(12), b.A, b.ip(address), ttl=30)] if address else [],
            authority=[b.record(soa, b.SOA, b.soa(f"ns.dns.{soa}", f"hostmaster.{soa}", minimum), ttl=minimum)]
            if soa
            else [],
        )
        self.packet(at + RTT, server, 53, client, port, answer)
        return at + RTT

    def capture(self) -> bytes:
        self.frames.sort(key=_moment)
        return b.pcap(self.frames)

    def run(self, folder: Path) -> Analysis:
        path = folder / "made.pcap"
        path.write_bytes(self.capture())
        return run([str(path)], AnalyzeOptions())


def candidates(base: str, ndots: int = 5) -> Iterator[str]:
    """glibc's order."""
    searched = [f"{base}.{suffix}" for suffix in SUFFIXES]
    yield from [base, *searched] if base.count(".") >= ndots else [*searched, base]


class NodeLocal:
    """A forwarder on few sockets. It keeps denials that come with an SOA for 5.02 s, as `denial 9984 5` does, others not."""

    def __init__(self, wire: Wire, soa: bool) -> None:
        self._wire, self._soa = wire, soa
        self._kept: dict[tuple[str, str], float] = {}
        self._sockets = itertools.cycle(range(33_000, 33_004))

    def miss(self, at: float, name: str, qtype: str) -> None:
        if at - self._kept.get((name, qtype), -9.0) < 5.02:
            return
        if self._soa:
            self._kept[name, qtype] = at
        soa = "example.org" if self._soa else ""
        self._wire.exchange(at, NODE, next(self._sockets), GATEWAY, name, qtype, soa=soa, edns=True)


def incident(folder: Path, soa: bool) -> Analysis:
    """16 dead names, two workers, once a second, 120 s; A, answer, AAAA, answer, all candidates from one port."""
    wire = Wire()
    forwarder = NodeLocal(wire, soa)
    ports = itertools.cycle(range(20_000, 60_000))
    for second in range(120):
        for place, base in enumerate(BASES):
            for worker in range(2):
                at, port = second + place * 0.055 + worker * 0.02, next(ports)
                for name in candidates(base):
                    for qtype in QTYPES:
                        outer = name.endswith("example.org")
                        if outer:
                            forwarder.miss(at + 0.00005, name, qtype)
                        zone = "" if outer and not soa else "example.org" if outer else "cluster.local"
                        at = wire.exchange(at, POD, port, LOCAL, name, qtype, soa=zone) + 0.0002
    return wire.run(folder)


def of(analysis: Analysis, ident: str) -> list[Finding]:
    return [finding for finding in analysis.report.findings if finding.id == ident]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return incident(tmp_path_factory.mktemp("bare"), soa=False)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return incident(tmp_path_factory.mktemp("kept"), soa=True)


def test_recipe_1_twelve_queries_a_lookup(bare: Analysis) -> None:
    search: Search = bare.results["search"]
    (found,) = search.lists
    assert found.suffixes == SUFFIXES
    assert (found.lookups, found.queries) == (16 * 2 * 120, 16 * 2 * 120 * 12)
    assert (found.full_chains, found.bases, found.namespace) == (3840, 16, "kubecamp")
    assert (found.ndots.min, found.ndots.max) == (5, None)
    assert search.bill.total.wasted == 3840 * 10


def test_recipe_1_dead_names_with_workers_and_period(bare: Analysis) -> None:
    found = of(bare, "dead-name-polling")
    assert sorted(str(finding.numbers["base"]) for finding in found) == sorted(BASES)
    for finding in found:
        assert (finding.kind, finding.severity) == ("ingress-nginx-externalname", Severity.HIGH)
        assert (finding.numbers["workers"], finding.numbers["queries_per_lookup"]) == (2, 12)
        assert finding.numbers["period_s"] == pytest.approx(1.0, abs=0.001)
        assert finding.peak_60s == 120


def test_recipe_1_240_a_minute_per_base_upstream(bare: Analysis) -> None:
    (leak,) = of(bare, "cluster-name-leak")
    assert (leak.count, leak.peak_60s, leak.severity) == (16 * 480, 16 * 240, Severity.HIGH)
    assert leak.numbers["names"] == 16
    outgoing = bare.results["outgoing"]
    assert outgoing.servers == (GATEWAY,)
    assert {row.queries for row in outgoing.bill.bases} == {480}  # in 120 s
    assert (outgoing.bill.total.queries, outgoing.bill.total.needed) == (16 * 480, 0)


def test_recipe_1_denials_that_nobody_may_keep(bare: Analysis) -> None:
    (found,) = of(bare, "nxdomain-no-soa")
    assert (found.subject.value, found.severity) == (f"{NODE}>{GATEWAY}", Severity.HIGH)
    assert found.count == 16 * 480
    assert of(bare, "negcache-ineffective") == []
    (storm,) = of(bare, "nxdomain-storm")
    assert (storm.severity, storm.numbers["by rest"]) == (Severity.INFO, 0)


def test_recipe_2_about_twelve_a_minute_per_base_and_type(kept: Analysis) -> None:
    rows = kept.results["asked"].rows
    gateway = rows.take(rows.server == kept.context.addresses.find(GATEWAY))
    assert len(gateway) == 16 * 2
    assert set((gateway.queries / 2).tolist()) <= {10.5, 11.0, 11.5, 12.0, 12.5}


def test_recipe_2_the_cap_is_told_and_no_missing_soa(kept: Analysis) -> None:
    (found,) = of(kept, "negcache-ineffective")
    assert (found.kind, found.severity) == ("denial-cap", Severity.INFO)
    assert found.numbers["min_gap_s"] == pytest.approx(5.02, abs=0.02)
    assert of(kept, "nxdomain-no-soa") == []
    assert len(of(kept, "dead-name-polling")) == 16


# ---- 7: silence, and who keeps silent how


def silence(folder: Path, resolver: str) -> tuple[Analysis, int]:
    """Six lookups that no server answers, 40 s apart, with the resolver's own timers, ports and IDs (table 2); and the
    number of questions that the client's queries make."""
    wire, ports = Wire(), itertools.count(40_001, 3)
    for n in range(6):
        name, start = f"silent{n}.example.org", 40.0 * n
        first = wire._random.randrange(0x0200, 0xFB00) & 0xFFF0
        near = struct.unpack("<H", struct.pack(">H", (struct.unpack("<H", struct.pack(">H", first))[0] + 5) % 65_536))[
            0
        ]
        port = next(ports)
        if resolver == "glibc":  # both again after 5 s, same port, same IDs
            for again in (0.0, 5.0):
                wire.ask(start + again, POD, port, LOCAL, name, "A", ident=first)
                wire.ask(start + again + 0.00002, POD, port, LOCAL, name, "AAAA", ident=near)
        elif resolver == "musl":  # both servers at once, again after 2.5 s
            for again in (0.0, 2.5):
                for place, server in enumerate((LOCAL, "169.254.25.11")):
                    at = start + again + place * 0.00001
                    wire.ask(at, POD, port, server, name, "A", ident=first)
                    wire.ask(at + 0.00002, POD, port, server, name, "AAAA", ident=first + 0x97)
        elif resolver == "Go":  # a port and an ID for each attempt
            for again in (0.0, 5.0):
                for place, qtype in enumerate(("A", "AAAA") if n % 2 else ("AAAA", "A")):
                    wire.ask(start + again + place * 0.0001, POD, next(ports), LOCAL, name, qtype, edns=True)
        else:  # dns.resolve4: one type, one ID, a port for each try
            for again in (0.0, 2.9, 5.9, 13.9):
                wire.ask(start + again, POD, next(ports), LOCAL, name, "A", ident=first)
    wire.exchange(300.0, "10.233.64.99", 5353, LOCAL, "later.example.org", "A")
    seen: list[Array] = []

    def tap(batch: TransactionBatch) -> None:
        seen.append(batch.questions.client[batch.questions.strict != 2])

    path = folder / f"{resolver}.pcap"
    path.write_bytes(wire.capture())
    analysis = run([str(path)], AnalyzeOptions(), tap=tap)
    return analysis, int((np.concatenate(seen) == analysis.context.addresses.find(POD)).sum())


@pytest.mark.parametrize(
    ("resolver", "questions", "queries", "names"),
    [
        ("glibc", 12, 24, {"glibc"}),
        ("musl", 12, 48, {"musl"}),
        ("Go", 12, 24, {"Go"}),
        ("c-ares", 6, 24, {"c-ares"}),
    ],
)
def test_recipe_7_silence_names_the_resolver(
    tmp_path: Path, resolver: str, questions: int, queries: int, names: set[str]
) -> None:
    analysis, found = silence(tmp_path, resolver)
    assert found == questions
    assert analysis.report.summary.queries == queries + 1
    fingerprint = analysis.results["resolvers"][POD]
    assert fingerprint.name in names, fingerprint
    assert fingerprint.confidence >= Confidence.LOW
    assert analysis.report.summary.states[State.UNANSWERED.name.lower()] == queries


# ---- 11: the interval of ndots


def test_recipe_11_bases_with_1_4_and_5_dots(tmp_path: Path) -> None:
    wire, ports = Wire(), itertools.count(30_000)
    bases = ("db.shop", "a.b.c.d.shop", "a.b.c.d.e.shop")
    assert [base.count(".") for base in bases] == [1, 4, 5]
    for n, base in enumerate(bases * 3):
        at = 2.0 * n
        for name in candidates(base):
            port = next(ports)
            end = wire.exchange(at, POD, port, LOCAL, name, "A")
            wire.exchange(at + 0.00002, POD, port, LOCAL, name, "AAAA")
            at = end + 0.0002
    (found,) = wire.run(tmp_path).results["search"].lists
    assert found.suffixes == SUFFIXES
    assert (found.ndots.min, found.ndots.max, found.ndots.text) == (5, 5, "ndots = 5")
    assert "options ndots:5\n" in found.resolv_conf


# ---- 13: AAAA that have no answer


@pytest.mark.parametrize(("empty", "fires"), [(490, True), (240, False)])
def test_recipe_13_nodata_of_49_percent(tmp_path: Path, empty: int, fires: bool) -> None:
    """1000 queries, `empty` of them AAAA for names that have an IPv4 address only."""
    wire = Wire()
    for n in range(1000 - empty):
        name, at = f"v4only{n % 7}.example.com", 0.05 * n
        wire.exchange(at, POD, 30_000 + n, LOCAL, name, "A", rcode=0, address="192.0.2.7")
        if n < empty:
            wire.exchange(at + 0.00002, POD, 30_000 + n, LOCAL, name, "AAAA", rcode=0, soa="example.com")
    found = of(wire.run(tmp_path), "aaaa-waste")
    assert bool(found) == fires
    if fires:
        assert (found[0].count, found[0].numbers["share"], found[0].side) == (490, 0.49, Side.CLIENT.value)
        assert any("saves 490 of 1000 queries" in fix.text for fix in found[0].fix)
