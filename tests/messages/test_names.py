"""The tree of names and the table of addresses: case, escapes, suffix work by integers, adoption, order of batches."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.messages import ROOT, AddressTable, NameTree, NewAddresses, NewNames


@pytest.fixture
def tree() -> NameTree:
    tree = NameTree()
    for name in ("a.svc.cluster.local", "b.svc.cluster.local", "cluster.local.example.org", "xcluster.local"):
        tree.add_text(name)
    return tree


def test_names_are_compared_without_case_and_shown_in_lower_case(tree: NameTree) -> None:
    node = tree.find("A.SVC.Cluster.Local.")
    assert node is not None
    assert tree.add_text("a.svc.cluster.LOCAL") == node
    assert tree.text(node) == "a.svc.cluster.local"
    assert tree.text(ROOT) == "."


def test_octets_that_do_not_print_survive_a_round_trip() -> None:
    tree = NameTree()
    node = tree.add(tree.add(ROOT, b"org"), b"a.b\\\x00\xff <script>")
    text = tree.text(node)
    assert text == r"a\.b\\\000\255\032<script>.org"
    assert tree.find(text) == node
    assert tree.wire(node) == b"\x0fa.b\\\x00\xff <script>\x03org\x00"


def test_under_is_by_labels_not_by_text(tree: NameTree) -> None:
    zone = tree.find("cluster.local")
    assert zone is not None
    below = {tree.text(node) for node in np.flatnonzero(tree.under(zone)).tolist()}
    assert below == {"cluster.local", "svc.cluster.local", "a.svc.cluster.local", "b.svc.cluster.local"}
    assert tree.under(ROOT).all()


def test_the_suffix_of_n_labels(tree: NameTree) -> None:
    nodes = np.array([tree.find("a.svc.cluster.local"), tree.find("org"), ROOT], np.uint32)
    assert [tree.text(node) for node in tree.ancestor_at(nodes, 2).tolist()] == ["cluster.local", "org", "."]


def test_batches_append_in_order_and_gaps_are_refused() -> None:
    tree = NameTree()
    tree.append(NewNames(1, np.array([0, 1], np.uint32), np.array([3, 4], np.uint32), b"orga"))
    assert tree.text(2) == "a.org"
    assert tree.depth.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="begin at 7"):
        tree.append(NewNames(7, np.zeros(0, np.uint32), np.zeros(0, np.uint32), b""))


def test_adopting_maps_every_name(tree: NameTree) -> None:
    other = NameTree()
    other.add_text("new.svc.cluster.local")
    other.add_text("A.svc.cluster.local")
    mapped = tree.adopt(other)
    assert [tree.text(int(mapped[node])) for node in range(len(other))] == [
        other.text(node) for node in range(len(other))
    ]
    assert mapped[other.find("a.svc.cluster.local") or 0] == tree.find("a.svc.cluster.local")


def test_addresses_by_text_and_by_octets() -> None:
    table = AddressTable()
    four, six = table.add("10.0.0.1"), table.add("2001:DB8::0001")
    assert (table.text(four), table.text(six), table.text(0)) == ("10.0.0.1", "2001:db8::1", "0.0.0.0")
    assert table.find("2001:db8:0:0::1") == six
    assert table.find("10.0.0.2") is None
    table.append(NewAddresses(3, b"\x00" + bytes(16)))
    assert table.text(3) == "(others)"
    assert table.address(3) is None
    with pytest.raises(ValueError, match="begin at 9"):
        table.append(NewAddresses(9, b""))


def test_adopting_addresses() -> None:
    one, other = AddressTable(), AddressTable()
    one.add("10.0.0.1")
    other.add("10.0.0.2")
    other.add("10.0.0.1")
    assert [one.text(int(ident)) for ident in one.adopt(other)] == ["0.0.0.0", "10.0.0.2", "10.0.0.1"]


def test_names_are_found_however_they_were_added() -> None:
    tree = NameTree()
    count = 20_000  # more than are kept beside the sorted ones
    labels = [f"N{number}".encode() for number in range(count)]
    ends = np.cumsum([len(label) for label in labels]).astype(np.uint32)
    tree.append(NewNames(1, np.zeros(count, np.uint32), ends, b"".join(labels)))
    assert [tree.find(f"n{number}") for number in (0, 1, count - 1, count)] == [1, 2, count, None]
    more = [tree.add(1 + number % 7, b"x%d" % number) for number in range(6000)]
    assert [tree.child(1 + number % 7, b"X%d" % number) for number in range(6000)] == more
    assert tree.find("x3.n3") is not None
    assert tree.find("x3.n4") is None


def test_a_name_before_its_parent_is_refused() -> None:
    with pytest.raises(ValueError, match="before its parent"):
        NameTree().append(NewNames(1, np.array([2, 1], np.uint32), np.array([1, 2], np.uint32), b"ab"))
