"""`dnsloupe config`: loops and bad settings found in configuration files, without a capture."""

from __future__ import annotations

import click

from analyzer.cli.exits import DONE, MET, PARTIAL, worst
from analyzer.cli.inputs import output_options
from analyzer.cli.output import open_output
from analyzer.errors import UsageError

__all__ = ["command"]

_SEVERITIES = ("info", "low", "medium", "high", "critical")


@click.command(short_help="Loops and bad settings in configuration files.")
@click.argument("files", nargs=-1, required=True, metavar="[ROLE[@HOST]=]FILE|DIR...")
@output_options(("text", "json", "dot"))
@click.option("--env", "pairs", multiple=True, metavar="NAME=VALUE", help="What {$NAME} in a Corefile stands for.")
@click.option("--fail-on", type=click.Choice(_SEVERITIES), help="Exit with 1 if a finding is at least this severe.")
def command(files: tuple[str, ...], form: str, output: str | None, pairs: tuple[str, ...], fail_on: str | None) -> int:
    """Read resolv.conf, Corefile, dnsmasq.conf, resolved.conf, `resolvectl status`, netplan, networkd, kubelet and
    Kubernetes files; draw who asks whom; find loops with their probability; name the lines to change.

    What a file is is told by its name and content. Say it yourself where that is not enough: ROLE is one of
    node, pod, uplink, nodelocaldns, coredns, dnsmasq, resolved, resolvectl, netplan, networkd, kubelet, kubernetes,
    kubespray; HOST is a name that the files of one machine share, or the address that leads to it.

    \b
    dnsloupe config /etc/resolv.conf Corefile
    dnsloupe config ./node1-tree                (holds etc/, run/, var/)
    dnsloupe config nodelocaldns=Corefile node=resolv.conf dnsmasq@192.168.1.1=gw.conf
    """
    from analyzer.config import diagnose
    from analyzer.findings import Severity
    from analyzer.report.configuration import as_dot, as_json, as_text
    from analyzer.report.escape import json_text

    diagnosis = diagnose(files, _environment(pairs))
    with open_output(output) as out:
        if form == "json":
            out.write(json_text(as_json(diagnosis), indent=2) + "\n")
        else:
            out.writelines(f"{line}\n" for line in (as_dot if form == "dot" else as_text)(diagnosis))
    met = fail_on is not None and any(one.severity >= Severity[fail_on.upper()] for one in diagnosis.findings)
    return worst(MET if met else DONE, PARTIAL if diagnosis.unreadable else DONE)


def _environment(pairs: tuple[str, ...]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    if any(not equals or not name for name, equals, _ in split):
        raise UsageError("--env takes NAME=VALUE")
    return {name: value for name, _, value in split}
