"""From the arguments of a command to parsed files: `PATH`, `ROLE=PATH` or `ROLE@HOST=PATH`, files or directories."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from analyzer.config import corefile, dnsmasq, kubelet, kubespray, manifests, netplan, resolvconf, resolved, roles
from analyzer.config.files import Jail, text_of, walk
from analyzer.config.parsed import Opener, Parsed, Problem
from analyzer.errors import InputError, UsageError

__all__ = ["Entry", "Inputs", "gather"]

_ARGUMENT = re.compile(r"(?P<role>[a-z]+)(?:@(?P<host>[^=]+))?=(?P<path>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """One text that was read: its role, the host that it belongs to (empty: not said), and what it says."""

    name: str
    role: str
    host: str
    path: str
    content: object


@dataclass(slots=True)
class Inputs:
    """Everything that was read, and everything that was not: lines, files that are no configuration, unreadable ones."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Argument:
    role: str
    host: str
    path: Path


def _argument(text: str) -> _Argument:
    """A path that exists is a path, whatever it looks like; otherwise `ROLE[@HOST]=PATH` with a known role."""
    match = None if Path(text).exists() else _ARGUMENT.fullmatch(text)
    if match is None:
        return _Argument("", "", Path(text))
    if match.group("role") not in roles.ROLES:
        raise UsageError(f"unknown role {match.group('role')!r}; one of {' '.join(roles.ROLES)}")
    return _Argument(match.group("role"), match.group("host") or "", Path(match.group("path")))


def gather(arguments: Sequence[str], env: Mapping[str, str] | None = None) -> Inputs:
    """Read all arguments. UsageError for an unknown role; InputError when not one of them can be read."""
    chosen = [_argument(text) for text in arguments]
    inputs = Inputs()
    jail = Jail([one.path if one.path.is_dir() else one.path.parent for one in chosen])
    reader = _Reader(inputs, jail, env or {})
    for one in chosen:
        if one.path.is_dir():
            paths = {path: path.relative_to(one.path).as_posix() for path in walk(one.path)}
            folders = roles.host_folders(paths.values())
            for path, relative in paths.items():
                host = one.host or roles.host_of(relative, folders)
                reader.file(path, _role_in_directory(one.role), host, named=False)
        else:
            reader.file(one.path, one.role, one.host, named=True)
    if inputs.unreadable and not inputs.entries:
        raise InputError(inputs.unreadable[0])
    return inputs


def _role_in_directory(role: str) -> str:
    """A role given for a directory counts where every file in it can have it; the others are told by their content."""
    return role if role in ("dnsmasq", "networkd", "netplan", "resolved", "kubespray", "kubernetes") else ""


class _Reader:
    def __init__(self, inputs: Inputs, jail: Jail, env: Mapping[str, str]) -> None:
        self.inputs, self.jail, self.env = inputs, jail, env
        self.done: set[Path] = set()

    def file(self, path: Path, role: str, host: str, *, named: bool) -> None:
        """Read one file; in a walked directory a file that is nothing known, or was read as an include, is passed over."""
        real = path.resolve()
        if real in self.done or (not named and real in self.jail.taken):
            return
        self.done.add(real)
        try:
            text = text_of(path)
        except InputError as error:
            (self.inputs.unreadable if named else self.inputs.passed_over).append(str(error))
            return
        kind = _format_for(role, str(path), text)
        if kind is None:
            (self.inputs.unreadable if named else self.inputs.passed_over).append(
                f"{path}: not a DNS configuration that is known"
            )
            return
        self._take(kind, role, host, path, text)

    def _take(self, kind: str, role: str, host: str, path: Path, text: str) -> None:
        name, opener = str(path), self.jail.opener(path)
        if kind == "resolv.conf":
            self._add(resolvconf.read(text, name), role or roles.role_of_resolvconf(name, text), host)
        elif kind == "corefile":
            self._add(corefile.read(text, name, self.env, opener), role or roles.role_of_corefile(name, text), host)
        elif kind == "dnsmasq":
            self._add(dnsmasq.read(text, name, opener), "dnsmasq", host)
        elif kind == "kubernetes":
            self._manifests(text, name)
        elif kind == "networkd" and name.endswith(".netdev"):
            return  # a .netdev makes a device and holds no DNS setting
        else:
            self._add(_PLAIN[kind](text, name), kind, host)

    def _add(self, parsed: Parsed[object], role: str, host: str) -> None:
        path = roles.logical_path(parsed.origin)
        self.inputs.entries.append(Entry(parsed.origin, role, host, path, parsed.content))
        self.inputs.problems += parsed.problems

    def _manifests(self, text: str, name: str) -> None:
        parsed = manifests.read(text, name)
        self._add(parsed, "kubernetes", "")
        texts = parsed.content.texts
        for one in texts:
            origin = name if one.offset is not None else f"{name} (ConfigMap {one.config_map}, {one.key})"
            inner = "\n" * (one.offset or 0) + one.text
            if one.key.startswith("Corefile"):
                opener = _beside(texts, one.config_map, origin)
                role = roles.role_of_corefile(name, one.text, one.config_map)
                self._add(corefile.read(inner, origin, self.env, opener), role, "")
            elif "KubeletConfiguration" in one.text[:100_000]:
                self._add(kubelet.read(inner, origin), "kubelet", "")


def _format_for(role: str, path: str, text: str) -> str | None:
    if role in ("node", "pod", "uplink"):
        return "resolv.conf"
    if role in ("nodelocaldns", "coredns"):
        found = roles.format_of(path, text)
        return found if found in ("corefile", "kubernetes") else ("corefile" if "{" in text else "resolv.conf")
    return role or roles.format_of(path, text)


def _beside(texts: Sequence[manifests.Embedded], own: str, origin: str) -> Opener:
    """Imports of a Corefile in a ConfigMap lead to other keys, of this one or of one mounted beside it."""

    def matches(pattern: str) -> Iterator[tuple[str, str]]:
        wanted = pattern.rsplit("/", 1)[-1]
        for one in texts:
            if fnmatchcase(one.key, wanted) and not (one.config_map == own and one.key.startswith("Corefile")):
                exact = one.offset is not None
                where = origin if exact else f"{origin} ({one.config_map}, {one.key})"
                yield where, "\n" * (one.offset or 0) + one.text

    return lambda pattern: list(matches(pattern))


_PLAIN: dict[str, Callable[[str, str], Parsed[object]]] = {
    "resolved": resolved.read,
    "resolvectl": resolved.read_status,
    "netplan": netplan.read,
    "networkd": netplan.read_network,
    "kubelet": kubelet.read,
    "kubespray": kubespray.read,
}
