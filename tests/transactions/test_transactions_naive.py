"""The whole room against a naive twin, on the samples and on made traffic, however the input is cut."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from analyzer.decode import decoder
from analyzer.messages import AddressTable, DecodeOptions, MessageBatch, NameTree, Present, Transport
from analyzer.options import AnalyzeOptions, Limits
from tests.transactions import naive
from tests.transactions.compare import account, check
from tests.transactions.traffic import MS, Traffic, run

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def read(path: Path) -> tuple[list[MessageBatch], NameTree, AddressTable]:
    data = path.read_bytes()
    one = decoder("auto", DecodeOptions())
    one.open(0)
    names, addresses, batches = NameTree(), AddressTable(), []
    for part in one.feed(gzip.decompress(data) if path.suffix == ".gz" else data) + one.finish():
        names.append(part.names)
        addresses.append(part.addresses)
        batches.append(part.messages)
    return batches, names, addresses


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.pcap*")), ids=lambda path: path.name)
def test_samples_agree_with_the_naive_twin(path: Path) -> None:
    batches, names, addresses = read(path)
    rows = MessageBatch.concat(batches).take(slice(0, 900))
    tables = run([rows], names, addresses, cuts=range(0, len(rows), 250))
    check(tables, naive.everything(naive.rows_of([rows]), Limits()))
    account(tables)


STEPS = [
    0,
    1000,
    60_000,
    3 * MS,
    9 * MS,
    12 * MS,
    200 * MS,
    400 * MS,
    2500 * MS,
    5000 * MS,
    7000 * MS,
    16_000 * MS,
    31_000 * MS,
]


@st.composite
def traffic(draw: st.DrawFn) -> Traffic:
    """A few clients, servers, names, IDs and ports, so that everything collides; copies, NAT, errors, clocks that step."""
    made, at, asked = Traffic(), 0, []
    pick = lambda *options: draw(st.sampled_from(options))  # noqa: E731 - one word for a common draw
    for _ in range(draw(st.integers(1, 40))):
        at += draw(st.sampled_from(STEPS))
        when = at + draw(st.sampled_from([0, 0, 0, 0, -300 * MS, -1500 * MS]))
        act = pick("query", "query", "reply", "reply", "copy", "again") if asked else "query"
        more: dict[str, Any] = {"ip_id": pick(0, 7, 8, 9), "interface": pick(0, 1), "direction": pick(0, 4)}
        if act == "query":
            more |= {"msg_id": pick(1, 2), "src_port": pick(1111, 2222), "transport": pick(0, 0, 0, Transport.TCP)}
            present = Present.QUESTION * pick(1, 1, 1, 0) | Present.IP_ID * pick(0, 1) | Present.DIRECTION * pick(0, 1)
            more |= {"present": int(present | (Present.FLOW if more["transport"] else 0)), "qtype": pick(1, 28, 252)}
            ends = {"src": pick("10.0.0.1", "10.0.0.2", "10.0.0.9"), "dst": pick("10.0.0.9", "10.0.0.8")}
            asked.append(made.query(when, pick("a.example", "b.example"), **ends, **more))
        elif act == "reply":
            row = draw(st.sampled_from(asked))
            question = {"present": row["present"] & ~int(Present.QUESTION), "qdcount": 0} if pick(0, 0, 0, 1) else {}
            made.reply(when, row, pick(0, 0, 2, 3, 5, 0x200), **more | question)
        elif act == "again":
            asked.append(made.copy(when, draw(st.sampled_from(asked)), **more))
        else:
            row = draw(st.sampled_from(made.rows))
            moved = {"dst_addr": "10.0.0.8"} if pick(0, 0, 1) else {}
            del more["ip_id"]
            made.copy(when, row, **more, **moved)
    return made


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(traffic(), st.lists(st.integers(0, 60), max_size=8), st.booleans())
def test_made_traffic_agrees_with_the_naive_twin_however_it_is_cut(
    made: Traffic, cuts: list[int], dedupe: bool
) -> None:
    tables = made.run(cuts, AnalyzeOptions(dedupe=dedupe))
    check(tables, naive.everything(naive.rows_of([made.batch()]), Limits(), dedupe))
    account(tables)
