"""Names under no top-level domain, sent upstream."""

from __future__ import annotations

import pytest

from tests.lookups import GATEWAY, LOCAL, NODE, POD
from tests.scenes import Scene


def forwarded(names: list[str], qtype: str = "A", spread: float = 1.0) -> Scene:
    scene = Scene()
    for n, name in enumerate(names):
        at = n * spread
        inner = scene.query(at, POD, LOCAL, name, qtype, src_port=20_000 + n)
        outer = scene.query(at + 0.001, NODE, GATEWAY, name, qtype, src_port=33_000)
        scene.response(at + 0.002, outer, "NXDOMAIN")
        scene.response(at + 0.003, inner, "NXDOMAIN")
    return scene


@pytest.mark.parametrize(("count", "severities"), [(9, []), (10, ["low"]), (59, ["low"]), (60, ["medium"])])
def test_ten_and_sixty_a_minute(count: int, severities: list[str]) -> None:
    found = forwarded([f"printer{n % 4}.lan" for n in range(count)], spread=0.9).findings("bogus-tld-leak")
    assert [finding.severity.word for finding in found] == severities


def test_single_labels_have_a_kind_of_their_own() -> None:
    (found,) = forwarded(["printer"] * 12).findings("bogus-tld-leak")
    assert found.kind == "single-label"
    assert found.fix[0].text == "domain-needed"


def test_real_domains_are_fine() -> None:
    assert forwarded([f"www{n}.example.com" for n in range(30)]).findings("bogus-tld-leak") == []


def test_loop_probes_are_no_leak() -> None:
    assert forwarded(["0123abcd.test"] * 20, "TXT").findings("bogus-tld-leak") == []


def test_chromes_random_words_are_no_leak() -> None:
    words = ["qwertzuiop", "asdfghjk", "yxcvbnmqw", "poiuztrewq"]
    assert forwarded(words).findings("bogus-tld-leak") == []
    assert forwarded(words * 3).findings("bogus-tld-leak") == []


def test_clients_asking_their_own_resolver_leak_nothing_yet() -> None:
    scene = Scene()
    for n in range(30):
        scene.ask(n, POD, LOCAL, "printer.lan", src_port=20_000 + n)
    assert scene.findings("bogus-tld-leak") == []
