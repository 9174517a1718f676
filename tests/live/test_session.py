"""The stream as it comes against the same bytes at once; findings that come and go; bounds."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from analyzer import pipeline
from analyzer.errors import NotACapture
from analyzer.live.session import Session
from analyzer.live.settings import MB, Settings
from analyzer.options import AnalyzeOptions
from analyzer.report.json import document
from tests.live.streams import START, pcap_of, stream


def session(settings: Settings | None = None) -> Session:
    return Session("here", AnalyzeOptions(), settings or Settings(), pipeline.judge)


@pytest.mark.slow
@pytest.mark.parametrize(("sample", "chunk"), [("self-loop.pcap", 777), ("aaaa-waste.pcap", 5000)])
def test_the_last_report_is_that_of_analyze(samples: Path, sample: str, chunk: int) -> None:
    data, watched = (samples / sample).read_bytes(), session()
    for at in range(0, len(data), chunk):
        watched.feed(data[at : at + chunk])
    watched.end()
    mine, theirs = document(watched.report()), document(pipeline.analyze([str(samples / sample)], AnalyzeOptions()))
    parts = ("ledger", "summary", "names", "bases", "suffixes", "clients", "servers", "pairs", "rcodes", "findings")
    assert [part for part in parts if mine[part] != theirs[part]] == []


@pytest.mark.slow
def test_a_storm_is_raised_at_once_and_clears_two_windows_after_it(samples: Path) -> None:
    data = gzip.decompress((samples / "fix-a-before-lan.pcap.gz").read_bytes())
    watched = session()
    watched.feed(data)
    end = watched._latest_ns
    assert end is not None
    raised = {e.finding.id: e.time_ns - (e.finding.first or 0) for e in watched.events if e.kind == "raised"}
    assert raised["nxdomain-no-soa"] <= 10_000_000_000
    watched.events.clear()
    watched._reach(end + 55_000_000_000)
    assert not [e for e in watched.events if e.kind == "cleared" and e.finding.id == "nxdomain-no-soa"]
    watched._reach(end + 80_000_000_000)
    cleared = [e for e in watched.events if e.kind == "cleared" and e.finding.id == "nxdomain-no-soa"]
    assert {e.finding.subject.value for e in cleared} == {"192.168.1.23>192.168.1.1", "192.168.1.26>192.168.1.1"}
    assert len(cleared) == 2
    assert all(60_000_000_000 < e.time_ns - end <= 80_000_000_000 for e in cleared)
    assert not [entry for entry in watched.entries if entry.active]


def test_nothing_is_judged_twice_where_no_packet_comes() -> None:
    watched = session()
    watched.tick()
    assert watched.now_ns is None
    assert watched.window is None


def test_what_is_no_capture_is_refused() -> None:
    with pytest.raises(NotACapture):
        session().feed(b"HTTP/1.1 200 OK\r\n")


def test_a_flood_of_names_stays_within_its_caps() -> None:
    settings = Settings(memory=1 * MB)  # the least that there is
    watched = session(settings)
    names = settings.decode(AnalyzeOptions()).max_names
    count = names + 2000
    asked = [(number / 2000, f"x{number}.flood.test", 3) for number in range(count)]
    watched.feed(pcap_of(asked[:1]))
    for at in range(1, count, 4000):
        watched.feed(stream(asked[at : at + 4000]))
    watched.end()
    report = watched.report()
    assert report.summary.queries == report.summary.responses == count
    assert report.ledger.notes["capped-names"] > 0
    assert len(watched._names) <= names + 100
    assert max(watched._run_stage._rows, watched._window_stage._rows) <= settings.rows


def test_messages_are_counted_by_their_own_time() -> None:
    watched = session()
    watched.feed(pcap_of([(second, "www.example.org", 0) for second in range(8)]))
    watched.end()
    assert watched.pulse.last_minute == {"queries": 8, "NOERROR": 8}
    assert (watched.now_ns or 0) // 1_000_000_000 >= START + 7
