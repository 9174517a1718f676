"""The capture lacks packets, so what it shows is not all that happened.

## What it detects

Kind `drops`: the capture's own counters (pcapng) say that packets were dropped. Kind `gap`: more than 2 s without a message
while there were at least ten in every one of the ten seconds before and after. Kind `cut`: messages cut short by the snap length. Kind
`fragments`: answers of which only the first fragment was captured. Kind `one-way`: servers seen only asked, or only
answering. Kind `unread`: at least ten frames, and 1 % of those with DNS, could not be read. Kind `no-loopback`: a link-local
address answers (169.254.25.10 of NodeLocal DNSCache), and no packet of the machine's loopback interface is there, which alone
shows what the machine's own programs and a server that asks itself send to it. Info; drops of at least 1 % of the messages
are low.

## What you feel

Nothing; but missing answers may have been there, and counts are too low.

## Evidence

Counters, the frames around the longest gap, the servers.

## Not to be confused with

Traffic that really paused: a gap is only told amid busy traffic, and still may be an outage.

## Fix

Capture with whole packets, a large buffer, all interfaces, fragments and ICMP.

## References

tcpdump(1); pcapng (Interface Statistics Block).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Step, Subject
from analyzer.measures.gaps import Gaps
from analyzer.measures.rows import Summary
from analyzer.options import NS

NEEDS = ("gaps", "summary")

_SHARE = 0.01
_CAPTURE = (
    "tcpdump -i any -s0 -B 16384 --immediate-mode -w x.pcap 'port 53 or icmp or icmp6 or (ip[6:2] & 0x1fff != 0)'"
)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each kind."""
    row: Gaps = evidence.results["gaps"]
    summary: Summary = evidence.results["summary"]
    limits = evidence.thresholds
    dropped = sum(row.drops.values())
    if dropped:
        title = f"The capture dropped {dropped} packets: answers may be missing that were there"
        heavy = dropped >= _SHARE * max(row.messages, 1)
        yield _finding(evidence, "drops", title, dropped, heavy, {f"drops {n}": c for n, c in row.drops.items()})
    if row.gaps:
        longest = max(row.gaps, key=lambda gap: (gap.after_ns - gap.before_ns, -gap.before_ns))
        length = (longest.after_ns - longest.before_ns) / NS
        title = (
            f"{len(row.gaps)} gaps in busy traffic, the longest {length:.1f} s: lost by the capture, or a true silence"
        )
        steps = (
            Step(
                Frame(longest.before.file, longest.before.frame),
                longest.before_ns,
                "last message before the longest gap",
            ),
            Step(Frame(longest.after.file, longest.after.frame), longest.after_ns, "first message after it"),
        )
        yield _finding(evidence, "gap", title, len(row.gaps), False, {"longest_s": round(length, 3)}, steps)
    if row.cut >= limits.min_events:
        title = f"{row.cut} of {row.messages} DNS messages are cut short: the snap length was too small"
        yield _finding(evidence, "cut", title, row.cut, False, {"messages": row.messages})
    if row.first_fragments:
        title = f"Of {row.first_fragments} fragmented DNS messages only the first fragment was captured"
        yield _finding(evidence, "fragments", title, row.first_fragments, False, {"messages": row.messages})
    if summary.one_way and summary.messages >= limits.min_events:
        shown = ", ".join(summary.one_way[:5])
        many = len(summary.one_way) > 1
        title = (
            f"{len(summary.one_way)} server{'s were' if many else ' was'} seen only asked, or only answering: {shown}"
        )
        yield _finding(evidence, "one-way", title, len(summary.one_way), False, {"messages": row.messages})
    yield from _blind(evidence, row)


def _blind(evidence: Evidence, row: Gaps) -> Iterator[Finding]:
    """What was in the capture but could not be read, and what a capture here cannot hold."""
    unread = sum(row.unread.values())
    if unread >= evidence.thresholds.min_events and unread >= _SHARE * row.frames:
        title = f"{unread} of {row.frames} frames with DNS or damage could not be read"
        reasons = {key.removeprefix("skipped."): count for key, count in row.unread.items()}
        yield _finding(evidence, "unread", title, unread, False, {"frames": row.frames, **reasons})
    if row.beside:
        title = f"Nothing of the loopback interface, so what this machine itself asks {', '.join(row.beside[:5])} is not seen"
        yield _finding(evidence, "no-loopback", title, len(row.beside), False, {"messages": row.messages})


def _finding(
    evidence: Evidence,
    kind: str,
    title: str,
    count: int,
    heavy: bool,
    numbers: dict[str, int | float | str | None],
    steps: tuple[Step, ...] = (),
) -> Finding:
    limits = evidence.thresholds
    return Finding(
        id="capture-gap",
        kind=kind,
        severity=Severity.LOW if heavy else Severity.INFO,
        confidence=Confidence.MEDIUM if kind in ("gap", "one-way", "no-loopback") else Confidence.HIGH,
        title=title,
        subject=Subject("capture", "input"),
        first=steps[0].time_ns if steps else evidence.context.first_ns,
        last=steps[-1].time_ns if steps else evidence.context.last_ns,
        first_frame=steps[0].frame if steps else None,
        last_frame=steps[-1].frame if steps else None,
        count=count,
        numbers=numbers,
        thresholds={"gap_s": limits.gap_ns / NS, "messages_per_s": limits.gap_qps},
        chain=steps,
        excluded=("quiet times: a gap counts only amid busy traffic",) if kind == "gap" else (),
        fix=(Fix("the next capture", _CAPTURE),),
        references=("tcpdump(1)",),
        wireshark_filter="dns",
    )
