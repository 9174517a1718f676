"""Causal links: what a forwarder asks because of whom; recipe 10 of the catalogue."""

from __future__ import annotations

from analyzer.messages import NO_ROW
from tests.transactions.traffic import MS, NODE, Tables, Traffic

POD, OTHER_POD, LOCAL, GATEWAY = "10.233.64.11", "10.233.64.12", "169.254.25.10", "192.168.1.1"


def links(tables: Tables) -> list[int | None]:
    """For each transaction the number of the one that caused it."""
    rows = tables.transactions
    number = {int(row): at for at, row in enumerate(rows.row)}
    return [None if row == NO_ROW else number[int(row)] for row in rows.fed_by]


def test_a_forwarders_query_belongs_to_the_client_query_that_encloses_it() -> None:
    made = Traffic()
    asked = made.query(0, src=POD, dst=LOCAL)
    passed = made.query(MS, src=NODE, dst=GATEWAY)
    made.reply(2 * MS, passed)
    made.reply(3 * MS, asked)
    tables = made.run()
    assert links(tables) == [None, 0]
    assert made.addresses.text(int(tables.transactions.fed_by_server[1])) == LOCAL
    assert made.addresses.text(int(tables.transactions.fed_by_client[1])) == POD


def test_the_latest_client_is_the_cause() -> None:
    made = Traffic()
    asked = [made.query(at, src=pod, dst=LOCAL) for at, pod in enumerate((POD, OTHER_POD))]
    made.reply(2 * MS, made.query(MS, src=NODE, dst=GATEWAY))
    for row in asked:
        made.reply(3 * MS, row)
    assert links(made.run()) == [None, None, 1]


def test_two_pods_asking_one_server_are_not_linked() -> None:
    made = Traffic()
    asked = [made.query(at, src=pod, dst=LOCAL) for at, pod in enumerate((POD, OTHER_POD))]
    for row in reversed(asked):
        made.reply(3 * MS, row)
    assert links(made.run()) == [None, None]


def test_an_answer_captured_five_milliseconds_after_the_clients_still_counts() -> None:
    for late, expected in ((5 * MS, 0), (5 * MS + 1, None)):
        made = Traffic()
        asked = made.query(0, src=POD, dst=LOCAL)
        passed = made.query(MS, src=NODE, dst=GATEWAY)
        made.reply(2 * MS, asked)
        made.reply(2 * MS + late, passed)
        assert links(made.run()) == [None, expected]


def test_a_forwarders_unanswered_try_belongs_to_its_client_too() -> None:
    made = Traffic()
    asked = made.query(0, src=POD, dst=LOCAL)
    made.query(MS, src=NODE, dst=GATEWAY)
    made.reply(2002 * MS, made.query(2001 * MS, src=NODE, dst=GATEWAY, msg_id=5, src_port=5))
    made.reply(2003 * MS, asked)
    made.query(60_000 * MS, "end.example")
    assert links(made.run()) == [None, 0, 0, None]


def test_an_upstream_that_is_down_causes_nothing() -> None:
    made = Traffic()
    made.query(0, src=NODE, dst=GATEWAY)
    made.reply(3000 * MS, made.query(2500 * MS, src=POD, dst=LOCAL), 2)
    made.query(60_000 * MS, "end.example")
    assert links(made.run()) == [None, None, None]


def test_a_host_asking_its_own_address_is_linked_to_nothing() -> None:
    made = Traffic()
    for at in range(50):
        made.reply(at * MS + 100, made.query(at * MS, f"n{at}.example", src=LOCAL, dst=LOCAL, src_port=1000 + at))
    tables = made.run()
    assert links(tables) == [None] * 50
    assert len(tables.questions) == 50


def test_a_client_far_back_is_found_behind_any_number_of_open_queries_to_the_same_server() -> None:
    made = Traffic()
    cause = made.query(0, src=POD, dst=LOCAL)
    laps = [made.query(1000 + at, src=NODE, dst=GATEWAY, src_port=2000 + at) for at in range(300)]
    for row in reversed(laps):
        made.reply(MS, row)
    made.reply(2 * MS, cause)
    assert links(made.run(cuts=range(0, 600, 7))) == [None] + [0] * 300


def test_one_socket_that_asks_two_servers_at_once_forwards_nothing() -> None:
    """musl: the same ID and port to every nameserver. Another port would be a forwarder's."""
    for port, expected in ((40_000, None), (40_001, 0)):
        made = Traffic()
        first = made.query(0, src=POD, dst=LOCAL, src_port=40_000, msg_id=7)
        second = made.query(MS, src=POD, dst=GATEWAY, src_port=port, msg_id=7)
        made.reply(2 * MS, second)
        made.reply(3 * MS, first)
        assert links(made.run()) == [None, expected]
