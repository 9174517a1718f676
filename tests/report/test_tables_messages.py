"""The contract's columns as a table's: ids and flags as they are meant, nothing where nothing is, and no objects."""

from __future__ import annotations

import gc

import numpy as np

from analyzer.measures import Context
from analyzer.measures.roles import Measure as RolesMeasure
from analyzer.messages import (
    AddressTable,
    NameTree,
    Outcome,
    Present,
    State,
    TransactionBatch,
    TransactionTable,
    UniqueTable,
)
from analyzer.options import AnalyzeOptions
from analyzer.report.tables_columns import Col, Words
from analyzer.report.tables_frames import frame
from analyzer.report.tables_kept import Kept
from analyzer.report.tables_messages import SPECS, columns


class NoSearch:
    """No search list was seen."""

    base_of: dict[int, str] = {}  # noqa: RUF012 - never written to
    suffix_of: dict[int, str] = {}  # noqa: RUF012 - never written to


def made(name: str, *batches: TransactionBatch) -> dict[str, Col]:
    context = Context(NameTree(), AddressTable(), AnalyzeOptions())
    context.names.add_text("www.example.org")
    for address in ("10.0.0.1", "10.0.0.53"):
        context.addresses.add(address)
    kept = Kept()
    for batch in batches:
        kept.keep(batch)
    results = {"roles": RolesMeasure(context).result({}), "search": NoSearch()}
    return {col.name: col for col in columns(name, kept.pop(name), context, results)}


def words(col: Col) -> list[str | None]:
    assert isinstance(col.values, Words)
    return [None if code < 0 else col.values.words[code] for code in col.values.codes.tolist()]


def numbers(col: Col) -> list[int]:
    assert isinstance(col.values, np.ndarray)
    return col.values.tolist()  # type: ignore[no-any-return]  # a list of numbers


def test_a_run_without_rows_has_all_columns() -> None:
    for name, specs in SPECS.items():
        assert list(made(name)) == [spec.name for spec in specs]


def test_what_a_message_does_not_have_is_absent() -> None:
    table = UniqueTable(
        {
            "qname": np.array([3, 3]),
            "flags": np.array([0x0100, 0x8183]),
            "present": np.array([0, Present.QUESTION | Present.SOA]),
            "soa_minimum": np.array([60, 60]),
        }
    )
    found = made("messages", TransactionBatch(unique=table))
    assert words(found["qname"]) == [None, "www.example.org"]
    assert words(found["rcode"]) == [None, "NXDOMAIN"]
    absent = found["soa_minimum"].absent
    assert absent is not None
    assert absent.tolist() == [True, False]


def test_states_decide_what_a_transaction_has() -> None:
    states = [State.ANSWERED, State.UNANSWERED, State.ORPHAN]
    table = TransactionTable(
        {
            "state": np.array(states),
            "outcome": np.array([Outcome.DATA, Outcome.SILENCE, Outcome.NXDOMAIN]),
            "rtt_ns": np.array([1_500_000, -1, -1]),
            "question": np.array([0, 1, 2**64 - 1], np.uint64),
            "rcode": np.array([0, 0, 3]),
        }
    )
    found = made("transactions", TransactionBatch(transactions=table))
    rtt, question = found["rtt_ms"].values, found["question"]
    assert isinstance(rtt, np.ndarray)
    assert (rtt[0], np.isnan(rtt[1:]).all()) == (1.5, True)
    assert words(found["rcode"]) == ["NOERROR", None, "NXDOMAIN"]
    assert question.absent is not None
    assert question.absent.tolist() == [False, False, True]
    assert words(found["outcome"]) == ["data", "silence", "nxdomain"]


def test_rows_are_no_objects() -> None:
    """A row more costs octets in arrays, never an object of Python's."""

    def objects_and_octets(rows: int) -> tuple[int, int]:
        batch = TransactionBatch(unique=UniqueTable({"row": np.arange(rows), "src_port": np.arange(rows) % 65536}))
        gc.collect()
        before = len(gc.get_objects())
        table = frame(list(made("messages", batch).values()))
        gc.collect()
        return len(gc.get_objects()) - before, int(table.memory_usage(deep=True).sum())

    objects_and_octets(10)  # imports
    few, small = objects_and_octets(10)
    many, large = objects_and_octets(200_010)
    assert many - few < 100
    assert (large - small) / 200_000 < 130
