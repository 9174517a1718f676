"""A forked function speaks through its descriptors, ends with a code, and can be ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from analyzer.live.forked import Forked


def run(work: object) -> tuple[Forked, int, int]:
    out, out_child = os.pipe()
    err, err_child = os.pipe()
    made = Forked(work, out_child, err_child)  # type: ignore[arg-type]  # a lambda, or what must fail
    os.close(out_child)
    os.close(err_child)
    return made, out, err


def speak() -> int:
    sys.stdout.write("out")
    sys.stderr.write("err")
    return 7


def test_it_speaks_and_ends_with_its_code() -> None:
    made, out, err = run(speak)
    assert made.wait(10) == 7
    assert (os.read(out, 10), os.read(err, 10)) == (b"out", b"err")
    assert os.read(out, 10) == b""  # nobody else holds the other end
    assert made.poll() == 7
    made.kill()  # of what has ended is nothing
    os.close(out)
    os.close(err)


def test_it_is_waited_for_and_ended() -> None:
    made, out, err = run(lambda: time.sleep(60))
    with pytest.raises(subprocess.TimeoutExpired):
        made.wait(0.1)
    made.send_signal(signal.SIGTERM)
    assert made.wait(10) == -signal.SIGTERM
    os.close(out)
    os.close(err)


def test_what_breaks_in_it_does_not_come_back() -> None:
    made, out, err = run(lambda: 1 // 0)
    assert made.wait(10) == 70
    os.close(out)
    os.close(err)
