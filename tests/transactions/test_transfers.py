from __future__ import annotations

import pytest

from analyzer.messages import Present, State
from tests.transactions.traffic import MS, Traffic

TCP = {"transport": 1, "present": int(Present.QUESTION | Present.IP_ID | Present.FLOW)}


@pytest.mark.parametrize(("qtype", "orphans"), [(252, 0), (251, 0), (1, 2)])
def test_further_messages_of_a_transfer_are_no_orphans(qtype: int, orphans: int) -> None:
    made = Traffic()
    asked = made.query(0, qtype=qtype, **TCP)
    for part in range(3):
        made.reply((1 + part) * MS, asked, tcp_seq=part)
    tables = made.run(cuts=[2, 3])
    assert (tables.transactions.state == State.ORPHAN).sum() == orphans
    assert tables.stage.counters["transfer"] == 2 - orphans


def test_by_udp_there_is_no_transfer() -> None:
    made = Traffic()
    asked = made.query(0, qtype=252)
    made.reply(MS, asked)
    made.reply(2 * MS, asked)
    assert made.run().transactions.state.tolist() == [State.ANSWERED, State.ORPHAN]
