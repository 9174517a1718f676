"""The notebook's face: lazy, narrowing is filtering, errors are one line, conclusions are the command line's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import analyzer
from analyzer.api import Capture
from analyzer.errors import DnsloupeError, InputError, UsageError
from analyzer.options import Select
from tests.conftest import ROOT

LAN = (
    ROOT / "samples" / "fix-a-before-lan.pcap.gz"
)  # one interface, so no message has a copy that another filter would keep
OF_MESSAGES = "time frame src src_port dst dst_port msg_id response rcode qname qtype size".split()


@pytest.fixture(scope="module")
def lan() -> Capture:
    return analyzer.read(LAN)


def same(narrowed: Capture, mask: Any, whole: Capture) -> None:
    """The narrowed capture's messages are the rows of the whole one that the mask keeps."""
    kept = whole.messages[mask]
    assert 0 < len(kept) < len(whole.messages)
    for name in OF_MESSAGES:
        ours, theirs = narrowed.messages[name], kept[name].reset_index(drop=True)
        assert ours.astype(object).equals(theirs.astype(object)), name


def test_importing_loads_nothing_heavy() -> None:
    program = "import sys, analyzer; print(*sorted({n.split('.')[0] for n in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"numpy", "pandas", "pyarrow", "matplotlib", "scapy", "click"} & set(run.stdout.split())


def test_the_public_names_are_there() -> None:
    assert set(analyzer.__all__) <= set(dir(analyzer))
    assert all(getattr(analyzer, name) for name in analyzer.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = analyzer.nothing


def test_compare_stays_a_function_whatever_is_imported() -> None:
    program = (
        "import analyzer, pkgutil, importlib\n"
        "import analyzer.cli.diff, analyzer.report.comparison, analyzer.api\n"
        "assert callable(analyzer.compare) and callable(analyzer.read)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60)


def test_nothing_is_read_before_it_is_needed(tmp_path: Path) -> None:
    capture = analyzer.read(tmp_path / "not there.pcap")
    assert repr(capture) == "<Capture not there.pcap>"
    with pytest.raises(InputError) as error:
        _ = capture.names
    assert "\n" not in str(error.value)
    assert "not there.pcap" in str(error.value)


def test_tables_are_made_once(lan: Capture) -> None:
    assert lan.messages is lan.messages
    assert lan.table("messages").equals(lan.messages)


def test_a_capture_of_several_files_is_one(lan: Capture) -> None:
    other = ROOT / "samples" / "fix-b-forward-lan.pcap.gz"
    both = analyzer.read([LAN, str(other)])
    assert len(both.messages) == len(lan.messages) + len(analyzer.read(other).messages)
    assert both.label == "fix-a-before-lan.pcap.gz and 1 more"
    assert sorted(both.messages["file"].unique()) == [0, 1]


def test_between_is_half_open(lan: Capture) -> None:
    times = lan.messages["time"]
    since, until = times.iloc[100], times.iloc[900]
    mask = (times >= since) & (times < until)
    same(lan.between(since, until), mask, lan)
    as_text = lan.between(since.isoformat(), until.to_pydatetime())
    assert as_text.options == lan.between(since, until).options
    assert lan.between(since).between(None, until).options == lan.between(since, until).options
    assert lan.between(since, until).between(times.iloc[0]).options == lan.between(since, until).options


def test_client_and_server(lan: Capture) -> None:
    client = lan.clients["addr"].iloc[0]
    server = lan.transactions["server"].iloc[0]
    ours = (lan.messages["src"] == client) & ~lan.messages["response"] | (lan.messages["dst"] == client) & lan.messages[
        "response"
    ]
    assert lan.client(client).report().summary.messages == int(ours.sum())
    assert lan.client("192.168.1.0/24").client(client).options == lan.client(client).options
    assert lan.server(server).options.select.servers == (f"{server}/32",)
    assert repr(lan.server(server)) == "<Capture fix-a-before-lan.pcap.gz (narrowed)>"


def test_one_client_of_several() -> None:
    incident = analyzer.read(ROOT / "samples" / "nodelocaldns-incident.pcap")
    asked = incident.transactions
    for client in ("10.233.64.11", "192.168.1.23"):
        narrowed = incident.client(client).transactions
        whole = asked[asked["client"] == client]
        assert 0 < len(whole) < len(asked)
        for name in ("time", "frame", "qname", "state", "send"):
            assert narrowed[name].tolist() == whole[name].tolist()


def test_under_a_name(lan: Capture) -> None:
    names = lan.messages["qname"].astype(str)
    inside = (names == "user1.svc.cluster.local") | names.str.endswith(".cluster.local.example.org")
    same(lan.under("Cluster.local.Example.org."), inside, lan)
    assert (
        lan.under("example.org").under("cluster.local.example.org").options
        == lan.under("cluster.local.example.org").options
    )
    assert (
        lan.under("cluster.local.example.org").under("example.org").options
        == lan.under("cluster.local.example.org").options
    )


@pytest.mark.parametrize(
    "wrong",
    [
        lambda c: analyzer.read([]),
        lambda c: analyzer.read(LAN, speed=9),
        lambda c: analyzer.read(5),  # type: ignore[arg-type]  # on purpose
        lambda c: analyzer.read([LAN, None]),  # type: ignore[list-item]  # on purpose
        lambda c: analyzer.read(LAN, select="example.org"),  # type: ignore[arg-type]  # on purpose
        lambda c: analyzer.read(LAN, ports=5353),
        lambda c: analyzer.read(LAN, ports=["domain"]),
        lambda c: analyzer.read(LAN, ports={65536}),
        lambda c: analyzer.read(LAN, filter="host nowhere.example").messages,
        lambda c: analyzer.read(ROOT / "README.md").messages,
        lambda c: analyzer.read(ROOT).messages,
        lambda c: analyzer.read(LAN, filter="port port").messages,
        lambda c: analyzer.read(LAN, decoder="fast").messages,
        lambda c: c.table("nonsense"),
        lambda c: c.to_arrow("nonsense"),
        lambda c: c.client("nobody"),
        lambda c: c.client("10.0.0.1").client("10.0.0.2"),
        lambda c: c.under("a.example").under("b.example"),
        lambda c: c.under("*.example"),
        lambda c: c.between("yesterday"),
        lambda c: c.between(3.5),
        lambda c: analyzer.read(LAN, select=Select(since=1, relative=frozenset({"since"}))).between(5),
        lambda c: c.what_if("ndots=many"),
        lambda c: c.to_html(Path("/nowhere/at/all.html")),
        lambda c: analyzer.compare(c, c).table("nonsense"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(lan: Capture, wrong: Any) -> None:
    with pytest.raises(DnsloupeError) as error:
        wrong(lan)
    assert str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("octets", "why"), [(0, "empty"), (10, "pipe: ")])
def test_a_pipe_that_closes_too_early_is_an_input_error(tmp_path: Path, octets: int, why: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    start = (ROOT / "samples" / "self-loop.pcap").read_bytes()[:octets]
    writer = threading.Thread(target=pipe.write_bytes, args=(start,))
    writer.start()
    with pytest.raises(InputError, match=why) as error:
        analyzer.read(pipe).report()
    writer.join()
    assert "\n" not in str(error.value)


def test_a_pipe_that_closes_midway_is_a_partial_report(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    whole = (ROOT / "samples" / "self-loop.pcap").read_bytes()
    writer = threading.Thread(target=pipe.write_bytes, args=(whole[: len(whole) // 2],))
    writer.start()
    report = analyzer.read(pipe).report()
    writer.join()
    assert report.partial
    assert report.summary.messages > 0


@pytest.mark.program("tshark")
def test_narrowings_together_keep_the_frames_that_tshark_keeps(lan: Capture) -> None:
    times = lan.messages["time"]
    since, until = times.iloc[100], times.iloc[1500]
    client, name = "192.168.1.26", "user2.svc.cluster.local.example.org"
    narrowed = lan.between(since, until).client(client).under(name)
    asked = (
        f"frame.time_epoch >= {since.value // 10**9}.{since.value % 10**9:09d} && "
        f"frame.time_epoch < {until.value // 10**9}.{until.value % 10**9:09d} && "
        f"((dns.flags.response == 0 && ip.src == {client}) || (dns.flags.response == 1 && ip.dst == {client})) && "
        f'(dns.qry.name == "{name}" || dns.qry.name matches "[.]{name.replace(".", "[.]")}$")'
    )
    run = subprocess.run(
        ["tshark", "-r", LAN, "-Y", asked, "-T", "fields", "-e", "frame.number"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    truth = [int(line) for line in run.stdout.split()]
    assert truth
    assert narrowed.messages["frame"].tolist() == truth
    assert narrowed.names["queries"].sum() == int((~narrowed.messages["response"]).sum())
    assert lan.under(name).client(client).between(since, until).messages["frame"].tolist() == truth


def test_a_client_that_is_not_there_is_a_table_without_rows(lan: Capture) -> None:
    nobody = lan.client("192.0.2.77")
    assert nobody.messages.empty
    assert nobody.messages.dtypes.map(str).equals(lan.messages.dtypes.map(str))
    assert "Looks healthy" not in nobody._repr_html_()


def test_times_are_utc_unless_they_say_otherwise(lan: Capture) -> None:
    zoned = datetime(2026, 11, 22, 19, 30, tzinfo=UTC)
    assert lan.between(zoned.replace(tzinfo=None)).options == lan.between(zoned).options
    assert lan.between("2026-11-22T20:30:00+01:00").options == lan.between("2026-11-22T19:30:00").options
    assert lan.between(int(zoned.timestamp()) * 10**9).options == lan.between(zoned).options


def test_a_verdict_shows_itself(lan: Capture) -> None:
    page = lan._repr_html_()
    assert page.startswith("<div>")
    assert lan.findings["id"].iloc[0] in page


def test_a_page_can_be_written(lan: Capture, tmp_path: Path) -> None:
    page = lan.to_html(tmp_path / "page.html")
    assert page.lstrip().startswith("<!")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page


def test_what_if_is_the_command_lines(lan: Capture) -> None:
    saving = lan.what_if("drop-search=example.org")
    run = subprocess.run(
        [sys.executable, "-m", "analyzer", "search", str(LAN), "--what-if", "drop-search=example.org", "-o", "json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    legs = json.loads(run.stdout)["what_if"][0]["legs"]
    assert saving.legs[["before", "low", "high"]].to_dict("records") == [
        {name: leg[name] for name in ("before", "low", "high")} for leg in legs
    ]
    assert saving._repr_html_().startswith("<div>")
    assert repr(saving) == "<Saving drop-search=example.org>"


def test_compare_tells_before_from_after(lan: Capture) -> None:
    after = analyzer.read(ROOT / "samples" / "fix-c-search-lan.pcap.gz")
    compared = analyzer.compare(lan, after)
    names = compared.table("names")
    assert names["change"].iloc[0] == "gone"
    assert names["before"].sum() == lan.names["queries"].sum()
    assert "gone" in compared._repr_html_()
    assert not compared.table("findings").empty
    assert repr(compared) == "<Compared fix-a-before-lan.pcap.gz and fix-c-search-lan.pcap.gz>"
    with pytest.raises(UsageError):
        compared.table("pairs")


def test_filters_reach_the_decoder() -> None:
    assert analyzer.read(LAN, filter="src port 53").messages["response"].all()
    assert analyzer.read(LAN, select=Select(only="queries")).report().summary.responses == 0
    assert analyzer.read(LAN, ports=[53]).options.ports == frozenset({53})


def test_plots_are_figures_of_this_capture(lan: Capture) -> None:
    assert list(dir(lan.plot)) == sorted(analyzer.plots.KINDS)
    figure = lan.plot.timeline()
    drawn = [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    assert any("rate" in text.lower() for text in drawn)
    with pytest.raises(AttributeError, match=r"no plot 'pie'; there are .*timeline"):
        lan.plot.pie()
