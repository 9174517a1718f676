"""The tables of every capture beside the checkout, the lab's and real ones, against both naive twins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.decode import decoder
from analyzer.errors import InputError
from analyzer.measures import Context
from analyzer.messages import DecodeOptions, MessageBatch
from analyzer.options import Limits
from analyzer.transactions import Transactions
from tests.measures.naive import Naive
from tests.measures.naive_tables import compare
from tests.measures.traffic import results
from tests.shared.differential import captures_in, octets
from tests.transactions import naive
from tests.transactions.compare import account, check
from tests.transactions.traffic import Tables, run

pytestmark = pytest.mark.slow
PARTS = 8  # so that several processes share the work
TRANSACTIONS = 1000  # messages of a capture that the first twin, which is slow, is asked about


def both(path: Path) -> int:
    """Compare one capture; how many messages it has."""
    reader, context = decoder("auto", DecodeOptions()), Context()
    stage, out, parts = Transactions(context.names, context.addresses, context.options), [], []
    try:
        reader.open(0)
        decoded = [*reader.feed(octets(path)), *reader.finish()]
    except InputError:  # no capture, or one that breaks off in its header
        return 0
    for batch in decoded:
        context.names.append(batch.names)
        context.addresses.append(batch.addresses)
        parts.append(batch.messages)
        out += stage.feed(batch)
    out += stage.finish()
    for info in reader.captures:
        if info.first_ns is not None and info.last_ns is not None:
            context.first_ns, context.last_ns = info.first_ns, info.last_ns
            context.covered_ns = info.last_ns - info.first_ns
    context.interfaces = list(reader.interfaces)
    rows = MessageBatch.concat(parts) if parts else MessageBatch()
    if not len(rows):
        return 0
    first = rows.take(slice(0, TRANSACTIONS))
    account(Tables(stage, out))
    tables = Tables(stage, out) if len(first) == len(rows) else run([first], context.names, context.addresses)
    check(tables, naive.everything(naive.rows_of([first]), Limits()))
    compare(Naive(context, out), results(context, out))
    return len(rows)


def captures(shared: Path, part: int) -> Iterator[Path]:
    found = [path for folder in ("captures/real", "lab/captures") for path in captures_in(shared / folder, 1 << 30)]
    return iter(found[part::PARTS])


@pytest.mark.parametrize("part", range(PARTS))
def test_every_table_of_every_capture(shared: Path, part: int) -> None:
    read = 0
    for path in captures(shared, part):
        try:
            read += both(path) > 0
        except AssertionError as error:
            raise AssertionError(f"{path.name}: {error}") from error
    assert read > 30
