"""The state of cache keys, however the transactions arrive."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.measures.caching_keys import KINDS, CacheKeys, Sent, key_of
from analyzer.messages import Outcome, Present, TransactionTable

SECOND = 1_000_000_000


def sent(times: list[float], rtts: list[float], soa: bool = True, **columns: object) -> Sent:
    """Denials of one name."""
    count = len(times)
    at = (np.array(times) * SECOND).astype(np.int64) + SECOND
    bits = int(Present.SOA) if soa else 0
    given = {
        "time_ns": at,
        "r_time_ns": at + (np.array(rtts) * SECOND).astype(np.int64),
        "frame": np.arange(count) + 1,
        "outcome": np.full(count, Outcome.NXDOMAIN),
        "r_present": np.full(count, bits),
        "present": np.full(count, int(Present.QUESTION)),
        "soa_ttl": np.full(count, 30),
        "soa_minimum": np.full(count, 30),
        **columns,
    }
    return Sent(given)  # type: ignore[arg-type]  # arrays all


def followed(rows: Sent, cuts: list[int]) -> dict[str, list[int]]:
    keys = CacheKeys(50_000_000, 1000, 100_000)
    keys.grow(TransactionTable({"client": np.zeros(1)}), np.zeros(1, np.int64))
    for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        part = rows.take(slice(begin, end))
        if len(part):
            take = keys.begin if begin == 0 and len(part) == 1 else keys.follow
            take(part, np.zeros(len(part), np.int64), int(part.time_ns.max()))
    return {
        name: keys.columns[name].tolist()
        for name in (*KINDS, "near", "queries", "min_gap", "first_frame", "again_frame")
    }


@pytest.mark.parametrize("soa", [True, False])
def test_what_is_counted_does_not_depend_on_where_batches_end(soa: bool) -> None:
    rng = np.random.default_rng(5)
    times = np.cumsum(rng.choice([0.0001, 0.02, 0.3, 5.0, 40.0], 60)).tolist()
    rows = sent(times, rng.choice([0.0005, 0.1, 2.0], 60).tolist(), soa)
    whole = followed(rows, [])
    for cut in range(1, 60):
        assert followed(rows, [cut]) == whole
    assert followed(rows, list(range(1, 60))) == whole


def test_bits_that_caches_keep_apart_make_keys() -> None:
    base = {"client": np.ones(1), "qname": np.ones(1), "qtype": np.ones(1), "present": np.full(1, int(Present.EDNS))}
    plain, do, cd = (
        key_of(Sent({**base, **more}))[0]
        for more in ({}, {"edns_flags": np.full(1, 0x8000)}, {"flags": np.full(1, 0x0010)})
    )
    assert len({int(plain), int(do), int(cd)}) == 3
