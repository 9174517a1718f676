"""The list behind the chains: suffixes, ndots, namespace, clients; and the bill."""

from __future__ import annotations

from analyzer.measures.search_rows import Search
from tests.lookups import LIST, LOCAL, POD, candidates, lookup
from tests.scenes import Scene

BASES = ("db.orders.svc.cluster.local", "api.github.com", "cache")


def searched(scene: Scene) -> Search:
    """The result of the measure."""
    found = scene.results()[0]["search"]
    assert isinstance(found, Search)
    return found


def test_three_bases_of_one_client_show_its_resolv_conf() -> None:
    scene = Scene()
    for n, base in enumerate(BASES):
        lookup(scene, n, base)
    (found,) = searched(scene).lists
    assert found.suffixes == LIST
    assert [client.addr for client in found.clients] == [POD]
    assert (found.ndots.min, found.ndots.max, found.namespace) == (5, None, "shop")
    assert (found.lookups, found.queries, found.needed, found.wasted) == (3, 30, 6, 24)
    assert (found.bases, found.full_chains, found.complete) == (3, 3, True)
    assert f"search {' '.join(LIST)}\nnameserver {LOCAL}\noptions ndots:5" in found.resolv_conf


def test_two_bases_of_one_client_show_nothing() -> None:
    scene = Scene()
    for n, base in enumerate(BASES[:2]):
        lookup(scene, n, base)
    search = searched(scene)
    assert search.lists == ()
    assert "2 base names, too few" in search.unclaimed[POD]


def test_two_clients_that_agree_show_it_even_in_two_namespaces() -> None:
    scene = Scene()
    other = ("bank.svc.cluster.local", *LIST[1:])
    lookup(scene, 0, BASES[0])
    lookup(scene, 1, BASES[1], client="10.233.64.12", names=candidates(BASES[1], other))
    found = searched(scene).lists
    assert {one.suffixes: one.namespace for one in found} == {LIST: "shop", other: "bank"}
    assert sorted(one.differs for one in found) == ["", "lacks shop.svc.cluster.local, has bank.svc.cluster.local"]


def test_recipe_11_bases_with_1_4_and_5_dots_bound_ndots_from_both_sides() -> None:
    scene = Scene()
    for n, base in enumerate(("a.one", "b.c.d.e.four", "b.c.d.e.f.five")):
        for again in range(2):
            lookup(scene, 3 * n + again, base)
    (found,) = searched(scene).lists
    assert (found.ndots.min, found.ndots.max) == (5, 5)
    assert found.ndots.text == "ndots = 5"


def test_a_lone_failed_name_does_not_lower_the_bound() -> None:
    scene = Scene()
    for n, base in enumerate(BASES):
        lookup(scene, n, base)
    scene.ask(9, POD, LOCAL, "two.dots.here")  # dig, or a final dot
    (found,) = searched(scene).lists
    assert (found.ndots.min, found.ndots.max) == (5, None)


def test_nginx_has_no_list() -> None:
    scene = Scene()
    for n in range(12):
        scene.ask(n, POD, LOCAL, f"user{n % 4}-svc.user{n % 4}.svc.cluster.local", src_port=41_000)
    search = searched(scene)
    assert search.lists == ()
    assert "cannot be known" in search.unclaimed[POD]


def test_sibling_domains_fail_the_vote() -> None:
    """A program that tries hosts in domains of its own choosing: no common suffix order."""
    scene = Scene()
    for n, names in enumerate(
        (["www.alpha.org", "www.beta.net"], ["api.gamma.com", "api.delta.io"], ["m.x.de", "m.y.fr"])
    ):
        lookup(scene, n, names[0], names=names)
    assert searched(scene).lists == ()


def test_chains_that_ended_early_join_the_list_they_begin() -> None:
    scene = Scene()
    for n, base in enumerate(BASES):
        lookup(scene, n, base)
    for n in range(3):
        lookup(scene, 5 + n, f"svc{n}.bank", answers={f"svc{n}.bank.{LIST[1]}": "DATA"})
    (found,) = searched(scene).lists
    assert (found.suffixes, found.lookups, found.full_chains) == (LIST, 6, 3)
    assert found.needed == 3 * 2 + 3 * 2


def test_suffixes_with_a_common_first_label_are_split_by_the_vote() -> None:
    """`svc.one.test` and `svc.two.test`: what the candidates share on the left is longer than the base."""
    suffixes = ("svc.one.test", "svc.two.test")
    scene = Scene()
    for n, base in enumerate(("red", "green", "blue", "grey")):
        lookup(scene, n, base, names=[f"{base}.{suffix}" for suffix in suffixes])
    for n, base in enumerate(("pink", "cyan", "teal")):
        lookup(scene, 10 + n, base, names=candidates(base, suffixes))
    (found,) = searched(scene).lists
    assert found.suffixes == suffixes
    assert (found.bases, found.full_chains) == (7, 3)


def test_a_forwarder_that_shows_one_suffix_only_gives_no_list() -> None:
    scene = Scene()
    for n, base in enumerate(("www.a.com", "api.b.com", "cdn.c.com", "img.d.com") * 3):
        lookup(scene, n, base, style="cares", names=[f"{base}.example.org", base], client="192.168.1.23")
        for row in scene.rows[-8:]:
            row["src_port" if row["dst_port"] == 53 else "dst_port"] = 33_000
    search = searched(scene)
    assert search.lists == ()
    assert "example.org" in search.unclaimed["192.168.1.23"]


def test_the_bill_counts_what_a_better_first_candidate_had_saved() -> None:
    scene = Scene()
    for n, base in enumerate(BASES):
        lookup(scene, n, base, answers={base: "DATA"})
    lookup(scene, 9, "ok.test", names=["ok.test"], answers={"ok.test": "DATA"})
    bill = searched(scene).bill
    assert (bill.total.lookups, bill.total.queries, bill.total.needed) == (4, 32, 8)
    assert bill.total.wasted_share == 0.75
    assert (bill.multi.lookups, bill.multi.wasted) == (3, 24)
    assert {row.key: row.wasted for row in bill.bases} == dict.fromkeys(BASES, 8)
    assert {row.key: (row.queries, row.wasted) for row in bill.suffixes} == {
        **dict.fromkeys(LIST, (6, 6)),
        "(as typed)": (6, 0),
    }


def test_bases_and_suffixes_of_names_in_chains_are_told() -> None:
    scene = Scene()
    for n, base in enumerate(BASES):
        lookup(scene, n, base)
    search = searched(scene)
    node = scene.names.find(f"cache.{LIST[3]}")
    assert node is not None
    assert (search.base_of[node], search.suffix_of[node]) == ("cache", LIST[3])


def test_an_autopath_answer_is_recognised() -> None:
    scene = Scene()
    query = scene.query(0, POD, LOCAL, f"www.example.com.{LIST[0]}")
    target = scene.names.add_text("www.example.com")
    row = scene.response(0.001, query, ancount=2, answer_matches=1, answer_cname=target)
    row["present"] |= 1 << 11
    assert searched(scene).autopath == 1
