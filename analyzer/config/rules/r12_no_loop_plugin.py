"""R12: a forwarding server block has no `loop`.

## What it detects

A CoreDNS server block with `forward` and without the `loop` plugin.

## What you feel

Nothing, until a change makes a loop: then memory and sockets run out instead of a clear message at the start.

## Evidence

The block's first line.

## Not to be confused with

Blocks that forward nothing.

## Fix

Add `loop` to the block.

## References

CoreDNS plugin/loop.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.config.graph import Graph
from analyzer.config.rewriting import instead
from analyzer.config.verdicts import finding
from analyzer.findings import Finding, Severity, SourceLine, Subject

__all__ = ["ID", "check"]

ID = "R12"


def check(graph: Graph) -> Iterator[Finding]:
    seen: dict[SourceLine, None] = {}
    for instance in graph.instances:
        for block in instance.blocks:
            if block.loop or not block.forwards or block.source in seen:
                continue
            seen[block.source] = None
            zone = block.keys[0].zone
            yield finding(
                ID,
                "no-loop",
                Severity.LOW,
                f"the block for {zone} of {instance.id} forwards without the loop plugin",
                Subject("server", instance.id),
                [block.source],
                [instead(block.forwards[0].source, f"loop\n{block.forwards[0].source.text}")],
                numbers={"zone": zone},
                references=("https://coredns.io/plugins/loop/",),
            )
