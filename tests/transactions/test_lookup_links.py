"""Candidates that follow each other, by their labels."""

from __future__ import annotations

import numpy as np

from analyzer.messages import NameTree
from analyzer.options import Limits
from analyzer.transactions.lookup_links import LabelIds, link

MS = 1_000_000


def linked(*candidates: tuple[float, float, int, str]) -> list[list[str]]:
    """Failed candidates (begin ms, end ms, port, name) as chains of names."""
    names = NameTree()
    ids = LabelIds(names)
    count = len(candidates)
    nodes = np.array([names.add_text(c[3]) for c in candidates], np.uint32)
    steps = {
        "seg": np.zeros(count, np.int64),
        "qname": nodes,
        "qtype": np.ones(count, np.uint16),
        "kinds": np.ones(count, np.int64),
        "time_ns": np.array([int(c[0] * MS) for c in candidates]),
        "done_ns": np.array([int(c[1] * MS) for c in candidates]),
        "answered": np.ones(count, np.bool_),
        "client_port": np.array([c[2] for c in candidates]),
        "pooled": np.zeros(count, np.uint8),
        "failed": np.ones(count, np.bool_),
        "ends": np.zeros(count, np.bool_),
    }
    root, position, _ = link(steps, ids, Limits())
    order = np.lexsort((position, root))
    chains: dict[int, list[str]] = {}
    for at in order.tolist():
        chains.setdefault(int(root[at]), []).append(candidates[at][3])
    return list(chains.values())


def test_a_name_that_comes_again_begins_a_new_chain() -> None:
    found = linked((0, 1, 5, "a.x"), (1.1, 2, 5, "a"), (2.1, 3, 5, "a.x"), (3.1, 4, 5, "a"))
    assert found == [["a.x", "a"], ["a.x", "a"]]


def test_after_the_name_as_typed_came_last_a_new_chain_begins() -> None:
    found = linked(
        (0, 1, 1, "w.one.x"), (1.1, 2, 2, "w.one.y"), (2.1, 3, 3, "w.one"), (3.1, 4, 4, "w.two.x"), (4.1, 5, 5, "w.two")
    )
    assert found == [["w.one.x", "w.one.y", "w.one"], ["w.two.x", "w.two"]]


def test_after_the_name_as_typed_came_first_all_others_extend_it() -> None:
    found = linked((0, 1, 5, "w.one"), (1.1, 2, 5, "w.one.x"), (2.1, 3, 5, "w.two"), (3.1, 4, 5, "w.two.x"))
    assert found == [["w.one", "w.one.x"], ["w.two", "w.two.x"]]


def test_suffixes_that_share_a_label_do_not_lose_the_name_as_typed() -> None:
    found = linked((0, 1, 1, "pink.svc.one"), (1.1, 2, 2, "pink.svc.two"), (2.1, 3, 3, "pink"))
    assert found == [["pink.svc.one", "pink.svc.two", "pink"]]


def test_lookups_side_by_side_go_by_their_labels() -> None:
    both = [(0, 1, 1, "w.one.x"), (0.3, 1.3, 2, "w.two.x"), (1.5, 2, 3, "w.one.y"), (1.6, 2.1, 4, "w.two.y")]
    assert linked(*both) == [["w.one.x", "w.one.y"], ["w.two.x", "w.two.y"]]


def test_labels_compare_without_case_and_have_stable_numbers() -> None:
    names = NameTree()
    nodes = np.array([names.add_text(name) for name in ("WWW.a", "www.b", "_ldap.b")], np.uint32)
    ids = LabelIds(names)
    first = ids.first(nodes)
    assert first[0] == first[1] != first[2]
    assert ids.is_service(first).tolist() == [0, 0, 1]
    assert (ids.second(nodes)[1:] == ids.second(nodes)[2]).all()
    matrix, at = ids.rows(nodes)
    assert matrix[at[0]][0] == first[0]
