"""The incident and what looks like it."""

from __future__ import annotations

import pytest

from analyzer.findings import Finding, Severity
from tests.lookups import GATEWAY, LIST, NODE, POD, dead_polling, lookup
from tests.scenes import Scene

BASES = tuple(f"user{n}-svc.user{n}.svc.cluster.local" for n in range(1, 4))


@pytest.fixture(scope="module")
def incident() -> dict[str, list[Finding]]:
    """Recipe 1 in small: three dead names, two workers, once a second, denials without SOA; 62 s."""
    scene = Scene()
    dead_polling(scene, BASES, 62)
    ids = ("dead-name-polling", "cluster-name-leak", "nxdomain-no-soa", "search-expansion", "nxdomain-storm")
    found = scene.findings(*ids)
    return {ident: [finding for finding in found if finding.id == ident] for ident in ids}


def test_recipe_1_names_period_and_workers(incident: dict[str, list[Finding]]) -> None:
    found = incident["dead-name-polling"]
    assert sorted(str(finding.numbers["base"]) for finding in found) == sorted(BASES)
    for finding in found:
        assert finding.kind == "ingress-nginx-externalname"
        assert finding.severity == Severity.HIGH  # it leaks
        assert finding.numbers["workers"] == 2
        assert finding.numbers["period_s"] == pytest.approx(1.0, abs=0.01)
        assert finding.numbers["queries_per_lookup"] == 10  # five candidates here, A and AAAA
        assert finding.peak_60s == 120


def test_recipe_1_counts_240_queries_a_minute_per_base_upstream(incident: dict[str, list[Finding]]) -> None:
    (leak,) = incident["cluster-name-leak"]
    assert (leak.peak_60s, leak.severity) == (240 * len(BASES), Severity.HIGH)
    (bare,) = incident["nxdomain-no-soa"]
    assert bare.count == 62 * 4 * len(BASES)
    assert bare.severity == Severity.HIGH


def test_recipe_1_leaves_nothing_unexplained(incident: dict[str, list[Finding]]) -> None:
    (storm,) = incident["nxdomain-storm"]
    assert (storm.severity, storm.numbers["by rest"]) == (Severity.INFO, 0)


@pytest.mark.parametrize(("lookups", "fires"), [(9, False), (10, True)])
def test_ten_lookups_are_needed(lookups: int, fires: bool) -> None:
    scene = Scene()
    for n in range(lookups):
        lookup(scene, 2.0 * n, "gone.example.net", names=["gone.example.net"])
    assert bool(scene.findings("dead-name-polling")) == fires


def test_without_a_period_it_is_people() -> None:
    scene = Scene()
    for n, at in enumerate((0, 1, 11, 12, 50, 51, 52, 130, 131, 300, 302, 303)):
        lookup(scene, at + n * 0.01, "gone.example.net", names=["gone.example.net"])
    assert scene.findings("dead-name-polling") == []


def test_a_name_that_answers_once_is_not_dead() -> None:
    scene = Scene()
    for n in range(20):
        answers = {"here.example.net": "DATA"} if n == 7 else {}
        lookup(scene, float(n), "here.example.net", names=["here.example.net"], answers=answers)
    assert scene.findings("dead-name-polling") == []


@pytest.mark.parametrize(("lookups", "fires"), [(59, False), (60, True)])
def test_on_the_lan_one_a_second_over_all_nodes_is_needed(lookups: int, fires: bool) -> None:
    """Only the outside candidate comes past: the next one may resolve, so the confidence is medium."""
    scene = Scene()
    for n in range(lookups):
        scene.ask(n * 0.9, (NODE, "192.168.1.26")[n % 2], GATEWAY, f"{BASES[0]}.{LIST[-1]}", src_port=33_000)
    found = scene.findings("dead-name-polling")
    assert [(f.kind, f.confidence.word, f.numbers["base"]) for f in found] == (
        [("outer", "medium", BASES[0])] if fires else []
    )


def test_an_outage_kills_no_name() -> None:
    scene = Scene()
    for n in range(15):
        scene.query(n * 2.0, POD, "169.254.25.10", "www.example.net", src_port=20_000 + n)
    assert scene.findings("dead-name-polling") == []
