"""The options that all commands share which read captures."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import click

from analyzer.errors import InputError, UsageError
from analyzer.options import NS, AnalyzeOptions, Select

__all__ = ["Request", "output_options", "reading_options", "request", "with_top"]

F = TypeVar("F", bound=Callable[..., Any])
Hosts = Mapping[str, tuple[str, ...]]
Labels = Mapping[str, tuple[tuple[int | None, str], ...]]

_RELATIVE: Final = re.compile(
    r"\+(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)(?:\.(\d{1,9}))?s?(?!\w))?(?:(\d+)ms)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Request:
    """What the shared options ask for: inputs, settings, and whether an unexplained remainder is a failure."""

    paths: tuple[str, ...]
    options: AnalyzeOptions
    strict: bool


def reading_options(command: F) -> F:
    """Add the options of every command that reads captures; `request` makes sense of them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def output_options(formats: Sequence[str]) -> Callable[[F], F]:
    """Add -o and -O; the first format is the default."""

    def add(command: F) -> F:
        command = click.option("-O", "--output", metavar="FILE", help="Write the result to FILE, not to stdout.")(
            command
        )
        return click.option(
            "-o", "form", type=click.Choice(list(formats)), default=formats[0], help="Output format.", show_default=True
        )(command)

    return add


_OPTIONS: Final = (
    click.argument("files", nargs=-1, metavar="[FILE]..."),
    click.option("-r", "--read", multiple=True, metavar="FILE", help="A capture to read, as FILE; `-` is stdin."),
    click.option(
        "-f", "--filter", "bpf", metavar="BPF", default="", help="Only frames that tcpdump would show: 'port 53 and host 10.1.2.3'."
    ),
    click.option("--port", "ports", type=click.IntRange(1, 65535), multiple=True, help="DNS port, repeatable [default: 53]."),
    click.option("--name", "names", multiple=True, metavar="SUFFIX", help="Only questions at or under SUFFIX, or matching a glob."),
    click.option("--qtype", "qtypes", multiple=True, metavar="TYPE", help="Only questions of TYPE (A, AAAA, TYPE65)."),
    click.option("--rcode", "rcodes", multiple=True, metavar="RCODE", help="Only responses with RCODE (NXDOMAIN, 3)."),
    click.option("--client", "clients", multiple=True, metavar="ADDR", help="Only messages of this client (address or network)."),
    click.option("--server", "servers", multiple=True, metavar="ADDR", help="Only messages of this server (address or network)."),
    click.option("--only", type=click.Choice(["queries", "responses"]), help="Only one direction."),
    click.option("--since", metavar="TIME", help="From TIME on: 2026-11-22T19:00:00Z, epoch seconds, or +30s from the start."),
    click.option("--until", metavar="TIME", help="Before TIME."),
    click.option("--decoder", type=click.Choice(["auto", "native", "reference"]), default="auto", show_default=True),
    click.option("--hosts", "hosts_files", multiple=True, metavar="FILE", help="More host names, as in /etc/hosts."),
    click.option(
        "--k8s", "snapshots", multiple=True, metavar="FILE", help="`kubectl get pods,svc,nodes -A -o json`: names of addresses."
    ),
    click.option("--cluster-domain", default="", metavar="DOMAIN", help="Kubernetes cluster domain [default: from the traffic]."),
    click.option("--forwarder", "forwarders", multiple=True, metavar="NAME=IP,IP", help="Addresses of one forwarder."),
    click.option("--no-dedupe", is_flag=True, help="Count every copy of a packet that was captured twice."),
    click.option("--strict", is_flag=True, help="Exit 3 if frames could not be read, or the capture lost packets."),
)  # fmt: skip


def request(
    *,
    files: tuple[str, ...],
    read: tuple[str, ...],
    bpf: str,
    ports: tuple[int, ...],
    hosts_files: tuple[str, ...],
    snapshots: tuple[str, ...],
    cluster_domain: str,
    forwarders: tuple[str, ...],
    decoder: Literal["auto", "native", "reference"],
    no_dedupe: bool,
    strict: bool,
    **select: Any,
) -> Request:
    """The shared options' values, checked. Raises UsageError."""
    paths = (*files, *read)
    if not paths:
        raise UsageError("no capture given (a file, or - for standard input)")
    if paths.count("-") > 1:
        raise UsageError("standard input can be read only once")
    hosts, labels = _names(hosts_files, snapshots)
    options = AnalyzeOptions(
        ports=frozenset(ports or (53,)),
        bpf=bpf,
        select=_select(**select),
        dedupe=not no_dedupe,
        decoder=decoder,
        hosts=hosts,
        labels=labels,
        cluster_domain=cluster_domain.strip(".").lower(),
        forwarders=dict(_forwarder(text) for text in forwarders),
    )
    return Request(paths, options, strict)


def _select(
    names: tuple[str, ...],
    qtypes: tuple[str, ...],
    rcodes: tuple[str, ...],
    clients: tuple[str, ...],
    servers: tuple[str, ...],
    only: str | None,
    since: str | None,
    until: str | None,
) -> Select:
    from analyzer.dns import rcodes as rcode_names
    from analyzer.dns import rrtypes

    times = {"since": _time("--since", since), "until": _time("--until", until)}
    return Select(
        names=tuple(name.lower() for name in names),
        qtypes=_codes("--qtype", qtypes, rrtypes.parse),
        rcodes=_codes("--rcode", rcodes, rcode_names.parse),
        clients=tuple(_network("--client", text) for text in clients),
        servers=tuple(_network("--server", text) for text in servers),
        only=only or "",
        since=times["since"][0],
        until=times["until"][0],
        relative=frozenset(name for name, (_, relative) in times.items() if relative),
    )


def _codes(option: str, texts: tuple[str, ...], parse: Callable[[str], int]) -> frozenset[int]:
    try:
        return frozenset(parse(word) for text in texts for word in text.split(","))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def _network(option: str, text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError as error:
        raise UsageError(f"{option}: {text!r} is no address and no network") from error


def _time(option: str, text: str | None) -> tuple[int | None, bool]:
    """Nanoseconds, and whether they count from the first frame."""
    if text is None:
        return None, False
    match = _RELATIVE.fullmatch(text)
    if match and len(text) > 1:
        days, hours, minutes, seconds, fraction, milli = match.groups()
        whole = int(days or 0) * 86400 + int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
        return whole * NS + int((fraction or "").ljust(9, "0")) + int(milli or 0) * 1_000_000, True
    absolute = re.fullmatch(r"(.*?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?", text, re.ASCII)
    if absolute:
        stem, fraction, zone = absolute.groups()
        extra = int((fraction or "").ljust(9, "0"))
        if stem.isdecimal() and not zone:
            return int(stem) * NS + extra, False
        try:
            moment = datetime.fromisoformat(stem + (zone or ""))
        except ValueError:
            moment = None
        if moment is not None:
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # never local time
            return int(moment.timestamp()) * NS + extra, False
    raise UsageError(f"{option}: {text!r} is no time (2026-11-22T19:00:00Z, epoch seconds, or +30s)")


def _names(paths: tuple[str, ...], snapshots: tuple[str, ...]) -> tuple[Hosts, Labels]:
    """Addresses by name for filters, and labels by address for results: hosts files and cluster snapshots together.

    Where both know an address, the cluster's label says more than a host's name.
    """
    from analyzer.capture.expressions import local_hosts

    tables: list[Hosts] = [local_hosts(_text(path)) for path in paths]
    named = [(at, name) for table in reversed(tables) for name, every in reversed([*table.items()]) for at in every]
    labels: dict[str, tuple[tuple[int | None, str], ...]] = {
        str(ipaddress.ip_address(at)): ((None, name),) for at, name in named
    }
    if snapshots:
        from analyzer.inventory.kubernetes import read

        inventory = read((path, _text(path)) for path in snapshots)
        tables.append(inventory.hosts())
        labels.update(inventory.labels())
    found: dict[str, tuple[str, ...]] = {}
    for table in tables:
        for name, addresses in table.items():
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *addresses)))
    return found, labels


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from error


def _forwarder(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, addresses = text.partition("=")
    try:
        parsed = tuple(str(ipaddress.ip_address(part.strip())) for part in addresses.split(","))
    except ValueError:
        parsed = ()
    if not (name and equals and parsed):
        raise UsageError(f"--forwarder: {text!r} is not NAME=IP,IP")
    return name, parsed


def with_top(request: Request, top: int) -> Request:
    """The request with another number of rows a table; 0 means all."""
    return dataclasses.replace(request, options=dataclasses.replace(request.options, top=top or 2**31))
