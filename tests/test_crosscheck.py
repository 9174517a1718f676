"""The incident's configuration against the incident's capture: what was predicted and seen, what was not, what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer import pipeline
from analyzer.crosscheck import Checked, Status
from analyzer.options import AnalyzeOptions

ROOT = Path(__file__).parent.parent
INCIDENT = ROOT / "samples" / "nodelocaldns-incident.pcap"
CONFIGS = ROOT / "tests" / "config" / "data"


def checked(config: str) -> tuple[Checked, ...]:
    options = AnalyzeOptions(config=(str(CONFIGS / config),))
    return pipeline.analyze([str(INCIDENT)], options).crosscheck


@pytest.fixture(scope="module")
def broken() -> tuple[Checked, ...]:
    return checked("incident")


def test_the_predicted_loop_was_seen(broken: tuple[Checked, ...]) -> None:
    (loop,) = [step for step in broken if step.cycle]
    assert broken[0] is loop
    assert (loop.status, loop.probability) == (Status.CONFIRMED, 0.5)
    # The storm's 187 turns, and 137 frames of probes.
    assert loop.queries == 324
    assert loop.first is not None
    assert loop.first.frame == 1
    assert any(source.text.strip() == "forward . /etc/resolv.conf" for source in loop.sources)


def test_steps_to_the_lan_and_the_cluster_were_seen(broken: tuple[Checked, ...]) -> None:
    seen = {
        (step.target, step.zone): step.queries for step in broken if step.status is Status.CONFIRMED and not step.cycle
    }
    assert seen[next(key for key in seen if "192.168.1.1" in key[0])] == 212  # dnsmasq's own log has 212
    assert any("10.233.0.3" in target and zone.startswith("cluster.local") for target, zone in seen)


def test_what_was_not_seen_is_said(broken: tuple[Checked, ...]) -> None:
    absent = [step for step in broken if step.status is Status.ABSENT]
    assert absent
    assert all(step.queries == 0 and step.first is None for step in absent)


def test_the_repaired_configuration_does_not_explain_the_loop() -> None:
    """systemd-resolved beside it sends from the same address, so its file would explain the leg: only the Corefile is given."""
    steps = checked("incident_fixed/nodelocaldns.yaml")
    assert not any(step.cycle for step in steps)
    unexplained = [step for step in steps if step.status is Status.UNPREDICTED]
    assert [(step.origin, step.target, step.queries) for step in unexplained] == [
        ("169.254.25.10", "169.254.25.10", 324)
    ]


def test_nothing_is_checked_without_configuration() -> None:
    assert pipeline.analyze([str(ROOT / "samples" / "self-loop.pcap")], AnalyzeOptions()).crosscheck == ()
