"""The whole command line: exit codes, one line for every error, and a quick start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import analyzer.cli as cli
from analyzer import __version__
from tests import builders as b
from tests.conftest import ROOT

Run = Callable[..., tuple[int, str, str]]


def test_help_names_every_command(dnsloupe: Run) -> None:
    code, out, _ = dnsloupe("-h")
    assert code == 0
    commands = {path.stem for path in (ROOT / "analyzer/cli").glob("*.py") if "\ndef command(" in path.read_text()}
    assert {"analyze", "messages", "doctor", "explain", "detectors"} <= commands
    assert [name for name in sorted(commands) if f"\n  {name} " not in out] == []


def test_version(dnsloupe: Run) -> None:
    assert dnsloupe("--version") == (0, f"dnsloupe {__version__}\n", "")


def test_help_imports_no_numpy() -> None:
    program = (
        "import sys\nfrom analyzer.cli import run\nrun(['--help'])\nprint('numpy' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.strip() == "False"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["analyse"], "dnsloupe: No such command 'analyse'. (see dnsloupe --help)\n"),
        (["messages", "--zzzzzz"], "dnsloupe: No such option '--zzzzzz'. (see dnsloupe messages --help)\n"),
        (["messages"], "dnsloupe: no capture given (a file, or - for standard input)\n"),
        (["analyze", "-", "-"], "dnsloupe: standard input can be read only once\n"),
        (["analyze", "no-such.pcap"], "dnsloupe: no-such.pcap: no such file or directory\n"),
        (["analyze", "."], "dnsloupe: .: is a directory\n"),
        (["explain", "loop-prob"], "did you mean loop-probe? (dnsloupe detectors lists them)\n"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_2(dnsloupe: Run, words: list[str], error: str) -> None:
    code, out, err = dnsloupe(*words)
    assert (code, out) == (2, "")
    assert err.endswith(error)
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["messages", "analyze"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"GIF89a" * 50, "no pcap or pcapng file"),
        (b.pcap([]), "no DNS"),
        (b.pcap([b.ethernet(b.ipv4(b.udp(b"x" * 20, 1, 2)))]), "no DNS"),
        (b.pcap([b"\0" * 60], linktype=147), "no DNS"),
    ],
)
def test_never_an_empty_success(dnsloupe: Run, tmp_path: Path, command: str, data: bytes, reason: str) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(data)
    code, _, err = dnsloupe(command, path)
    assert code == 2
    assert str(path) in err
    assert reason.lower() in err.lower()
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["messages", "analyze"])
def test_a_cut_capture_is_printed_and_exit_3(dnsloupe: Run, capture: Path, command: str) -> None:
    capture.write_bytes(capture.read_bytes()[:-5])
    code, out, err = dnsloupe(command, capture)
    assert code == 3
    assert "example.org" in out
    assert err.startswith(f"dnsloupe: {capture}: ")
    assert err.count("\n") == 1


def test_one_of_several_files_unreadable_is_partial(dnsloupe: Run, capture: Path) -> None:
    code, out, err = dnsloupe("messages", capture, "no-such.pcap")
    assert code == 3
    assert "www.example.org" in out
    assert err == "dnsloupe: no-such.pcap: no such file or directory\n"


def test_control_characters_of_a_file_name_do_not_reach_the_terminal(dnsloupe: Run) -> None:
    _, _, err = dnsloupe("messages", "\x1b[31mred.pcap")
    assert "\x1b" not in err


def test_our_own_mistakes_are_one_line_too(dnsloupe: Run, monkeypatch: pytest.MonkeyPatch, capture: Path) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom\nsecond line")

    monkeypatch.setattr("analyzer.pipeline.analyze", broken)
    monkeypatch.delenv("DNSLOUPE_DEBUG", raising=False)
    code, _, err = dnsloupe("analyze", capture)
    assert code == 2
    assert err == "dnsloupe: internal error: RuntimeError: boom second line (DNSLOUPE_DEBUG=1 shows where)\n"


def test_ctrl_c_is_130(dnsloupe: Run, monkeypatch: pytest.MonkeyPatch, capture: Path) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("analyzer.pipeline.analyze", interrupted)
    code, out, err = dnsloupe("analyze", capture)
    assert (code, out, err.strip()) == (130, "", "dnsloupe: interrupted")


def test_a_reader_that_goes_away_is_no_error(capture: Path, samples: Path) -> None:
    program = [sys.executable, "-m", "analyzer", "messages", str(samples / "nodelocaldns-incident.pcap")]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.wait(60)
    assert err == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110 - a device, no file of ours
def test_a_full_disk_is_one_line(capture: Path) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - as above
        done = subprocess.run(
            [sys.executable, "-m", "analyzer", "messages", str(capture)],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 2
    assert "no space left" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_a_module_without_a_command_is_none(dnsloupe: Run) -> None:
    assert dnsloupe("inputs")[0] == 2
    assert cli.cli.list_commands  # the group is the discovering one
