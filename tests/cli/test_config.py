"""The command: options, formats, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analyzer.cli import run
from tests.config.sites import CLUSTER, DATA, write

INCIDENT = str(DATA / "incident")


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", INCIDENT]) == 0
    assert run(["config", INCIDENT, "--fail-on", "high"]) == 1
    assert run(["config", INCIDENT, "--fail-on", "critical"]) == 0
    assert run(["config", str(DATA / "incident_fixed"), "--fail-on", "info"]) == 0
    assert run(["config", INCIDENT, str(tmp_path / "absent")]) == 3
    assert run(["config", str(tmp_path / "absent")]) == 2
    assert run(["config", "nobody=x"]) == 2
    assert run(["config", INCIDENT, "--env", "X"]) == 2
    assert "unknown role 'nobody'" in capsys.readouterr().err


def test_json_and_dot(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["config", INCIDENT, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["cycles"][0]["probability"] == 0.5
    assert run(["config", INCIDENT, "-o", "dot", "-O", str(tmp_path / "g.dot")]) == 0
    assert (tmp_path / "g.dot").read_text().startswith("digraph")


def test_environment_of_the_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, {"Corefile": CLUSTER.replace("UPSTREAM", "{$LAN_DNS}")}) / "Corefile"
    assert run(["config", str(path), "--env", "LAN_DNS=192.168.1.1", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["not_understood"] == []
    assert "192.168.1.1" in [edge["to"] for edge in found["edges"]]
    run(["config", str(path), "-o", "json"])
    assert "LAN_DNS" in json.loads(capsys.readouterr().out)["not_understood"][0]["why"]


def test_every_rule_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for asked, head in (("R1", "# R1"), ("r12", "# R12"), ("config-loop", "# config-loop")):
        assert run(["explain", asked]) == 0
        assert capsys.readouterr().out.startswith(f"{head}\n\n")
    assert run(["explain", "R99"]) == 2
