"""Most packets stand in the capture several times.

## What it detects

More than 1.2 frames for each DNS message: copies of one packet on several interfaces (`-i any`), of a mirror port, or before
and after address translation. Info.

## What you feel

Nothing; but tools that count frames count too much.

## Evidence

Frames and messages, the pairs of interfaces that showed the same packet, and those that rewrite addresses.

## Not to be confused with

Resends, which are new packets: they are counted.

## Fix

None is needed here, copies are collapsed; for other tools capture on one interface.

## References

tcpdump(1) (-i any); pcap-linktype(7) (LINKTYPE_LINUX_SLL2).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.rows import Summary

NEEDS = ("summary",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    row: Summary = evidence.results["summary"]
    limit = evidence.thresholds.copies_warn
    if row.copies_per_packet is None or row.copies_per_packet <= limit or row.messages < evidence.thresholds.min_events:
        return
    rewritten = sum(pair.rewritten for pair in row.views)
    yield Finding(
        id="duplicate-capture",
        kind="copies",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        title=f"Each DNS packet stands in the capture {row.copies_per_packet:.2f} times: tools that count frames count too much",
        subject=Subject("capture", "input"),
        first=row.first,
        last=row.last,
        first_frame=None,
        last_frame=None,
        count=row.frames - row.messages,
        numbers={
            "frames": row.frames,
            "messages": row.messages,
            "frames_per_message": round(row.copies_per_packet, 3),
            "rewritten_by_nat": rewritten,
            **{f"{pair.first} and {pair.second}": pair.messages for pair in row.views[:5]},
        },
        thresholds={"frames_per_message": limit},
        excluded=("resends: they are new packets and not collapsed",),
        fix=(Fix("other tools", "tcpdump -i <ONE-INTERFACE> …    # instead of -i any"),),
        references=("tcpdump(1)",),
        wireshark_filter="dns",
    )
