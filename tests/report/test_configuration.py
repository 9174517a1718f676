"""Text, JSON and Graphviz of a diagnosis."""

from __future__ import annotations

import json

from analyzer.config import diagnose
from analyzer.report.configuration import as_dot, as_json, as_text
from tests.config.sites import DATA

INCIDENT = str(DATA / "incident")


def test_text_says_what_matters() -> None:
    text = "\n".join(as_text(diagnose([INCIDENT])))
    assert "probabilistic: nodelocaldns@node -> nodelocaldns@node" in text
    assert "p 0.5, 2 arrivals per query, 0.25 of starts end by plugin/loop" in text
    assert "nodelocaldns.yaml:51: forward . 192.168.1.1" in text
    assert "Not understood: nothing was left out" in text


def test_json_is_plain_and_complete() -> None:
    found = as_json(diagnose([INCIDENT]))
    assert json.loads(json.dumps(found)) == found
    (cycle,) = found["cycles"]
    assert (cycle["verdict"], cycle["probability"], cycle["arrivals_per_query"]) == ("probabilistic", 0.5, 2.0)
    loop = next(one for one in found["findings"] if one["id"] == "config-loop")
    assert loop["sources"][0]["line"] == 51
    assert loop["fix"][0]["text"] == "forward . 192.168.1.1"


def test_dot_marks_the_cycle() -> None:
    lines = list(as_dot(diagnose([INCIDENT])))
    assert (lines[0], lines[-1]) == ("digraph dns {", "}")
    (loop,) = [line for line in lines if '"nodelocaldns@node" -> "nodelocaldns@node"' in line]
    assert "p 0.5" in loop
    assert "cycle" in loop


def test_control_characters_do_not_leave(tmp_path) -> None:  # type: ignore[no-untyped-def]  # pytest's own fixture
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 192.0.2.1\n\x1b]0;owned\x07 \x1b[2J\n")
    assert not any("\x1b" in line for line in as_text(diagnose([str(path)])))
