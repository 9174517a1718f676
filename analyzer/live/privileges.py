"""Who may do what: the caller's own account, no new privileges, and for the capturing program the one right that it needs."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Account", "calling_account", "die_with_parent", "drop", "keep_capture_rights"]

_PR_SET_PDEATHSIG: Final = 1  # prctl(2), linux/prctl.h
_PR_SET_KEEPCAPS: Final = 8
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_CAPABILITY_VERSION: Final = 0x20080522  # capset(2), version 3: two words of 32 bits
_CAP_SETGID: Final = 6  # capabilities(7)
_CAP_SETUID: Final = 7
_CAP_NET_ADMIN: Final = 12
_CAP_NET_RAW: Final = 13


@dataclass(frozen=True, slots=True)
class Account:
    """An account to run as; `named` where it is the one that called sudo, not the last resort."""

    uid: int
    gid: int
    name: str
    named: bool


def calling_account() -> Account | None:
    """The account that all parsing runs as: who called sudo, else nobody; None where we may not change it."""
    if os.geteuid() != 0 or not _permitted() >> _CAP_SETGID & _permitted() >> _CAP_SETUID & 1:
        return None
    uid, gid = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if uid.isdecimal() and gid.isdecimal() and int(uid) > 0:
        return Account(int(uid), int(gid), os.environ.get("SUDO_USER", uid), named=True)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534, "nobody", named=False)
    return Account(nobody.pw_uid, nobody.pw_gid, "nobody", named=False)


def drop(account: Account | None) -> None:
    """Become the account for good, without groups, and never gain a right again, whatever is executed."""
    if account is not None:
        os.setgroups([])
        os.setresgid(account.gid, account.gid, account.gid)
        os.setresuid(account.uid, account.uid, account.uid)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def die_with_parent() -> None:
    """Be sent SIGTERM when the parent dies, however it dies. Changing the account forgets it, so this comes last."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def keep_capture_rights(account: Account) -> None:
    """Become the account, and keep only what opening an interface takes, also for the program executed next."""
    _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(account.gid, account.gid, account.gid)
    os.setresuid(account.uid, account.uid, account.uid)
    rights = [cap for cap in (_CAP_NET_RAW, _CAP_NET_ADMIN) if _permitted() >> cap & 1]
    mask = sum(1 << cap for cap in rights)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    words = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)  # effective, permitted, inheritable; low word, high word
    if _libc().capset(header, words) == 0:
        for cap in rights:
            _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, cap)


def _permitted() -> int:
    """Our capabilities as bits; all of them where the kernel knows none (root is root there)."""
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith("CapPrm:"):
            return int(line.split()[1], 16)
    return -1


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int, more: int = 0) -> None:
    """Where the kernel has no such option, nothing is done: it is Linux's, and the account alone still holds."""
    call = getattr(_libc(), "prctl", None)
    if call is not None:
        call(option, ctypes.c_ulong(value), ctypes.c_ulong(more), ctypes.c_ulong(0), ctypes.c_ulong(0))
