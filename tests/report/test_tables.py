"""Every column of every table: type, unit, zone and nulls, in pandas and Arrow alike; the same questions, the same answers."""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import analyzer
from analyzer.measures.rows import Side
from analyzer.report.tables import DOCS, SPECS
from analyzer.report.tables_columns import Spec, arrow_type, pandas_type

try:
    import duckdb
    import polars as pl
except ImportError:
    duckdb = pl = None  # type: ignore[assignment]  # the tests that ask them are skipped

pa = pytest.importorskip("pyarrow", reason="no pyarrow (pip install 'dnsloupe[dev]')")
by_all = pytest.mark.skipif(pl is None, reason="no duckdb and polars (pip install 'dnsloupe[dev]')")

SAMPLES = Path(__file__).parents[2] / "samples"
INCIDENT, TCP, SMALL = "nodelocaldns-incident.pcap", "tcp-fragments.pcapng.gz", "formats.pcapng"
NOBODY = "nobody"  # the incident, narrowed to a client that is not in it: no table but the time line has rows


@functools.cache
def capture(name: str) -> analyzer.Capture:
    return capture(INCIDENT).client("192.0.2.77") if name == NOBODY else analyzer.read(SAMPLES / name)


def holds(series: pd.Series[Any], spec: Spec) -> bool:
    """Whether a column has its declared type; a time must say UTC."""
    zone = spec.type != "time" or str(series.dt.tz) == "UTC"
    ordered = spec.type != "word" or series.cat.ordered == bool(spec.order)
    return str(series.dtype) == pandas_type(spec) and zone and ordered


def test_every_table_is_described() -> None:
    assert list(DOCS) == list(SPECS)
    wanted = (
        "messages transactions lookups names suffixes clients servers connections chains search_lists findings timeline"
    )
    assert set(wanted.split()) <= set(SPECS)


@pytest.mark.parametrize("name", SPECS)
def test_every_column_says_what_it_is(name: str) -> None:
    specs = SPECS[name]
    assert len({spec.name for spec in specs}) == len(specs)
    for spec in specs:
        assert spec.doc, spec.name
        assert spec.unit or spec.type in ("word", "text", "bool"), f"{spec.name}: a number without a unit"
        assert not spec.name.endswith("_ms") or (spec.unit, spec.type) == ("ms", "float")
        assert spec.type != "time" or spec.unit == "UTC"


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("sample", [INCIDENT, TCP, SMALL, NOBODY])
def test_every_column_has_its_type(name: str, sample: str) -> None:
    frame, arrow = capture(sample).table(name), capture(sample).to_arrow(name)
    flat = frame.reset_index() if name == "timeline" else frame
    assert list(flat.columns) == arrow.column_names == [spec.name for spec in SPECS[name]]
    assert [s.name for s in SPECS[name] if not holds(flat[s.name], s)] == []
    assert [str(arrow.schema.field(s.name).type) for s in SPECS[name]] == [arrow_type(s) for s in SPECS[name]]
    for spec in SPECS[name]:
        said = {"unit": spec.unit, "doc": spec.doc}
        assert {k.decode(): v.decode() for k, v in arrow.schema.field(spec.name).metadata.items()} == said
        assert frame.attrs["columns"][spec.name] == said


def test_every_table_was_seen_with_rows_and_without() -> None:
    for name in SPECS:
        lengths = {len(capture(sample).table(name)) for sample in (INCIDENT, TCP, SMALL, NOBODY)}
        assert max(lengths) > 0, name
        assert min(lengths) == 0, name


def described() -> dict[str, list[tuple[str, str, str, str]]]:
    """Name, pandas type, Arrow type and unit of every column, by table, as docs/tables.md has them."""
    text = (SAMPLES.parent / "docs" / "tables.md").read_text(encoding="utf-8")
    sections = re.split(r"^## (\w+)$", text, flags=re.MULTILINE)[1:]
    row = re.compile(r"^\| `(\w+)` \| `([^`]+)` \| `([^`]+)` \| ([^|]*?) ?\|", re.MULTILINE)
    return {name: row.findall(body) for name, body in zip(sections[::2], sections[1::2], strict=True)}


@pytest.mark.parametrize("sample", [INCIDENT, TCP, NOBODY])
def test_the_page_says_what_the_tables_are(sample: str) -> None:
    page = described()
    assert list(page) == list(SPECS)
    for name, columns in page.items():
        frame, schema = (
            capture(sample).table(name).reset_index(drop=name != "timeline"),
            capture(sample).to_arrow(name).schema,
        )
        assert [(c, p) for c, p, _, _ in columns] == [(c, str(t)) for c, t in frame.dtypes.items()]
        assert [(c, a) for c, _, a, _ in columns] == [(f.name, str(f.type).split("<")[0]) for f in schema]
        assert [unit for *_, unit in columns] == [field.metadata[b"unit"].decode() for field in schema]


@pytest.mark.parametrize("sample", [INCIDENT, NOBODY])
def test_the_time_line_is_indexed_in_utc(sample: str) -> None:
    index = capture(sample).timeline.index
    assert (str(index.dtype), index.name) == ("datetime64[ns, UTC]", "start")


@pytest.mark.parametrize("name", SPECS)
def test_pandas_and_arrow_hold_the_same(name: str) -> None:
    frame, arrow = capture(INCIDENT).table(name), capture(INCIDENT).to_arrow(name)
    flat = frame.reset_index() if name == "timeline" else frame
    assert len(flat) == arrow.num_rows
    for spec in SPECS[name]:
        series, column = flat[spec.name], arrow[spec.name]
        assert series.isna().tolist() == column.is_null().to_pylist(), spec.name
        there = series[series.notna()]
        values = column.drop_null()
        if spec.type == "time":
            assert there.astype("int64").tolist() == values.cast(pa.int64()).to_pylist(), spec.name
        else:
            assert there.tolist() == values.to_pylist(), spec.name


def test_a_value_is_absent_only_where_it_may_be() -> None:
    for name, specs in SPECS.items():
        frame = capture(INCIDENT).table(name).reset_index()
        may = {s.name for s in specs if s.where or s.type == "float" or s.spell in ("base", "suffix", "asked")}
        assert set(frame.columns[frame.isna().any()]) <= may, name


@pytest.mark.program("tshark")
def test_messages_are_what_tshark_reads() -> None:
    name = "fix-a-before-lan.pcap.gz"
    fields = "frame.number frame.time_epoch ip.src udp.srcport ip.dst udp.dstport dns.id dns.flags.response dns.qry.name dns.qry.type dns.flags.rcode".split()
    words = [word for field in fields for word in ("-e", field)]
    run = subprocess.run(
        ["tshark", "-r", SAMPLES / name, "-Y", "dns", "-T", "fields", *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    truth = [line.split("\t") for line in run.stdout.splitlines()]
    ours = capture(name).messages
    qtypes = {"1": "A", "28": "AAAA", "13": "HINFO", "12": "PTR", "2": "NS"}
    rcodes = {"0": "NOERROR", "3": "NXDOMAIN"}
    assert ours["frame"].tolist() == [int(row[0]) for row in truth]
    assert ours["time"].astype("int64").tolist() == [int(row[1].replace(".", "")) for row in truth]
    assert ours["src"].tolist() == [row[2] for row in truth]
    assert ours["src_port"].tolist() == [int(row[3]) for row in truth]
    assert ours["dst"].tolist() == [row[4] for row in truth]
    assert ours["dst_port"].tolist() == [int(row[5]) for row in truth]
    assert ours["msg_id"].tolist() == [int(row[6], 16) for row in truth]
    assert ours["response"].tolist() == [row[7] in ("1", "True") for row in truth]
    assert ours["qname"].tolist() == [row[8].lower() for row in truth]
    assert ours["qtype"].tolist() == [qtypes[row[9]] for row in truth]
    assert ours["rcode"].dropna().tolist() == [rcodes[row[10]] for row in truth if row[10]]


Answers = list[tuple[Any, ...]]


def same_in_all(
    table: str, by_pandas: Callable[[pd.DataFrame], Answers], sql: str, by_polars: Callable[[Any], Answers]
) -> Answers:
    """Ask pandas, DuckDB and Polars; what all of them say."""
    arrow = capture(INCIDENT).to_arrow(table)
    with duckdb.connect() as connection:
        connection.register("asked", arrow)
        of_duckdb = connection.execute(sql).fetchall()
    of_polars = by_polars(pl.DataFrame(arrow))
    of_pandas = by_pandas(capture(INCIDENT).table(table))
    assert of_pandas == of_duckdb == of_polars
    assert of_pandas
    return of_pandas


@by_all
def test_queries_of_each_side() -> None:
    found = same_in_all(
        "messages",
        lambda df: sorted(df[~df.response].groupby("side", observed=True).size().items()),
        "select side, count(*) from asked where not response group by side order by side",
        lambda df: df.filter(~pl.col("response")).group_by(pl.col("side").cast(pl.String)).len().sort("side").rows(),
    )
    sides = capture(INCIDENT).report().summary.sides
    assert dict(found) == {side.value: count for side, count in sides.items() if count}


@by_all
def test_names_most_asked() -> None:
    found = same_in_all(
        "messages",
        lambda df: sorted(
            df[(df.side == "client") & ~df.response].groupby("qname", observed=True).size().items(),
            key=lambda pair: (-pair[1], pair[0]),
        )[:20],
        "select qname, count(*) n from asked where side = 'client' and not response group by qname order by n desc, qname limit 20",
        lambda df: (
            df.filter((pl.col("side").cast(pl.String) == "client") & ~pl.col("response"))
            .group_by(pl.col("qname").cast(pl.String))
            .len("n")
            .sort(["n", "qname"], descending=[True, False])
            .head(20)
            .rows()
        ),
    )
    rows = capture(INCIDENT).report().tables["names"].tables[Side.CLIENT]
    assert dict(found).items() <= {row.qname: row.queries for row in rows}.items()
    assert [count for _, count in found] == [row.queries for row in rows[:20]]


@by_all
def test_response_codes() -> None:
    found = same_in_all(
        "messages",
        lambda df: sorted(df[df.response].groupby(["side", "rcode"], observed=True).size().reset_index().itertuples(index=False, name=None)),
        "select side, rcode, count(*) from asked where response group by all order by side, rcode",
        lambda df: (
            df.filter(pl.col("response"))
            .group_by(pl.col("side").cast(pl.String), pl.col("rcode").cast(pl.String))
            .len()
            .sort(["side", "rcode"])
            .rows()
        ),
    )  # fmt: skip
    rows = capture(INCIDENT).report().tables["rcodes"].all()
    assert found == sorted((row.side.value, row.name, row.responses) for row in rows if row.responses)


@by_all
def test_unanswered_by_server() -> None:
    found = same_in_all(
        "transactions",
        lambda df: sorted(df[df.state == "unanswered"].groupby(["side", "server"], observed=True).size().reset_index().itertuples(index=False, name=None)),
        "select side, server, count(*) from asked where state = 'unanswered' group by all order by side, server",
        lambda df: (
            df.filter(pl.col("state").cast(pl.String) == "unanswered")
            .group_by(pl.col("side").cast(pl.String), pl.col("server").cast(pl.String))
            .len()
            .sort(["side", "server"])
            .rows()
        ),
    )  # fmt: skip
    rows = capture(INCIDENT).report().tables["servers"].all()
    assert found == sorted((row.side.value, row.addr, row.unanswered) for row in rows if row.unanswered)


@by_all
def test_queries_over_time() -> None:
    found = same_in_all(
        "messages",
        lambda df: sorted(df[(df.side == "client") & ~df.response].groupby(df["time"].astype("int64") // 10**10).size().items()),
        "select (epoch_us(time::timestamptz) // 10000000)::bigint b, count(*) from asked where side = 'client' and not response group by b order by b",
        lambda df: (
            df.filter((pl.col("side").cast(pl.String) == "client") & ~pl.col("response"))
            .group_by(pl.col("time").dt.epoch("ns") // 10**10)
            .len()
            .sort("time")
            .rows()
        ),
    )  # fmt: skip
    line = capture(INCIDENT).timeline
    line = line[(line.side == "client") & (line.queries > 0)]
    assert str(line.index.tz) == "UTC"  # type: ignore[attr-defined]  # a DatetimeIndex
    assert found == list(zip((line.index.astype("int64") // 10**10).tolist(), line.queries.tolist(), strict=True))


@by_all
def test_round_trip_times() -> None:
    found = same_in_all(
        "transactions",
        lambda df: sorted((s, round(x, 6)) for s, x in df.groupby("server", observed=True).rtt_ms.max().dropna().items()),
        "select server, round(max(rtt_ms), 6) from asked where rtt_ms is not null group by server order by server",
        lambda df: (
            df.filter(pl.col("rtt_ms").is_not_null())
            .group_by(pl.col("server").cast(pl.String))
            .agg(pl.col("rtt_ms").max().round(6))
            .sort("server")
            .rows()
        ),
    )  # fmt: skip
    assert len(found) > 1


@by_all
def test_what_each_suffix_cost() -> None:
    found = same_in_all(
        "chains",
        lambda df: sorted(df[df.suffix.notna()].groupby("suffix", observed=True).queries.sum().items()),
        "select suffix, sum(queries)::bigint from asked where suffix is not null group by suffix order by suffix",
        lambda df: (
            df.filter(pl.col("suffix").is_not_null())
            .group_by(pl.col("suffix").cast(pl.String))
            .agg(pl.col("queries").cast(pl.Int64).sum())
            .sort("suffix")
            .rows()
        ),
    )
    bill = {row.key: row.queries for row in capture(INCIDENT).report().details["search"].lists[0].per_suffix}
    assert bill
    for suffix, queries in found:  # other lookups ask these names too, outside any chain
        assert queries >= bill.get(suffix, 0)


def test_pairs_are_a_line_of_pandas() -> None:
    """As docs/tables.md has it."""
    asked = capture(INCIDENT).transactions.query("state != 'orphan' and side == 'client'")
    pairs = asked.groupby(["client", "qname"], observed=True).size()
    rows = capture(INCIDENT).report().tables["pairs"].tables[Side.CLIENT]
    assert len(rows) == len(pairs)
    assert {(row.client, row.qname): row.queries for row in rows} == pairs.to_dict()
