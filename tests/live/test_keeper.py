"""The keeper does what was planned, nothing else, and takes its program with it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.live.keeper import Files, Keeper, Plan

IDLE = ("/bin/sh", "-c", "echo out; echo err >&2; exec sleep 60")


@pytest.fixture
def keepers() -> Iterator[list[Keeper]]:
    made: list[Keeper] = []
    yield made
    for keeper in reversed(made):  # a later one was forked with the ends of the earlier ones open
        keeper.close()


def ended(pid: int) -> bool:
    """Whether a process is gone, or only waits for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_for(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not ended(pid):
        time.sleep(0.05)
    return ended(pid)


def test_the_program_speaks_through_the_descriptors_and_stops(keepers: list[Keeper]) -> None:
    keeper = Keeper(Plan(IDLE))
    keepers.append(keeper)
    out, err = keeper.start()
    assert (os.read(out, 10), os.read(err, 10)) == (b"out\n", b"err\n")
    keeper.count()  # only tcpdump is asked: others would end
    assert keeper.stop() == -signal.SIGINT
    os.close(out)
    os.close(err)


@pytest.mark.parametrize("killed", ["keeper", "parent"])
def test_nothing_is_left_when_one_of_them_goes(killed: str) -> None:
    keeper = Keeper(Plan(IDLE))
    out, err = keeper.start()
    child = keeper.child
    assert child is not None
    if killed == "keeper":
        os.kill(keeper.pid, signal.SIGKILL)
        with pytest.raises(OSError, match="gone"):
            keeper.stop()
    keeper.close()
    assert wait_for(child)
    os.close(out)
    os.close(err)


def test_only_planned_files_are_opened_and_old_ones_go(tmp_path: Path, keepers: list[Keeper]) -> None:
    keeper = Keeper(Plan((), Files(str(tmp_path / "x.pcap"), numbered=True, keep=2)))
    keepers.append(keeper)
    for number in (1, 2, 3):
        os.close(keeper.open(number))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x_00002.pcap", "x_00003.pcap"]
    for number in (0, -1, 100_000):
        with pytest.raises(PermissionError):
            keeper.open(number)


def test_a_link_is_not_followed_and_nothing_is_opened_without_a_plan(tmp_path: Path, keepers: list[Keeper]) -> None:
    (tmp_path / "x.pcap").symlink_to(tmp_path / "elsewhere")
    keepers += [Keeper(Plan((), Files(str(tmp_path / "x.pcap")))), Keeper(Plan())]
    for keeper in keepers:
        with pytest.raises(OSError):  # noqa: PT011 - of any number; what counts is that nothing was made
            keeper.open(1)
    assert not (tmp_path / "elsewhere").exists()


def test_nonsense_does_not_end_it(keepers: list[Keeper]) -> None:
    keeper = Keeper(Plan())
    keepers.append(keeper)
    for request in ({}, {"do": "nothing"}, {"do": "open"}, {"do": "count"}, {"do": "owners", "sockets": [1]}):
        try:
            keeper._ask(request)
        except OSError:
            continue
    assert keeper.stop() is None
