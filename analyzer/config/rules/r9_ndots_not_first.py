"""R9: ndots is not the first word after `options`.

## What it detects

A resolv.conf of a pod or node whose `options` line sets `ndots` behind another option.

## What you feel

ingress-nginx' Lua resolver reads only the first word after `options`: with `options edns0 ndots:5` it takes ndots 1,
so short Service names fail in the ingress and work everywhere else.

## Evidence

The `options` line.

## Not to be confused with

libc resolvers, which read all options.

## Fix

Put `ndots` first.

## References

ingress-nginx rootfs/etc/nginx/lua/util/resolv_conf.lua.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.config.graph import Graph
from analyzer.config.rewriting import instead
from analyzer.config.verdicts import finding
from analyzer.findings import Finding, Severity, Subject

__all__ = ["ID", "check"]

ID = "R9"


def check(graph: Graph) -> Iterator[Finding]:
    for _, conf, name in graph.site.resolvconfs:
        position = next((index for index, word in enumerate(conf.options) if word.startswith("ndots:")), 0)
        if position == 0 or conf.options_source is None:
            continue
        ordered = [conf.options[position], *conf.options[:position], *conf.options[position + 1 :]]
        safe = [word for word in ordered if word.replace(":", "").replace("-", "").isalnum()]
        yield finding(
            ID,
            "ndots-not-first",
            Severity.LOW,
            f"{name} sets ndots:{conf.ndots} behind other options; ingress-nginx' Lua resolver takes ndots 1",
            Subject("file", name),
            [conf.options_source],
            [instead(conf.options_source, "options " + " ".join(safe))],
            numbers={"ndots": conf.ndots},
            references=("kubernetes/ingress-nginx rootfs/etc/nginx/lua/util/resolv_conf.lua",),
        )
