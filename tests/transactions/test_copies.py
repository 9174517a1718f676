"""Copies and what must stay apart: recipe 9 of the catalogue, and the branches that no recording holds."""

from __future__ import annotations

import time

import pytest

from analyzer.messages import Present
from analyzer.options import AnalyzeOptions, Limits
from tests.transactions.traffic import CLUSTER_IP, MS, NODE, POD, SERVER, Tables, Traffic

V6 = int(Present.QUESTION)


def unique(made: Traffic, **options: object) -> list[tuple[int, int]]:
    """Frame and number of views of each message."""
    table = made.run(options=AnalyzeOptions(**options)).unique  # type: ignore[arg-type]  # only what the test names
    return list(zip(table.frame.tolist(), table.views.tolist(), strict=True))


def through_the_bridge() -> Tables:
    """Pod, bridge, DNAT and masquerade: three views each way with one IP-ID, seen on three interfaces."""
    made = Traffic()
    asked = made.query(0, src=POD, dst=CLUSTER_IP, interface=6, ip_ttl=64)
    made.copy(2000, asked, interface=5)
    made.copy(9000, asked, interface=2, src_addr=NODE, dst_addr=SERVER, src_port=31000, ip_ttl=63)
    answer = made.reply(
        800_000,
        {**asked, "src_addr": made.addresses.add(NODE), "dst_addr": made.addresses.add(SERVER), "src_port": 31000},
        interface=2,
    )
    made.copy(806_000, answer, interface=5, src_addr=CLUSTER_IP, dst_addr=POD, dst_port=asked["src_port"])
    made.copy(807_000, answer, interface=6, src_addr=CLUSTER_IP, dst_addr=POD, dst_port=asked["src_port"])
    return made.run()


def test_views_before_and_after_nat_are_one_packet_as_the_client_sees_it() -> None:
    tables = through_the_bridge()
    assert list(zip(tables.unique.frame.tolist(), tables.unique.views.tolist(), strict=True)) == [(1, 3), (6, 3)]
    assert tables.views.frame.tolist() == [1, 2, 3, 4, 5, 6]
    done = tables.transactions
    assert (len(done), int(done.state[0]), int(done.rtt_ns[0])) == (1, 0, 807_000)
    assert int(done.server_rtt_ns[0]) == 800_000 - 9000
    assert tables.stage.counters["copies"] == 4
    assert tables.stage.interface_pairs == {(6, 5): 1, (6, 2): 1, (2, 5): 1, (2, 6): 1}
    text = {
        tuple(tables.stage._selection._addresses.text(x) for x in pair): count
        for pair, count in tables.stage.nat_pairs.items()
    }
    assert text == {(POD, NODE): 1, (CLUSTER_IP, SERVER): 1, (SERVER, CLUSTER_IP): 2, (NODE, POD): 2}


def test_a_resend_within_sixty_microseconds_is_no_copy() -> None:
    made = Traffic()
    first = made.query(0, ip_id=100)
    made.copy(60_000, first, ip_id=101, ip_hash=0)
    assert unique(made) == [(1, 1), (2, 1)]


def test_one_message_to_two_servers_is_two() -> None:
    made = Traffic()
    first = made.query(0, ip_id=100, interface=1)
    made.copy(20_000, first, ip_id=101, interface=2, dst_addr="10.0.0.99")
    assert unique(made) == [(1, 1), (2, 1)]


def test_a_mirror_shows_identical_headers_on_one_interface() -> None:
    made = Traffic()
    first = made.query(0)
    made.copy(100, first, ip_ttl=63)
    assert unique(made) == [(1, 2)]


@pytest.mark.parametrize("present", [V6, V6 | int(Present.IP_ID)], ids=["ipv6", "ip-id-0"])
def test_without_an_ip_id_the_place_must_differ(present: int) -> None:
    made = Traffic()
    first = made.query(0, present=present, ip_id=0, interface=1)
    made.copy(1000, first, interface=2)
    made.copy(60_000, first, interface=1)
    made.copy(61_000, first, interface=2)
    assert unique(made) == [(1, 2), (3, 2)]


@pytest.mark.parametrize("present", [V6, V6 | int(Present.IP_ID)], ids=["ipv6", "ip-id-0"])
def test_without_an_ip_id_addresses_may_not_differ(present: int) -> None:
    made = Traffic()
    first = made.query(0, present=present, ip_id=0, interface=1)
    made.copy(1000, first, interface=2, dst_addr="10.0.0.99")
    assert unique(made) == [(1, 1), (2, 1)]


def test_direction_tells_places_apart_where_there_is_one() -> None:
    for bit, expected in ((Present.DIRECTION, [(1, 2)]), (Present.QUESTION, [(1, 1), (2, 1)])):
        made = Traffic()
        first = made.query(0, present=V6 | int(bit), direction=0)
        made.copy(1000, first, direction=4)
        assert unique(made) == expected


@pytest.mark.parametrize(("gap", "expected"), [(10 * MS, [(1, 2)]), (10 * MS + 1, [(1, 1), (2, 1)])])
def test_the_window_is_ten_milliseconds(gap: int, expected: list[tuple[int, int]]) -> None:
    made = Traffic()
    made.copy(gap, made.query(0), interface=1)
    assert unique(made) == expected


def test_the_window_can_be_widened() -> None:
    made = Traffic()
    made.copy(40 * MS, made.query(0), interface=1)
    assert unique(made, limits=Limits(dup_window_ns=50 * MS)) == [(1, 2)]


def test_copies_stay_where_they_are_wanted() -> None:
    made = Traffic()
    made.copy(10, made.query(0), interface=1)
    assert unique(made, dedupe=False) == [(1, 1), (2, 1)]


def test_tcp_needs_the_same_sequence_number() -> None:
    made = Traffic()
    first = made.query(0, transport=1, tcp_seq=5, present=V6 | int(Present.IP_ID | Present.FLOW))
    made.copy(1000, first, interface=1)
    made.copy(2000, first, interface=2, tcp_seq=6)
    assert unique(made) == [(1, 2), (3, 1)]


def test_a_flood_of_one_packet_stays_linear() -> None:
    made = Traffic()
    first = made.query(0, present=V6, ip_id=0)
    batch = made.batch().take([0] * 100_000)
    del first
    started = time.process_time()
    from analyzer.transactions.copies import Copies

    copies = Copies(10 * MS)
    copies.feed(batch)
    copies.finish()
    assert copies.unique == 100_000
    assert time.process_time() - started < 5
