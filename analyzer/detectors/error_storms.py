"""What SERVFAIL, REFUSED and FORMERR storms share: one server whose answers are one error too often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip
from analyzer.dns import rcodes
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.errors import Erring

__all__ = ["storms"]


def storms(
    evidence: Evidence, ident: str, rcode: int, causes: Sequence[str], fix: Sequence[Fix], references: Sequence[str]
) -> Iterator[Finding]:
    """One finding for each server above both limits; `causes` are the words behind the numbers."""
    limits = evidence.thresholds
    for row in evidence.results["errors"]:
        often = row.seen.count >= limits.rcode_share * max(row.queries, 1) and row.seen.peak_60s >= limits.rcode_per_min
        if row.rcode == rcode and often:
            yield _finding(evidence, ident, row, causes, fix, references)


def _finding(
    evidence: Evidence, ident: str, row: Erring, causes: Sequence[str], fix: Sequence[Fix], references: Sequence[str]
) -> Finding:
    limits = evidence.thresholds
    share = row.seen.count / max(row.queries, 1)
    word = rcodes.text(row.rcode)
    kind = "gave-up" if 2 * row.gave_up >= row.seen.count else "loop" if 2 * row.own >= row.seen.count else "server"
    loops = [other for other in ("forward-loop", "loop-probe-loop") if evidence.findings.get(other)]
    return finding(
        evidence,
        row.seen,
        ident=ident,
        kind=kind,
        severity=Severity.HIGH if share >= limits.rcode_high_share else Severity.MEDIUM,
        confidence=Confidence.HIGH,
        title=f"{row.server} answers {row.seen.count} of {row.queries} queries with {word} ({share:.0%})",
        subject=Subject("server", row.server),
        numbers={
            word.lower(): row.seen.count,
            "queries": row.queries,
            "share": round(share, 4),
            "from_itself": row.own,
            "gave_up_upstream": row.gave_up,
            "same_question_just_before": row.bursts,
            "names": row.names,
            **{f"EDE {code}": count for code, count in row.by_ede.items()},
            **{f"to {client}": count for client, count in row.by_client.items()},
            **{f"name {name}": count for name, count in list(row.by_name.items())[:5]},
        },
        thresholds={
            "share": limits.rcode_share,
            "share_high": limits.rcode_high_share,
            "peak_60s": limits.rcode_per_min,
        },
        excluded=(
            *(f"not by itself: see {other}, which makes such answers" for other in loops),
            *causes,
        ),
        fix=fix,
        references=references,
        wireshark_filter=f"dns.flags.rcode == {row.rcode} && {ip(row.server, 'src')}",
    )
