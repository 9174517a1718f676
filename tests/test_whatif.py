"""Predictions: against arithmetic on made lookups, and against what the lab measured after each fix."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.measures.rows import Side
from analyzer.measures.search_replay import Rules, WhatIf
from analyzer.options import AnalyzeOptions
from analyzer.pipeline import analyze
from analyzer.report.model import Report
from analyzer.whatif import parse, usual, what_if
from tests.lookups import LIST, LOCAL, POD, candidates, dead_polling, lookup
from tests.scenes import Scene


def predicted(scene: Scene, text: str) -> WhatIf:
    results, context = scene.results()
    return what_if(results, context, parse([text]))


@pytest.fixture(scope="module")
def shop() -> Scene:
    """Three names outside that exist (4 of 5 candidates wasted), asked four times each: 120 queries."""
    scene = Scene()
    for n in range(12):
        base = f"www{n % 3}.example.com"
        lookup(scene, n * 6.0, base, answers={base: "DATA"})
    return scene


@pytest.mark.parametrize(
    ("rule", "low", "high"),
    [
        ("fqdn", 24, 24),
        ("ndots=2", 24, 24),  # the name as typed first, and it answers
        ("ndots=3", 120, 120),  # two dots are fewer
        ("ndots=5", 120, 120),
        ("drop-search=example.org", 96, 96),
        ("drop-search=example.org,drop-search=cluster.local", 72, 72),
        ("no-aaaa", 60, 60),
        ("fqdn,no-aaaa", 12, 12),
    ],
)
def test_rules_on_names_that_exist(shop: Scene, rule: str, low: int, high: int) -> None:
    (leg, *_) = predicted(shop, rule).legs
    assert (leg.side, leg.before, leg.low, leg.high) == (Side.CLIENT, 120, low, high)


def test_a_name_never_asked_makes_an_interval() -> None:
    """Each base was found under a suffix; whether it exists as typed nobody saw."""
    scene = Scene()
    for n, base in enumerate(("red.shop", "green.shop", "blue.shop")):
        lookup(scene, n, base, answers={f"{base}.{LIST[1]}": "DATA"})
    found = predicted(scene, "ndots=1")
    leg = found.legs[0]
    assert (leg.before, leg.low, leg.high) == (12, 6, 18)  # as typed answers; or it fails and two more follow
    assert found.assumed_share == 1.0


@pytest.mark.parametrize(
    ("style", "low", "high"),
    [
        ("glibc", 60, 60),  # the same ten queries a lookup, in another order
        ("go", 60, 60),
        ("cares", 60, 60),
        ("lua", 60, 60),
        ("musl", 12, 12),  # nothing is asked after the name as typed
        ("single", 12, 60),  # not told from others by what it sends: either may be
    ],
)
def test_a_dead_name_keeps_failing_as_its_clients_resolver_does(style: str, low: int, high: int) -> None:
    scene = Scene()
    for n in range(6):
        lookup(scene, n, f"gone{n % 3}.example.net", style=style)
    found = predicted(scene, "ndots=1")
    leg = found.legs[0]
    assert (leg.before, leg.low, leg.high) == (60, low, high)
    assert any("6 of the lookups is not known" in note for note in found.notes) == (low != high)


def test_what_a_client_did_outweighs_its_fingerprint() -> None:
    """It sends like musl, but tried suffixes after a name with five dots: so it goes on after the others too."""
    scene = Scene()
    for n in range(6):
        lookup(scene, n, f"gone{n % 3}.example.net", style="musl")
    lookup(scene, 9, "a.b.c.d.e.f", style="musl")
    leg = predicted(scene, "ndots=1").legs[0]
    assert (leg.before, leg.low, leg.high) == (70, 70, 70)


@pytest.mark.parametrize(("style", "low", "high"), [("musl", 2, 2), ("glibc", 4, 10)])
def test_nodata_ends_only_musls_search(style: str, low: int, high: int) -> None:
    """With ndots 6 a name of five dots is searched. Under the first suffix another client got NODATA for it; of the other
    suffixes nobody knows, so glibc, which goes on, may be answered by the next one or by none."""
    scene, deep = Scene(), "a.b.c.d.e.f"
    for n, base in enumerate(("one.com", "two.com", "three.com")):
        lookup(scene, n, base, style=style)
    lookup(scene, 6, deep, style=style, names=[deep], answers={deep: "DATA"})
    lookup(scene, 7, deep, client="10.233.64.99", names=[f"{deep}.{LIST[0]}"], answers={f"{deep}.{LIST[0]}": "NODATA"})
    leg = predicted(scene, "ndots=6").legs[0]
    assert (leg.before, leg.low - 32, leg.high - 32) == (34, low, high)


def test_a_lookup_cut_by_the_end_of_the_capture_is_not_told_to_its_end() -> None:
    scene = Scene()
    for n in range(3):
        lookup(scene, n, f"gone{n}.example.net")
    first, second = candidates("gone1.example.net")[:2]
    scene.ask(4, POD, LOCAL, first, src_port=50_000)
    scene.query(4.0012, POD, LOCAL, second, src_port=50_001)
    leg = predicted(scene, "drop-search=cluster.local").legs[0]
    assert (leg.before, leg.high) == (32, 26)


@pytest.mark.parametrize(("rule", "after"), [("fqdn", 24), ("drop-search=example.org", 60), ("ndots=2", 72)])
def test_lookups_that_were_never_searched_stay_as_they_are(rule: str, after: int) -> None:
    """A program that does not search (nginx, one pooled port) asks for the names that another one searches."""
    scene = Scene()
    for n in range(6):
        base = f"gone{n % 3}.example.net"
        lookup(scene, n, base)
        for number, qtype in enumerate(("A", "AAAA")):
            scene.ask(n + 0.5 + number / 50_000, "10.233.64.14", LOCAL, base, qtype, src_port=40_000)
    leg = predicted(scene, rule).legs[0]
    assert (leg.before, leg.low, leg.high) == (72, after, after)


def test_the_upstream_side_loses_what_its_names_lose() -> None:
    scene = Scene()
    dead_polling(scene, ["a.b.svc.cluster.local", "c.d.svc.cluster.local", "e.f.svc.cluster.local"], 20, workers=1)
    found = predicted(scene, "drop-search=example.org")
    legs = {(leg.side, leg.server): leg for leg in found.legs}
    assert (legs[Side.UPSTREAM, "192.168.1.1"].before, legs[Side.UPSTREAM, "192.168.1.1"].high) == (120, 0)
    assert legs[Side.CLIENT, ""].saved == (120, 120)


def test_a_negative_ttl_thins_out_repeats_by_their_times() -> None:
    """Asked once a second for 60 s: with 10 s of keeping, six of sixty are left for each name and type."""
    scene = Scene()
    dead_polling(scene, ["a.b.svc.cluster.local"], 60, workers=1)
    legs = {leg.server: leg for leg in predicted(scene, "negative-ttl=10").legs}
    assert (legs["192.168.1.1"].before, legs["192.168.1.1"].low, legs["192.168.1.1"].high) == (120, 12, 12)


def test_rules_are_understood_together_and_alone() -> None:
    assert parse(["ndots=2, no-aaaa", "drop-search=Example.ORG."]) == Rules(
        ndots=2, no_aaaa=True, drop=("example.org",)
    )
    assert parse(["fqdn negative-ttl=30"]).words == "fqdn negative-ttl=30"


@pytest.mark.parametrize(
    "text", ["", "ndots", "ndots=x", "ndots=-1", "ndots=99999999", "fqdn=1", "drop-search=", "more"]
)
def test_other_rules_are_an_error_of_usage(text: str) -> None:
    with pytest.raises(UsageError, match="--what-if"):
        parse([text])


def test_the_usual_cures_fit_what_was_seen(shop: Scene) -> None:
    results, _ = shop.results()
    words = [rules.words for rules in usual(results["search"], "cluster.local")]
    assert words == ["fqdn", "ndots=2", "drop-search=example.org", "no-aaaa", "negative-ttl=30"]


@pytest.fixture(scope="module")
def phase(samples: Path) -> Callable[[str], Report]:
    """The lab's fix in three phases: before; loop removed; search domain removed."""

    @cache
    def made(name: str) -> Report:
        return analyze([str(samples / f"fix-{name}.pcap.gz")], AnalyzeOptions())

    return made


def test_the_search_domain_removed_is_what_was_predicted(phase: Callable[[str], Report]) -> None:
    """Seen at the gateway: 960 queries in each of the phases A and B, none in C but the loop probes."""
    before, after = phase("a-before-lan"), phase("c-search-lan")
    context = before.details["search"].verdict.context
    found = what_if(before.details, context, parse(["drop-search=example.org"]))
    (leg,) = found.legs
    probes = before.summary.queries - 960
    assert (leg.before, leg.low, leg.high) == (960 + probes, probes, probes)
    assert after.summary.queries == leg.high == probes


def test_removing_the_loop_alone_changes_nothing_at_the_gateway(phase: Callable[[str], Report]) -> None:
    before, looped = phase("a-before-lan"), phase("b-forward-lan")
    assert before.summary.queries == looped.summary.queries
    assert before.details["outgoing"].bill.total.wasted == looped.details["outgoing"].bill.total.wasted == 960


def test_the_pods_side_predicts_phase_c_to_the_query(phase: Callable[[str], Report]) -> None:
    """node1, 8 s of each phase: per lookup 12 queries before, 10 after, and none upstream for example.org."""
    before, after = phase("a-before-node"), phase("c-search-node")
    context = before.details["search"].verdict.context
    found = what_if(before.details, context, parse(["drop-search=example.org"]))
    client = found.legs[0]
    seen_before, seen_after = before.details["search"].bill.multi, after.details["search"].bill.multi
    assert seen_before.queries / seen_before.lookups == pytest.approx(12, abs=0.1)
    predicted_each = (client.high - (client.before - seen_before.queries)) / seen_before.lookups
    assert seen_after.queries / seen_after.lookups == pytest.approx(predicted_each, abs=0.05)
    legs = {leg.server: leg.high for leg in found.legs if leg.side == Side.UPSTREAM}
    sent = {row.addr: row.queries for rows in after.tables["servers"].tables.values() for row in rows}
    assert legs["192.168.1.1"] == sent["192.168.1.1"] == 1  # the loop probe
    assert legs["10.233.0.3"] == pytest.approx(sent["10.233.0.3"], abs=2)
