from __future__ import annotations

import numpy as np

from analyzer.messages import NO_ROW, UniqueTable
from analyzer.transactions.store import Store


def messages(times: list[int]) -> UniqueTable:
    return UniqueTable({"row": np.array(times, np.uint64), "time_ns": np.array(times), "size": np.array(times)})


def add(store: Store, times: list[int]) -> None:
    store.append(messages(times), np.arange(len(times)), np.array(times))


def test_rows_keep_their_ordinals_while_the_front_is_taken() -> None:
    store = Store()
    add(store, [10, 20, 30])
    assert store.take(2)["time_ns"].tolist() == [10, 20]
    for more in range(40, 4000, 10):
        add(store, [more])
    assert (store.start, len(store), store.get("time_ns", np.array([2, 3])).tolist()) == (2, 397, [30, 40])
    assert store.until(40) == 3


def test_what_was_handed_on_never_changes() -> None:
    store = Store()
    add(store, [10, 20])
    taken = store.take(1)
    add(store, list(range(30, 5000)))
    store.set("time_ns", np.array([1]), np.array([21]))
    assert taken["time_ns"].tolist() == [10]
    assert store.get("time_ns", np.array([1])).tolist() == [21]


def test_a_fresh_row_has_no_response() -> None:
    store = Store()
    add(store, [10])
    assert (store.get("r_row", np.array([0]))[0], store.get("rtt_ns", np.array([0]))[0]) == (NO_ROW, -1)
    store.respond(np.array([0]), messages([77]), np.array([0]))
    assert (store.get("r_row", np.array([0]))[0], store.get("r_size", np.array([0]))[0]) == (77, 77)
    assert store.get("size", np.array([0]))[0] == 10
