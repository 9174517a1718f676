"""`dnsloupe live`: the same analysis, now."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import IO, TYPE_CHECKING, Any, Final

import click

from analyzer.cli.exits import DONE, PARTIAL, hush, say
from analyzer.cli.inputs import request
from analyzer.cli.output import open_output

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.live.start import Order
    from analyzer.live.watch import Face, Watch
    from analyzer.report.model import Report

__all__ = ["command"]

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SHARED: Final = (
    *("ports", "decoder", "hosts_files", "snapshots", "cluster_domain", "forwarders"),
    *("names", "qtypes", "rcodes", "clients", "servers", "only"),
)
_SEVERITIES: Final = ("low", "medium", "high", "critical")


class _Quantity(click.ParamType):  # type: ignore[type-arg]  # generic only in newer releases
    """A number with a unit: of octets (64M) or of time (60s, 5m)."""

    def __init__(self, name: str, units: str) -> None:
        self.name, self._units = name, units

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        match = re.fullmatch(rf"(\d+(?:\.\d+)?)([{self._units}]?)", str(value).strip(), re.ASCII)
        if match is None or float(match[1]) <= 0:
            self.fail(f"{value!r} is no {self.name} (a number and one of {', '.join(self._units)})", param, ctx)
        return float(match[1]) * _UNITS[match[2]]


_TIME: Final = _Quantity("time", "smhd")
_SIZE: Final = _Quantity("size", "kMG")


@click.command(short_help="Watch a node now: what is wrong, as it appears and clears.")
@click.argument("words", nargs=-1, metavar="[FILTER]...")
@click.option(
    "-i", "--interface", "interfaces", multiple=True, metavar="NAME", help="Interface, repeatable [default: any]."
)
@click.option("-D", "--list-interfaces", is_flag=True, help="List the interfaces and end.")
@click.option(
    "-r", "--read", "path", metavar="FILE", help="Read a stream instead (`-`: stdin, as from ssh NODE tcpdump -U -w -)."
)
@click.option(
    "-s",
    "--snaplen",
    type=click.IntRange(64, 262_144),
    default=262_144,
    help="Octets of each packet.",
    show_default=True,
)
@click.option(
    "-B",
    "--buffer",
    "buffer_kib",
    type=click.IntRange(64),
    default=16_384,
    help="Kernel's buffer in KiB.",
    show_default=True,
)
@click.option("-p", "--no-promiscuous", is_flag=True, help="Leave the interface as it is.")
@click.option("--immediate", is_flag=True, help="Hand over each packet at once; costs more on a busy node.")
@click.option("-w", "--write", metavar="FILE", help="Write the packets, too.")
@click.option("--rotate-size", type=_SIZE, metavar="SIZE", help="Begin the next file after SIZE (64M).")
@click.option("--rotate-time", type=_TIME, metavar="TIME", help="Begin the next file after TIME (10m).")
@click.option("--keep", type=click.IntRange(1), help="Keep only the last N files.")
@click.option(
    "--ring", type=_TIME, metavar="TIME", help="With -w: keep TIME (60s) in memory, write it when something is found."
)
@click.option(
    "--ring-severity", type=click.Choice(_SEVERITIES), default="high", help="What is worth that.", show_default=True
)
@click.option("-c", "--count", type=click.IntRange(1), help="End after so many packets.")
@click.option("--duration", type=_TIME, metavar="TIME", help="End after TIME.")
@click.option("--interval", type=_TIME, metavar="TIME", help="Between lines, where there is no screen [default: 10s].")
@click.option("--plain", is_flag=True, help="Lines instead of the screen.")
@click.option(
    "-o", "form", type=click.Choice(["text", "json", "jsonl"]), default="text", help="Output format.", show_default=True
)
@click.option("-O", "--output", metavar="FILE", help="Write lines and report to FILE, not to stdout.")
@click.option("--memory", type=_SIZE, metavar="SIZE", default="256M", help="Ceiling of memory.", show_default=True)
@click.option("--metrics", metavar="ADDR:PORT", help="Serve Prometheus metrics there.")
@click.option(
    "--port", "ports", type=click.IntRange(1, 65535), multiple=True, help="DNS port, repeatable [default: 53]."
)
@click.option("--name", "names", multiple=True, metavar="SUFFIX", help="Only questions at or under SUFFIX, or a glob.")
@click.option("--qtype", "qtypes", multiple=True, metavar="TYPE", help="Only questions of TYPE (A, AAAA, TYPE65).")
@click.option("--rcode", "rcodes", multiple=True, metavar="RCODE", help="Only responses with RCODE (NXDOMAIN, 3).")
@click.option("--client", "clients", multiple=True, metavar="ADDR", help="Only messages of this client (or network).")
@click.option("--server", "servers", multiple=True, metavar="ADDR", help="Only messages of this server (or network).")
@click.option("--only", type=click.Choice(["queries", "responses"]), help="Only one direction.")
@click.option("--decoder", type=click.Choice(["auto", "native", "reference"]), default="auto", show_default=True)
@click.option("--hosts", "hosts_files", multiple=True, metavar="FILE", help="More host names, as in /etc/hosts.")
@click.option(
    "--k8s",
    "snapshots",
    multiple=True,
    metavar="FILE",
    help="`kubectl get pods,svc,nodes -A -o json`: names of addresses.",
)
@click.option(
    "--cluster-domain", default="", metavar="DOMAIN", help="Kubernetes cluster domain [default: from the traffic]."
)
@click.option("--forwarder", "forwarders", multiple=True, metavar="NAME=IP,IP", help="Addresses of one forwarder.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Only ASCII characters.")
def command(words: tuple[str, ...], list_interfaces: bool, output: str | None, **asked: Any) -> int:
    """Capture on this machine (or read a stream) and show what is wrong with its DNS as it appears and clears.

    FILTER is tcpdump's language; without one DNS, ICMP errors and later fragments are captured. Ends with the report of the
    whole run on Ctrl-C, SIGTERM, q, --duration or --count, with exit code 0.
    """
    from analyzer.live.child import listing

    if list_interfaces:
        click.echo("\n".join(listing()))
        return DONE
    try:
        return _run(_order(" ".join(words), **asked), output, **asked)
    except BrokenPipeError:  # caught here, since click would make it exit code 1
        hush()
        return DONE


def _run(order: Order, output: str | None, **asked: Any) -> int:
    """From the first fork to the exit code."""
    from analyzer.live.start import begin

    form, ascii_only = asked["form"], asked["ascii_only"]
    screen = form == "text" and not (asked["plain"] or output) and sys.stdout.isatty()
    with open_output(output) as out:
        watch = begin(order, lambda: _parts(screen, form, out, ascii_only, bool(asked["metrics"])))
        report = _watched(watch, asked["metrics"])
        _print(report, form, out, screen, ascii_only)
        say(_counters(watch))
    for line in report.damage:
        say(line)
    return PARTIAL if report.damage else DONE


def _order(words: str, **asked: Any) -> Order:
    from analyzer.live.start import Order

    shared = {name: asked[name] for name in _SHARED}
    options = request(
        files=(),
        read=(asked["path"] or "-",),
        bpf="",
        no_dedupe=False,
        strict=False,
        since=None,
        until=None,
        **shared,
    ).options
    screen = asked["form"] == "text" and sys.stdout.isatty() and not asked["plain"]
    return Order(
        options=options,
        interfaces=asked["interfaces"],
        filter=words,
        path=asked["path"] or "",
        snaplen=asked["snaplen"],
        buffer_kib=asked["buffer_kib"],
        promiscuous=not asked["no_promiscuous"],
        immediate=asked["immediate"],
        count=asked["count"] or 0,
        duration_s=asked["duration"] or 0,
        interval_s=asked["interval"] or (1.0 if screen else 10.0),
        memory=int(asked["memory"]),
        write=asked["write"] or "",
        rotate_size=int(asked["rotate_size"] or 0),
        rotate_s=asked["rotate_time"] or 0,
        keep=asked["keep"] or 0,
        ring_s=asked["ring"] or 0,
        ring_severity=asked["ring_severity"],
    )


def _parts(screen: bool, form: str, out: IO[str], ascii_only: bool, metrics: bool) -> tuple[Any, Callable[[], Face]]:
    """The judge, and what makes the face; everything that they need is imported when this returns."""
    from analyzer.live.lines import JsonLines, Lines, Silent
    from analyzer.live.screen import Screen, widths
    from analyzer.pipeline import judge

    if metrics:
        from analyzer.live.metrics import require

        require()
    if screen:
        widths()
        return judge, lambda: Screen(ascii_only)
    if form == "jsonl":
        return judge, lambda: JsonLines(out)
    return judge, Silent if form == "json" else lambda: Lines(out)


def _watched(watch: Watch, metrics: str | None) -> Report:
    """The report of the run, the terminal put back whatever happened."""
    try:
        if metrics:
            from analyzer.live.metrics import Metrics, serve

            watch.metrics = Metrics()
            serve(metrics, watch.metrics)
        watch.run()
    finally:
        watch.face.close()
    return watch.finish()


def _print(report: Report, form: str, out: IO[str], screen: bool, ascii_only: bool) -> None:
    if form == "jsonl":
        return
    if form == "json":
        from analyzer.report.json import render as render_json

        out.write(render_json(report))
        return
    from analyzer.report.look import Look
    from analyzer.report.text import render

    width = shutil.get_terminal_size().columns if screen else 100
    colour = screen and not os.environ.get("NO_COLOR")
    render(report, Look(width=width, colour=colour, ascii_only=ascii_only), out)


def _counters(watch: Watch) -> str:
    """As tcpdump says them, and what became of them here."""
    found, parsed = watch.counters, watch.session.ledger.total
    words = [
        (found.captured, "captured"),
        (found.received, "received by filter"),
        (found.dropped_kernel, "dropped by kernel"),
        (found.dropped_interface, "dropped by interface"),
        (parsed, "parsed"),
        (None if found.captured is None else max(0, found.captured - parsed), "lost in the pipe"),
    ]
    return "packets: " + ", ".join(f"{count} {word}" for count, word in words if count is not None)
