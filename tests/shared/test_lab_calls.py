"""What the lab's clients logged of themselves is what we count: lookups, candidates, questions and retries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.shared.lab_calls import TABLE, Case, Row, candidates, compared, tables_of


@pytest.fixture(scope="module")
def lab(shared: Path) -> Path:
    return shared / "lab" / "captures"


@pytest.fixture(scope="module")
def read() -> dict[str, Any]:
    return {}


TWICE = Case("s08_tcp_node1_any.pcap", "10.233.64.11", ())  # see its `why`


@pytest.mark.parametrize("case", TABLE, ids=lambda case: f"{case.capture}-{case.client}")
def test_every_call_is_one_lookup_with_its_candidates_questions_and_retries(
    lab: Path, read: dict[str, Any], case: Case
) -> None:
    row: Row = compared(lab, case, read)
    assert row.calls > 0
    assert row.by_rule == row.asked[0]  # the packets agree with the search list and the zones
    if case.besides is not None:
        assert row.besides[0] == case.besides
    if (case.capture, case.client) == TWICE[:2]:
        assert (row.calls, row.lookups, row.asked, row.ours, len(row.unlike)) == (2, 3, (2, 4, 6), (3, 6, 2), 1)
        return
    assert row.unlike == []
    assert (row.lookups, row.ours) == (row.calls, row.asked)


@pytest.mark.parametrize(
    ("capture", "client", "counts"),
    [  # lookups, candidates, questions, sends: calls of several clients, or counted by a server's log, in the truth files
        ("s06_aaaa_node1_lan.pcap", "192.168.1.23", (192 + 8, 192 + 8, 384 + 8, 384 + 8)),  # 4 x 48 calls, 8 dig
        ("s06_aaaa_gw.pcapng", "192.168.1.23", (192 + 8, 192 + 8, 384 + 8, 384 + 8)),
        ("s07_fix_node1_any.pcap", "10.233.64.13", (200, 128 * 6 + 72 * 5, 2256, 2256)),
        ("s10_fmt_any_sll1.pcap", "10.233.64.11", (24 + 2, 114 + 2, 228 + 2, 228 + 2)),  # 24 calls, 2 dig
        ("s10_fmt_any_sll1.pcap", "10.233.64.12", (24, 114, 228, 228)),
        ("s10_fmt_any_sll2.pcap", "10.233.64.11", (24 + 2, 114 + 2, 228 + 2, 228 + 2)),
        ("s10_fmt_any.pcapng", "10.233.64.12", (24, 114, 228, 228)),
    ],
)
def test_totals_where_calls_have_no_times_or_share_an_address(
    lab: Path, read: dict[str, Any], capture: str, client: str, counts: tuple[int, ...]
) -> None:
    _, _, addresses, tables = tables_of(lab / capture, read)
    lookups = tables.lookups.take(tables.lookups.client == addresses.find(client))
    steps = int(np.isin(tables.steps.lookup, lookups.lookup).sum())
    assert (len(lookups), steps, int(lookups.questions.sum()), int(lookups.queries.sum())) == counts


def test_the_rule_by_hand() -> None:
    """No capture needed: the lab's search list applied to four names."""
    search = ("ns.svc.cluster.local", "svc.cluster.local", "example.org")
    assert candidates("www.example.com.", search) == ["www.example.com"]
    assert candidates("web.kubecamp", search)[-1] == "web.kubecamp.svc.cluster.local"
    assert len(candidates("dead.a.svc.cluster.local", search)) == 4
    assert candidates("a.b.c.d.e.f", search) == ["a.b.c.d.e.f"]
