"""The keeper: a small process that stays privileged so that the one that parses need not be.

It is forked before a byte of traffic is read and knows its whole task by then: one command line to start, one name of files to
write. It starts the capturing program, opens the next file of `-w`, asks the program for its counters, says who owns a
socket, and stops the program when asked, or when its control socket closes, because the one that asked is gone.
"""

from __future__ import annotations

import array
import contextlib
import errno
import json
import os
import select
import signal
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from analyzer.live.child import SCAPY
from analyzer.live.forked import Forked
from analyzer.live.owners import owners
from analyzer.live.privileges import Account, die_with_parent, drop, keep_capture_rights

__all__ = ["Files", "Keeper", "Plan"]

_LARGEST: Final = 65_536  # octets of a request or an answer
_PATIENCE_S: Final = 2.0  # until a program that was asked to end is killed
_PIPE: Final = 1 << 20
_F_SETPIPE_SZ: Final = 1031


@dataclass(frozen=True, slots=True)
class Files:
    """Names of the files to write. With `numbered` they are `x_00001.pcap`, …; only the last `keep` stay (0: all)."""

    path: str
    numbered: bool = False
    keep: int = 0

    def name(self, number: int) -> Path:
        path = Path(self.path)
        return path.with_name(f"{path.stem}_{number:05d}{path.suffix}") if self.numbered else path


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the keeper will ever do: `command` to run (empty: none), `files` to write, `account` to run it as."""

    command: tuple[str, ...] = ()
    files: Files | None = None
    account: Account | None = None


class Keeper:
    """The other end: asks the keeper. Every request is answered, or raises OSError where the keeper is gone."""

    def __init__(self, plan: Plan) -> None:
        """Fork. Call it before threads are started and before much is imported: the keeper stays as small as it began."""
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if self.pid == 0:
            mine.close()
            _serve(its, plan)
        its.close()
        self._socket = mine
        self.child: int | None = None

    def start(self) -> tuple[int, int]:
        """Start the program; descriptors of its standard output and error. Raises OSError."""
        answer, fds = self._ask({"do": "start"})
        self.child = int(answer["pid"])
        return fds[0], fds[1]

    def open(self, number: int) -> int:
        """A descriptor of the file with that number, emptied; the one that is too old goes. Raises OSError."""
        return self._ask({"do": "open", "number": number})[1][0]

    def count(self) -> None:
        """Have the program say its counters, where it can."""
        self._ask({"do": "count"})

    def owners(self, sockets: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """`name (pid)` of the processes that own the given (address, port), for those that are known."""
        answer, _ = self._ask({"do": "owners", "sockets": list(sockets)[:256]})
        return {(address, port): name for address, port, name in answer["owners"]}

    def stop(self) -> int | None:
        """Stop the program; its exit status (negative: the signal that ended it), None where there was none."""
        status: int | None = self._ask({"do": "stop"})[0]["status"]
        return status

    def close(self) -> None:
        """Let the keeper go; it stops the program if that still runs."""
        self._socket.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def abandon(self) -> None:
        """The keeper is gone: stop what it left behind. The program runs under our own account, so we may."""
        if self.child is not None:
            with contextlib.suppress(OSError):
                os.kill(self.child, signal.SIGTERM)

    def _ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
        self._socket.sendall(json.dumps(request).encode())
        data, fds = _receive(self._socket)
        if not data:
            raise OSError(errno.EPIPE, "the keeper process is gone")
        answer = json.loads(data)
        if "error" in answer:
            raise OSError(answer["error"], os.strerror(answer["error"]), answer.get("file"))
        return answer, fds


def _receive(sock: socket.socket) -> tuple[bytes, list[int]]:
    space = socket.CMSG_SPACE(2 * array.array("i").itemsize)
    try:
        data, extra, _, _ = sock.recvmsg(_LARGEST, space, socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:
        return b"", []
    fds = array.array("i")
    for level, kind, blob in extra:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(blob[: len(blob) - len(blob) % fds.itemsize])
    return data, fds.tolist()


# ---- the keeper's own side


def _serve(sock: socket.socket, plan: Plan) -> None:
    """Answer until the other end is gone; never returns."""
    os.setsid()  # what is typed at the terminal (Ctrl-C, Ctrl-Z) is for the one who shows, not for us
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.SIG_IGN)
    worker = _Worker(plan)
    signal.signal(signal.SIGTERM, lambda *_: worker.leave())
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        while True:
            select.select([sock], [], [])
            data, _ = _receive(sock)
            if not data:
                break
            answer, fds = worker.answer(json.loads(data))
            socket.send_fds(sock, [json.dumps(answer).encode()], fds)
            for fd in fds:
                os.close(fd)
    except OSError:
        pass  # the other end went away in the middle
    finally:
        worker.leave()


def _only_read(account: Account | None) -> None:
    """The socket is open: from here on no right is needed."""
    drop(account)
    die_with_parent()


class _Worker:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._child: subprocess.Popen[bytes] | Forked | None = None
        self._oldest = 1

    def answer(self, request: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
        try:
            match request["do"]:
                case "start":
                    return self._start()
                case "open":
                    return {}, [self._open(int(request["number"]))]
                case "count":
                    if self._plan.command and Path(self._plan.command[0]).name == "tcpdump":  # it would end others
                        self._signal(signal.SIGUSR1)
                    return {}, []
                case "owners":
                    found = owners((str(address), int(port)) for address, port in request["sockets"])
                    return {"owners": [[*key, name] for key, name in found.items()]}, []
                case "stop":
                    return {"status": self._stop()}, []
        except OSError as error:
            return {"error": error.errno or errno.EIO, "file": error.filename and str(error.filename)}, []
        except (KeyError, TypeError, ValueError):  # not as agreed; who asks so must not end us, or the program stays
            pass
        return {"error": errno.EINVAL}, []

    def _start(self) -> tuple[dict[str, Any], list[int]]:
        out, out_child = os.pipe2(os.O_CLOEXEC)
        err, err_child = os.pipe2(os.O_CLOEXEC)
        with contextlib.suppress(OSError):
            import fcntl

            fcntl.fcntl(out, _F_SETPIPE_SZ, _PIPE)
        account = self._plan.account

        def reset() -> None:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
                signal.signal(number, signal.SIG_DFL)

        def become() -> None:
            reset()
            if account is not None:
                keep_capture_rights(account)
            die_with_parent()

        def scapy() -> int:
            from analyzer.live.fallback import main

            reset()
            return main(self._plan.command[1:], lambda: _only_read(account))

        try:
            if self._plan.command[0] == SCAPY:
                self._child = Forked(scapy, out_child, err_child)
                return {"pid": self._child.pid}, [out, err]
            self._child = subprocess.Popen(
                self._plan.command,
                stdin=subprocess.DEVNULL,
                stdout=out_child,
                stderr=err_child,
                env={"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
                cwd="/",
                preexec_fn=become,  # noqa: PLW1509 - the keeper has no threads
            )
        finally:
            os.close(out_child)
            os.close(err_child)
        return {"pid": self._child.pid}, [out, err]

    def _open(self, number: int) -> int:
        """Only names that follow from the plan are ever opened, whatever is asked for."""
        files = self._plan.files
        if files is None or not 0 < number < 100_000:
            raise OSError(errno.EACCES, "not planned")
        path = files.name(number)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        account = self._plan.account
        if account is not None and account.named:
            os.fchown(fd, account.uid, account.gid)
        while files.numbered and files.keep and self._oldest <= number - files.keep:
            with contextlib.suppress(OSError):
                files.name(self._oldest).unlink()
            self._oldest += 1
        return fd

    def _signal(self, number: int) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(number)

    def _stop(self) -> int | None:
        if self._child is None:
            return None
        self._signal(signal.SIGINT)  # upon which both programs say their counters
        try:
            return self._child.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()

    def leave(self) -> None:
        """End, and the program with us."""
        with contextlib.suppress(Exception):
            self._stop()
        os._exit(0)
