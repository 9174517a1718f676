"""The view without a terminal."""

from __future__ import annotations

import io
import json

from analyzer.findings import Confidence, Finding, Severity, Subject
from analyzer.live.child import Counters
from analyzer.live.findings_log import Entry, Event
from analyzer.live.lines import JsonLines, Lines
from analyzer.live.state import State

FOUND = Finding(
    "loop", "k", Severity.HIGH, Confidence.HIGH, "bad \x1b[2J name", Subject("name", "a"), 0, 0, None, None, 10
)
NOW = 1_700_000_000_000_000_000


def state() -> State:
    return State(
        where="lo", program="tcpdump", now_ns=NOW, elapsed_s=1, packets=1234, messages=1200, octets=9, rates={"queries": 2.5, "NXDOMAIN": 1.0},
        minute={"queries": 150}, series=[], entries=[Entry(FOUND, NOW, NOW)], window=None, counters=Counters(9, 9, 3, None),
    )  # fmt: skip


def test_one_line_says_it_all_and_obeys_no_escape() -> None:
    out = io.StringIO()
    Lines(out).show(state())
    Lines(out).tell([Event("raised", NOW, NOW, FOUND)])
    first, second = out.getvalue().splitlines()
    assert first.startswith(
        "22:13:20 2.5 queries/s (NXDOMAIN 1.0/s), 150 in the last minute, 1,234 packets, 3 dropped, 1 findings"
    )
    assert second == "22:13:20 raised HIGH bad \\027[2J name [loop]"


def test_json_lines_are_objects_with_the_finding() -> None:
    out = io.StringIO()
    face = JsonLines(out)
    face.show(state())
    face.tell([Event("cleared", NOW, NOW, FOUND)])
    summary, cleared = map(json.loads, out.getvalue().splitlines())
    assert (summary["event"], summary["packets"], summary["dropped_kernel"]) == ("summary", 1234, 3)
    assert (cleared["event"], cleared["finding"]["id"], cleared["time"]) == (
        "cleared",
        "loop",
        "2023-11-14T22:13:20.000000000Z",
    )
