"""Suffix groups and base names of an established search list, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.measures.traffic import LIST, batches, results
from tests.scenes import Scene

BASES = ("a-svc.a.svc.cluster.local", "b.example.com", "c.example.net")


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    made = Scene()
    for n in range(9):
        for step, suffix in enumerate([*LIST, ""]):
            for at, qtype in enumerate(("A", "AAAA")):
                made.ask(
                    n + step * 0.01 + at / 1000, "10.0.0.1", "10.0.0.53", f"{BASES[n % 3]}.{suffix}".rstrip("."), qtype
                )
    return results(*batches(made))


def test_every_suffix_of_the_list_is_a_group(found: dict[str, Any]) -> None:
    groups = {row.suffix: row for row in found["suffixes"].rows if row.grouped_by == "search"}
    assert groups.keys() == set(LIST)
    for row in groups.values():
        assert (row.queries, row.names, row.clients, row.nxdomain_share, row.wasted_share) == (18, 3, 1, 1.0, 1.0)


def test_names_as_typed_go_by_the_other_rules(found: dict[str, Any]) -> None:
    rows = {row.suffix: row for row in found["suffixes"].rows if row.grouped_by != "search"}
    assert {suffix: row.grouped_by for suffix, row in rows.items()} == {
        "a-svc.a.svc.cluster.local": "cluster",
        "example.com": "public-suffix",
        "example.net": "public-suffix",
    }
    service = rows["a-svc.a.svc.cluster.local"]
    assert (service.namespace, service.service, service.queries, service.wasted_share) == ("a", "a-svc", 6, 0.0)


def test_bases_are_what_was_typed(found: dict[str, Any]) -> None:
    rows = found["bases"].rows
    assert [(row.qname, row.queries) for row in rows] == [(base, 30) for base in sorted(BASES)]


def test_waste_is_all_but_the_name_as_typed(found: dict[str, Any]) -> None:
    assert found["tree"].root().wasted_share == 72 / 90
