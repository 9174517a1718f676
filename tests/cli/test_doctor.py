"""`dnsloupe doctor`."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from analyzer import decode

Run = Callable[..., tuple[int, str, str]]


def test_the_line_is_one_line_and_names_the_decoder(dnsloupe: Run) -> None:
    code, out, err = dnsloupe("doctor", "--line")
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert ("native decoder" in out) == (decode.native_error() is None)


def test_json_has_versions_programs_and_the_reason(dnsloupe: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "native_error", lambda: "not built")
    state = json.loads(dnsloupe("doctor", "-o", "json")[1])
    assert state["decoder"] == "reference"
    assert state["native_absent"] == "not built"
    assert state["libraries"]["numpy"]
    assert set(state["programs"]) == {"dumpcap", "tcpdump", "tshark"}


def test_what_is_absent_comes_with_its_remedy(dnsloupe: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(decode, "native_error", lambda: "no module named _native")
    _, out, _ = dnsloupe("doctor")
    assert "tcpdump absent" in out
    assert "the native one is not used: no module named _native" in out
