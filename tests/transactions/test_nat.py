"""kube-proxy: what is seen of a query and of its answer may overlap in one view only."""

from __future__ import annotations

import numpy as np

from analyzer.transactions.keys import mix
from analyzer.transactions.nat import Aliases, join_groups
from tests.transactions.traffic import CLUSTER_IP, MS, SERVER, Traffic


def test_a_response_seen_only_behind_the_nat_matches_through_the_querys_other_view() -> None:
    made = Traffic()
    asked = made.query(0, dst=CLUSTER_IP, interface=1)
    behind = made.copy(1000, asked, dst_addr=SERVER, interface=2)
    made.reply(MS, behind, interface=2)
    done = made.run().transactions
    assert (len(done), int(done.state[0]), int(done.r_frame[0])) == (1, 0, 3)


def test_a_query_seen_only_behind_the_nat_matches_through_the_responses_other_view() -> None:
    made = Traffic()
    asked = made.query(0, dst=SERVER, interface=2)
    answer = made.reply(MS, asked, interface=2)
    made.copy(MS + 1000, answer, src_addr=CLUSTER_IP, interface=1)
    done = made.run().transactions
    assert (len(done), int(done.state[0]), int(done.r_frame[0])) == (1, 0, 3)


def test_views_are_remembered_over_batches() -> None:
    made = Traffic()
    asked = made.query(0, dst=CLUSTER_IP, interface=1)
    behind = made.copy(1000, asked, dst_addr=SERVER, interface=2)
    made.query(2000 * MS, "b.example")
    made.query(4000 * MS, "b.example")
    made.reply(5000 * MS, behind, interface=2)
    made.query(7000 * MS, "b.example")
    done = made.run(cuts=range(7)).transactions
    assert done.r_frame.tolist()[0] == 5


def test_without_a_common_view_nothing_matches() -> None:
    made = Traffic()
    asked = made.query(0, dst=CLUSTER_IP, interface=1)
    made.reply(MS, dict(asked) | {"dst_addr": made.addresses.add(SERVER)}, interface=2)
    assert made.run().transactions.state.tolist() == [3, 4]


def test_chains_of_views_become_one_group() -> None:
    ends, ports = np.array([1, 2, 3, 9], np.uint64), np.zeros(4, np.uint64)
    group = mix(ends, ports)
    aliases = Aliases(np.zeros(2, np.uint64), np.array([2, 3], np.uint64), np.zeros(2, np.uint64))
    joined = join_groups(group, np.array([0, 1]), aliases)
    assert len(set(joined[:3].tolist())) == 1
    assert joined[3] not in joined[:3]
