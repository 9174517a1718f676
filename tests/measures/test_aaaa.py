"""AAAA for names with IPv4 only, by side."""

from __future__ import annotations

from analyzer.measures.aaaa import AaaaSide
from analyzer.measures.rows import Side
from tests.lookups import GATEWAY, LOCAL, NODE, POD
from tests.scenes import Scene


def sides(scene: Scene) -> dict[Side, AaaaSide]:
    return {row.side: row for row in scene.results()[0]["aaaa"]}


def pair(scene: Scene, at: float, client: str, server: str, name: str, port: int, rcode: str = "NOERROR") -> None:
    scene.response(at + 0.003, scene.query(at, client, server, name, src_port=port), ancount=1, answer_matches=1)
    scene.response(at + 0.003, scene.query(at, client, server, name, "AAAA", src_port=port), rcode)


def test_each_side_has_its_own_account() -> None:
    scene = Scene()
    for n in range(6):
        pair(scene, n, POD, LOCAL, "a.test", 20_000 + n)
        if n % 2 == 0:
            pair(scene, n + 0.001, NODE, GATEWAY, "a.test", 30_000 + n)
            scene.rows[-1]["time_ns"] -= 1_500_000
            scene.rows[-3]["time_ns"] -= 1_500_000
    found = sides(scene)
    assert (found[Side.CLIENT].wasted, found[Side.CLIENT].queries, found[Side.CLIENT].clients) == (6, 12, {POD: 6})
    assert sum(row.wasted for row in found.values()) == 9


def test_denials_are_told_from_nodata() -> None:
    scene = Scene()
    for n in range(4):
        pair(scene, n, POD, LOCAL, f"{'ab'[n % 2]}.test", 20_000 + n, ("NOERROR", "NXDOMAIN")[n % 2])
    row = sides(scene)[Side.CLIENT]
    assert (row.wasted, row.denied, [name.qname for name in row.denied_names]) == (4, 2, ["b.test"])


def test_another_clients_a_record_is_no_proof_for_this_one() -> None:
    scene = Scene()
    scene.response(0.1, scene.query(0, "10.0.0.9", LOCAL, "a.test"), ancount=1, answer_matches=1)
    scene.response(1.1, scene.query(1, POD, LOCAL, "a.test", "AAAA"))
    assert sides(scene) == {}
