"""Splitting chains, and which lists have support enough."""

from __future__ import annotations

import pytest

from analyzer.measures.search_votes import Chain, bounds, claim, lists_of, namespace_of, split
from analyzer.messages import NameTree
from analyzer.options import Thresholds

SUFFIXES = ("ns.svc.dom.test", "svc.dom.test", "dom.test")
T = Thresholds()


def chains(names: NameTree, *texts: tuple[str, ...], client: int = 1, lookups: int = 1) -> list[Chain]:
    """Chains of the given names, split."""
    made = []
    for row, candidates in enumerate(texts):
        labels = [name.split(".") for name in candidates]
        common = 0
        while all(len(x) > common and x[common] == labels[0][common] for x in labels):
            common += 1
        made.append(Chain(row, client, tuple(map(names.add_text, candidates)), common, lookups, True))
    split(made, names)
    return made


def full(base: str) -> tuple[str, ...]:
    return (*(f"{base}.{suffix}" for suffix in SUFFIXES), base)


def test_the_name_as_typed_is_where_a_chain_splits() -> None:
    names = NameTree()
    (chain,) = chains(names, full("a.b"))
    assert (chain.base, chain.as_is, chain.complete) == ("a.b", 3, True)
    assert tuple(map(names.text, chain.suffixes)) == SUFFIXES


def test_a_torn_chain_is_no_list_of_its_own() -> None:
    names = NameTree()
    whole = chains(names, *(full(base) for base in ("a", "b", "c", "d")), lookups=20)
    torn = chains(names, *(full(base)[2:] for base in ("a", "b", "c", "d")))
    found = lists_of(1, [*whole, *torn], T)
    assert [tuple(map(names.text, x.suffixes)) for x in found] == [SUFFIXES]
    assert (found[0].lookups, len(found[0].torn)) == (80, 4)


def test_a_list_that_changed_is_two_lists() -> None:
    names = NameTree()
    before = chains(names, *(full(base) for base in ("a", "b", "c")), lookups=40)
    after = chains(names, *((*full(base)[:2], base) for base in ("a", "b", "c")), lookups=30)
    assert [len(x.suffixes) for x in lists_of(1, [*before, *after], T)] == [3, 2]


@pytest.mark.parametrize(("bases", "claimed"), [(("a", "b"), 0), (("a", "b", "c"), 1)])
def test_three_bases_are_enough(bases: tuple[str, ...], claimed: int) -> None:
    names = NameTree()
    found = lists_of(1, chains(names, *(full(base) for base in bases)), T)
    assert len(claim(found, names, T)[0]) == claimed


def test_bounds_of_ndots() -> None:
    names = NameTree()
    last = chains(names, full("a.b.c"))
    first = chains(names, ("a.b.c.d", *(f"a.b.c.d.{suffix}" for suffix in SUFFIXES)))
    assert bounds(last, last[0].suffixes) == (3, None)
    assert bounds(first, first[0].suffixes) == (None, 3)
    assert bounds([*last, *first], last[0].suffixes) == (3, 3)


def test_programs_that_disagree_about_ndots_are_outvoted() -> None:
    names = NameTree()
    last = chains(names, full("a.b.c.d.e"), lookups=9)
    first = chains(names, ("a.b", *(f"a.b.{suffix}" for suffix in SUFFIXES)))
    assert bounds([*last, *first], last[0].suffixes) == (5, None)


def test_the_namespace_is_kubelets_first_suffix() -> None:
    names = NameTree()
    suffixes = tuple(map(names.add_text, SUFFIXES))
    assert namespace_of(suffixes, names) == "ns"
    assert namespace_of(suffixes[1:], names) == ""
