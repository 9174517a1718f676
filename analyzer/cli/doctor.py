"""`dnsloupe doctor`: which decoder, libraries and programs are in use."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Mapping
from typing import Any

import click

from analyzer import __version__
from analyzer.errors import MissingExtra

__all__ = ["command"]

_LIBRARIES = (
    "click numpy pandas matplotlib jinja2 rich dnspython xxhash zstandard lz4 publicsuffixlist "
    "scapy prometheus-client psutil pyarrow"
).split()
_EXTRAS = {"scapy": "live", "prometheus-client": "live", "psutil": "live", "pyarrow": "parquet"}
_PROGRAMS = "dumpcap tcpdump tshark".split()


@click.command(short_help="Say which decoder, libraries and programs are in use.")
@click.option("--line", is_flag=True, help="One line only.")
@click.option("-o", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(line: bool, form: str) -> None:
    """Say what this installation has and lacks, and what that means. Exit 0 even where something optional is absent."""
    from analyzer.report.escape import json_text

    state = _state()
    if form == "json":
        click.echo(json_text(state, indent=1))
    elif line:
        click.echo(_line(state))
    else:
        click.echo("\n".join(_lines(state)))


def _state() -> dict[str, Any]:
    decoder, reason = _decoder()
    return {
        "dnsloupe": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "decoder": decoder,
        "native_absent": reason,
        "libpcap": _libpcap(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "programs": {name: shutil.which(name) for name in _PROGRAMS},
    }


def _decoder() -> tuple[str, str | None]:
    """Which decoder `auto` takes, and why it is not the native one."""
    from analyzer.decode import decoder, native_error
    from analyzer.messages import DecodeOptions

    return decoder("auto", DecodeOptions()).name, native_error()


def _libpcap() -> str | None:
    from analyzer.capture.bpf import libpcap_version

    try:
        return libpcap_version().removeprefix("libpcap version ")
    except MissingExtra:
        return None


def _version(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _line(state: Mapping[str, Any]) -> str:
    decoder = f"{state['decoder']} decoder" + (f" ({state['native_absent']})" if state["native_absent"] else "")
    programs = [name for name, path in state["programs"].items() if path]
    return (
        f"dnsloupe {state['dnsloupe']}, {decoder}, Python {state['python']}, numpy {state['libraries']['numpy']}, "
        f"libpcap {'yes' if state['libpcap'] else 'no (no -f)'}, {' '.join(programs) or 'no capture program'}"
    )


def _lines(state: Mapping[str, Any]) -> list[str]:
    out = [
        f"dnsloupe    {state['dnsloupe']}",
        f"python      {state['python']} ({sys.executable}), {state['platform']}",
        f"decoder     {state['decoder']}"
        + ("" if state["native_absent"] is None else ", some two hundred times slower"),
    ]
    if state["native_absent"]:
        out.append(f"            the native one is not used: {state['native_absent']}")
    out.append(f"libpcap     {state['libpcap'] or 'absent: no filters (-f); apt install libpcap0.8'}")
    for name, version in state["libraries"].items():
        extra = _EXTRAS.get(name)
        absent = f"absent: pip install 'dnsloupe[{extra}]'" if extra else f"absent: pip install {name}"
        out.append(f"{'library' if name == _LIBRARIES[0] else '':11} {name} {version or absent}")
    for name, path in state["programs"].items():
        out.append(f"{'program' if name == _PROGRAMS[0] else '':11} {name} {path or 'absent'}")
    return out
