"""--fail-on on the command line: the exit code, what is said, and what is refused before anything is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer import pipeline

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("loop", ["--fail-on loop: loop: "]),
        ("severity>=critical,leak>0", ["--fail-on severity>=critical: ", "--fail-on leak>0: leak: "]),
        ("amplification>3", ["--fail-on amplification>3: amplification is "]),
    ],
)
def test_a_condition_that_is_met_is_exit_1_and_named(dnsloupe: Run, samples: Path, words: str, said: list[str]) -> None:
    code, out, err = dnsloupe("analyze", samples / "nodelocaldns-incident.pcap", "-q", "--fail-on", words)
    assert code == 1
    assert "CRITICAL" in out
    lines = err.splitlines()
    assert len(lines) == len(said)
    assert all(part in line for part, line in zip(said, lines, strict=True))


def test_conditions_that_are_not_met_are_silent(dnsloupe: Run, samples: Path) -> None:
    words = ["--fail-on", "severity>=high,loop", "--fail-on", "transports.doq>0"]
    code, _, err = dnsloupe("analyze", samples / "healthy.pcap.gz", "-q", *words)
    assert (code, err) == (0, "")


@pytest.mark.parametrize("words", ["nonsense", "amplificaton>3", "severity>=bad", "loop>x"])
def test_words_that_cannot_be_are_refused_before_reading(dnsloupe: Run, words: str) -> None:
    code, out, err = dnsloupe("analyze", "no-such-file.pcap", "--fail-on", words)
    assert (code, out) == (2, "")
    assert err.startswith("dnsloupe: --fail-on: ")
    assert "no-such-file" not in err


def test_a_number_that_the_summary_lacks_is_exit_2(dnsloupe: Run, samples: Path) -> None:
    code, _, err = dnsloupe("analyze", samples / "self-loop.pcap", "--fail-on", "states.nonsense>0")
    assert code == 2
    assert "unknown word 'states.nonsense'" in err


@pytest.mark.parametrize(("change", "code"), [({"interrupted": True}, 130), ({"damage": ("x.pcap: cut",)}, 1)])
def test_interrupted_counts_more_and_partial_less_than_a_met_condition(
    dnsloupe: Run, samples: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], code: int
) -> None:
    whole = pipeline.analyze
    monkeypatch.setattr(pipeline, "analyze", lambda *args: dataclasses.replace(whole(*args), **change))  # type: ignore[arg-type]  # fields of the Report
    assert dnsloupe("analyze", samples / "self-loop.pcap", "-q", "--fail-on", "loop")[0] == code


def test_rules_of_configurations_are_words_where_one_is_given(dnsloupe: Run, tmp_path: Path) -> None:
    resolver = tmp_path / "resolv.conf"
    resolver.write_text("nameserver 192.0.2.1\n")
    given = ["analyze", "no-such-file.pcap", "--fail-on", "config-loop"]
    assert "unknown word" in dnsloupe(*given)[2]
    assert "no-such-file" in dnsloupe(*given, "--config", resolver)[2]
