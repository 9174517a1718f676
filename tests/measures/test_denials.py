"""Denials by what explains them."""

from __future__ import annotations

from analyzer.measures.denials import Denials
from tests.lookups import LOCAL, POD, lookup
from tests.scenes import Scene


def test_each_denial_has_one_reason() -> None:
    scene = Scene()
    for n, base in enumerate(("www.one.com", "www.two.com", "www.three.com")):
        lookup(scene, n, base, answers={base: "DATA"})  # 8 denied candidates each
    scene.ask(10, POD, LOCAL, "db.ns.svc.cluster.local.example.net")
    scene.ask(11, POD, LOCAL, "4.3.0.10.in-addr.arpa", "PTR")
    scene.ask(12, POD, LOCAL, "4.3.2.8.in-addr.arpa", "PTR")
    for n in range(12):
        scene.ask(20 + n, POD, LOCAL, "dead.example.net")
    scene.ask(40, POD, LOCAL, "typo.example.net")
    found = scene.results()[0]["denials"]
    assert isinstance(found, Denials)
    assert found.by_reason == {"search": 24, "leak": 1, "ptr": 1, "dead": 12, "rest": 2}
    assert found.denied == 40
    assert {name for name, _, _ in found.rest} == {"4.3.2.8.in-addr.arpa", "typo.example.net"}


def test_nothing_denied_is_nothing() -> None:
    scene = Scene()
    scene.response(0.1, scene.query(0, POD, LOCAL, "a.test"), ancount=1, answer_matches=1)
    found = scene.results()[0]["denials"]
    assert (found.queries, found.denied, found.peak_60s) == (1, 0, 0)
