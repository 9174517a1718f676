"""Clients and base names: one row whatever suffix was appended, with its own busiest minute."""

from __future__ import annotations

from analyzer.measures.rows import Side
from tests.measures.traffic import batches, results, scene


def test_rows_are_the_pairs_folded_by_base() -> None:
    found = results(*batches(scene(11, lookups=40)))
    talkers = found["talkers"].table
    assert found["search"].base_of  # else there is nothing to fold
    for side in (Side.CLIENT, Side.UPSTREAM):
        rows = list(talkers.tables[side])
        assert sum(row.queries for row in rows) == sum(row.queries for row in found["pairs"].tables[side])
        assert sum(row.names for row in rows) == len(found["pairs"].tables[side])
        assert rows == sorted(rows, key=lambda row: (-row.queries, row.client, row.base))
    assert len(list(talkers.rows)) < len(found["pairs"].rows)


def test_the_busiest_minute_is_that_of_all_its_names_together() -> None:
    found = results(*batches(scene(11, lookups=40)))
    bases = {row.qname: row.peak_60s for row in found["bases"].rows}
    for row in found["talkers"].table.rows:
        assert row.peak_60s <= bases[row.base]
        assert row.peak_60s <= row.queries
