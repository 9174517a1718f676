"""Candidates that got an answer they should not."""

from __future__ import annotations

from analyzer.measures.wildcards import Wildcards
from tests.lookups import LIST, LOCAL, POD, candidates, lookup
from tests.scenes import Scene


def answered(scene: Scene, at: float, base: str, suffix: str, address: str) -> None:
    for name in candidates(base):
        query = scene.query(at, POD, LOCAL, name, src_port=40_000 + len(scene.rows))
        if name == f"{base}.{suffix}":
            scene.response(at + 0.001, query, ancount=1, answer_matches=1, answer_addr=scene.addresses.add(address))
            return
        scene.response(at + 0.001, query, "NXDOMAIN")
        at += 0.002


def test_groups_are_by_suffix_and_address() -> None:
    scene = Scene()
    for n, base in enumerate(("p.q", "r.s", "t.u")):
        lookup(scene, n, base)
    for n, (base, address) in enumerate((("a.x", "1"), ("b.x", "1"), ("c.x", "2"), ("d.x", "2"), ("e.x", "2"))):
        answered(scene, 10 + n, base, LIST[-1], f"198.51.100.{address}")
    found = scene.results()[0]["wildcards"]
    assert isinstance(found, Wildcards)
    assert [(row.address, row.bases) for row in found.hijacks] == [
        ("198.51.100.2", ("c.x", "d.x", "e.x")),
        ("198.51.100.1", ("a.x", "b.x")),
    ]
    assert {row.suffix for row in found.hijacks} == {"example.org"}


def test_cuts_name_the_bases_that_resolve_elsewhere() -> None:
    scene = Scene()
    for n, base in enumerate(("p.q", "r.s", "t.u")):
        lookup(scene, n, base, answers={base: "DATA"} if base == "p.q" else {})
    for n, base in enumerate(("p.q", "r.s")):
        lookup(scene, 10 + n, base, names=candidates(base)[:2], answers={f"{base}.{LIST[1]}": "NODATA"})
    (cut,) = scene.results()[0]["wildcards"].cuts
    assert (cut.suffix, cut.lookups, cut.bases, cut.lost) == (LIST[1], 2, ("p.q", "r.s"), ("p.q",))
