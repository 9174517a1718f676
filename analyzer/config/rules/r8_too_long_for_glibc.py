"""R8: more nameservers or search suffixes than resolvers take.

## What it detects

A resolv.conf (or the list that resolved and kubelet make) with more than 3 nameservers, or more than 6 suffixes or 256
characters of suffixes.

## What you feel

The fourth nameserver is never asked; kubelet says `Nameserver limits were exceeded` or `Search Line limits were
exceeded`; old glibc (before 2.26) drops the last suffixes in silence, so names resolve on some images only.

## Evidence

The lines beyond the limit, and the counts.

## Not to be confused with

A long list on a host with glibc 2.26 or newer only: suffixes are not limited there, nameservers are.

## Fix

Keep the three nameservers that must work, and the suffixes that are used.

## References

resolv.conf(5), resolv.h MAXNS and MAXDNSRCH; Kubernetes documentation, known issues of DNS.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.config.graph import Graph
from analyzer.config.resolvconf import MAX_SEARCH_CHARACTERS, MAXDNSRCH, MAXNS, ResolvConf
from analyzer.config.rewriting import instead
from analyzer.config.verdicts import finding
from analyzer.config.zones import is_safe
from analyzer.findings import Finding, Fix, Severity, SourceLine, Subject

__all__ = ["ID", "check"]

ID = "R8"


def check(graph: Graph) -> Iterator[Finding]:
    given = [(name, conf) for _, conf, name in graph.site.resolvconfs]
    for host in graph.site.hosts.values():
        made = host.uplink()
        if made.known and "uplink" not in host.roles and (host.resolved or host.links):
            given.append((f"/run/systemd/resolve/resolv.conf of {host.name}", made.content))
    for name, conf in given:
        yield from _judged(name, conf)


def _judged(name: str, conf: ResolvConf) -> Iterator[Finding]:
    beyond = [one.source for one in conf.nameservers[MAXNS:]]
    if beyond:
        yield finding(
            ID,
            "nameservers",
            Severity.LOW,
            f"{name} lists {len(conf.nameservers)} nameservers; only the first {MAXNS} are asked",
            Subject("file", name),
            beyond,
            [instead(source, f"# {source.text}") for source in beyond if source.text.startswith("nameserver")],
            numbers={"nameservers": len(conf.nameservers)},
            thresholds={"nameservers": MAXNS},
            references=("resolv.conf(5)",),
        )
    characters = sum(len(suffix) for suffix in conf.search)  # each with one blank after it, without the final dot
    if len(conf.search) > MAXDNSRCH or characters > MAX_SEARCH_CHARACTERS:
        source = conf.search_source
        yield finding(
            ID,
            "search",
            Severity.LOW,
            f"{name} searches {len(conf.search)} suffixes with {characters} characters; glibc before 2.26 drops the last",
            Subject("file", name),
            [source] if source else [],
            [_shorter(source, conf)] if source and source.text.startswith("search") else [],
            numbers={"suffixes": len(conf.search), "characters": characters},
            thresholds={"suffixes": MAXDNSRCH, "characters": MAX_SEARCH_CHARACTERS},
            references=("resolv.conf(5)",),
        )


def _shorter(source: SourceLine, conf: ResolvConf) -> Fix:
    kept: list[str] = []
    for suffix in conf.search[:MAXDNSRCH]:
        if sum(map(len, kept)) + len(suffix) <= MAX_SEARCH_CHARACTERS and is_safe(suffix):
            kept.append(suffix)
    return instead(source, "search " + " ".join(suffix.rstrip(".") or "." for suffix in kept))
