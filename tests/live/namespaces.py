"""Network namespaces of the tests' own: nothing outside them is touched, and what runs inside ends with them."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

__all__ = ["Live", "Namespace", "namespace", "until"]

NEEDED = ("unshare", "nsenter", "ip", "tcpdump")


def until(ready: Any, seconds: float = 60) -> Any:
    """The first true value of `ready()`, or a failure."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := ready():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


@functools.cache
def missing() -> str:
    """Why namespaces cannot be made here, or nothing."""
    for name in NEEDED:
        if shutil.which(name) is None:
            return f"no {name} on the PATH"
    probe = subprocess.run(
        ["unshare", "--net", "--pid", "--fork", "--mount-proc", "true"], capture_output=True, check=False
    )
    return "" if probe.returncode == 0 else "no right to make network namespaces"


class Namespace:
    """A network and process namespace with `va` and `vb`, a pair of veth; `vb` has 10.9.0.1, `va` 10.9.0.2 as well."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--pid", "--mount-proc", "--fork", "--kill-child", "sleep", "300"],
            stderr=subprocess.DEVNULL,
        )
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children")
        self._init = until(lambda: children.read_text().split())[0]
        until(lambda: "sleep" in Path(f"/proc/{self._init}/comm").read_text())
        self.run("ip link set lo up")
        self.run("ip link add va type veth peer name vb")
        for line in ("ip link set va up", "ip link set vb up", "ip addr add 10.9.0.1/24 dev vb"):
            self.run(line)

    def _inside(self, words: Sequence[str]) -> list[str]:
        return ["nsenter", "-t", self._init, "-n", "-p", "-m", *words]

    def run(self, line: str, check: bool = True) -> str:
        """What a command prints."""
        done = subprocess.run(
            self._inside(line.split()), capture_output=True, text=True, check=False, timeout=60, cwd=ROOT
        )
        assert not check or done.returncode == 0, f"{line}: {done.stderr}"
        return done.stdout

    def start(self, words: Sequence[str], **how: Any) -> subprocess.Popen[bytes]:
        """A command in the background; it ends with the namespace."""
        self._started.append(subprocess.Popen(self._inside(words), cwd=ROOT, **how))
        return self._started[-1]

    def hide(self, *programs: str) -> None:
        """As if these were not installed; only in this namespace."""
        for name in programs:
            path = shutil.which(name)
            if path is not None:
                self.run(f"mount --bind /dev/null {path}")

    def pids(self, pattern: str) -> list[int]:
        """Processes inside, by their whole command line; those that have ended and wait for a parent do not count."""
        return [int(pid) for pid in self.run(f"pgrep -r D,R,S,T -f {pattern}", check=False).split()]

    def close(self) -> None:
        """End everything inside."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(self._init), signal.SIGKILL)
        for process in (*self._started, self._holder):
            process.wait(10)


class Live:
    """`dnsloupe live` inside a namespace, its output in files."""

    def __init__(
        self, inside: Namespace, folder: Path, options: str, stdout: Any = None, stdin: Any = subprocess.DEVNULL
    ) -> None:
        self.inside = inside
        self.out, self.err = folder / "out", folder / "err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = inside.start(
                [sys.executable, "-m", "analyzer", "live", *options.split()],
                stdin=stdin,
                stdout=stdout or out,
                stderr=err,
            )

    def capturing(self, program: str = "^/usr/bin/tcpdump") -> int:
        """Wait until the capturing program runs; its process id inside."""
        pids: list[int] = until(lambda: self.inside.pids(program) or self.process.poll() is not None)
        assert self.process.poll() is None, self.err.read_text()
        time.sleep(0.5)  # from here on it opens the interface
        return pids[0]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to the one that shows; the exit code."""
        self.send(number)
        return self.code()

    def send(self, number: int) -> None:
        """A signal to the one that shows: the eldest of the two processes."""
        self.inside.run(f"kill -{number} {self.main}")

    @property
    def main(self) -> int:
        return min(self.inside.pids("analyzer.live"))

    def code(self) -> int:
        return self.process.wait(40)

    def gone(self) -> None:
        """Nothing of it is left."""
        left = "analyzer.live|tcpdump|dumpcap"
        until(lambda: not self.inside.pids(left), 60)


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    """A fresh one, or a skip that says why there is none."""
    if missing():
        pytest.skip(f"live in namespaces: {missing()}")
    made = Namespace()
    try:
        yield made
    finally:
        made.close()
