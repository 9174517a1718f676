"""Lines to paste against search expansion and leaks, and the example lookups that prove them.

A name from the wire enters such a line only if it is made of letters, digits, hyphens and underscores.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from analyzer.detectors import Evidence
from analyzer.findings import Fix, Frame, Step
from analyzer.measures.rates import per_min
from analyzer.measures.search_replay import Rules, replay
from analyzer.measures.search_rows import ExampleStep
from analyzer.messages import Array

__all__ = [
    "AAAA_TEMPLATE",
    "KEEP_POD",
    "NOTHING",
    "chain_of",
    "name_filter",
    "ndots_fixes",
    "paste",
    "rate",
    "saves",
    "saving",
    "source_fixes",
    "template",
    "with_saving",
]

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")

AAAA_TEMPLATE: Final = """template IN AAAA . {
    rcode NOERROR
    authority ". 60 IN SOA ns.invalid. hostmaster.invalid. (1 60 60 60 60)"
}"""

NOTHING: Final = "saves nothing here: the names fail as typed too, and then the suffixes are tried"

KEEP_POD: Final = Fix("afterwards", "# recreate the pods: a running pod keeps its old /etc/resolv.conf")


def paste(name: str) -> str:
    """The name where it is safe to paste into a root shell's files, else `<NAME>`."""
    return name if len(name) <= 253 and _PLAIN.fullmatch(name) else "<NAME>"


def saving(evidence: Evidence, rules: Rules, rows: Array) -> str:
    """What `rules` save of the queries of these signatures' lookups: replayed, an interval where an outcome is unknown."""
    walked = replay(evidence.results["search"], evidence.results["asked"], evidence.context.names, rules, rows)
    least, most = walked.before - round(walked.high), walked.before - round(walked.low)
    if most <= 0:
        return NOTHING
    return saves(str(most) if least == most else f"{max(least, 0)} to {most}", walked.before)


def saves(count: int | str, whole: int | None = None) -> str:
    """The words in which every fix says what it saves; `whole` are the queries that it is a part of."""
    return f"saves {count} of {whole} queries" if whole is not None else f"saves {count} queries"


def with_saving(fix: Fix, words: str) -> Fix:
    """The fix with what it saves, as a comment after its first line of text; unchanged where nothing is known."""
    first, newline, rest = fix.text.partition("\n")
    joint = "; " if "    # " in first or first[:1] == "#" else "    # "
    return Fix(fix.where, f"{first}{joint}{words}{newline}{rest}") if words else fix


def template(zone: str, comment: str = "") -> str:
    """A Corefile block that answers a zone with NXDOMAIN and an SOA, so that every cache may keep it."""
    head = f"# {comment}\n" if comment else ""
    return (
        f"{head}template IN ANY {paste(zone)} {{\n    rcode NXDOMAIN\n"
        '    authority "{{ .Zone }} 60 IN SOA ns.{{ .Zone }} hostmaster.{{ .Zone }} (1 60 60 60 60)"\n}'
    )


def ndots_fixes(example: str, dot: str = "", ndots: str = "") -> tuple[Fix, ...]:
    """Ways to ask the right name first; `example` is a base name seen, `dot` and `ndots` say what each saves."""
    name = paste(example)
    return (
        Fix(
            "the application, or the ExternalName service",
            f"{name}.    # with the final dot: no search at all{f'; {dot}' if dot else ''}",
        ),
        Fix(
            "pod spec (Deployment, StatefulSet, …)",
            'dnsConfig:\n  options:\n  - name: ndots\n    value: "2"' + (f"    # {ndots}" if ndots else ""),
        ),
        Fix("pod spec, where no Services are used", "dnsPolicy: Default"),
        Fix(
            "Corefile of the cluster DNS (not of node-local DNS; useless for names that do not exist)",
            "autopath @kubernetes\nkubernetes cluster.local {\n    pods verified\n}",
        ),
    )


def source_fixes(suffix: str, saving: str = "") -> tuple[Fix, ...]:
    """Ways to take an outside search domain out of the nodes, and so out of the pods; `saving` says what that saves."""
    name = paste(suffix)
    head = f"# without this search domain: {saving}\n" if saving else ""
    return (
        Fix(
            "netplan, each interface of the nodes",
            f"{head}dhcp4-overrides:\n  use-domains: false\ndhcp6-overrides:\n  use-domains: false\n"
            f"# and no `search: [{name}]` under nameservers",
        ),
        Fix("systemd-networkd, the .network file", "[DHCPv4]\nUseDomains=no\n\n[IPv6AcceptRA]\nUseDomains=no"),
        Fix(
            "dnsmasq of the LAN, if it serves DHCP",
            "dhcp-option=tag:k8s,15    # empty: no domain name for the nodes; and no option:domain-search",
        ),
        Fix(
            "kubelet configuration",
            "resolvConf: /etc/kubernetes/resolv.conf    # a file that holds only: nameserver <LAN-DNS>",
        ),
        KEEP_POD,
    )


def chain_of(example: Iterable[ExampleStep]) -> tuple[Step, ...]:
    """The steps of one lookup as evidence."""
    return tuple(
        Step(
            frame=Frame(step.file, step.frame),
            time_ns=step.time_ns,
            text=f"{step.name} {step.types}: {step.outcome}{' ' + step.answer if step.answer else ''}",
            numbers={
                "suffix": step.suffix or "(as typed)",
                "rcode": step.rcode,
                "rtt_ms": round(step.rtt_ns / 1e6, 3) if step.rtt_ns is not None else None,
                "queries": step.queries,
                "server": step.server,
            },
        )
        for step in example
    )


def rate(count: int, covered_ns: int) -> float | None:
    """Events a minute, to a tenth; None where less than a minute is covered."""
    value = per_min(count, covered_ns)
    return None if value is None else round(value, 1)


def name_filter(name: str) -> str:
    """A Wireshark display filter for names that end in `name`; empty where the name needs quoting."""
    plain = paste(name)
    return "" if plain == "<NAME>" else f'dns.qry.name matches "(^|[.]){plain.replace(".", "[.]")}$"'
