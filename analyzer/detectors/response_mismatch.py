"""Responses that do not fit what was asked.

## What it detects

From ten seconds after the start: responses without a query of their own. Kind `wrong-source`: ID, port and question of a
query that stays unanswered, but from another address; one is proof. High. Kind `id-mismatch`: the client asked this server for
this name, but not under this ID; from 20 IDs for one name in 10 s high (guessing), else low. Kind `question-mismatch`: right
ID and port, another question; low. Kind `double-answer`: a second answer to a query, after the one that closed it; low. Kind
`unsolicited`: nothing fits; low. All but the first need ten and 1 % of the queries.

## What you feel

`wrong-source`: "reply from unexpected source", time-outs though answers arrive. `double-answer`: nothing, or answers that
change: the first one wins, whoever sent it.

## Evidence

The responses, and whom the client had asked.

## Not to be confused with

Address translation seen from both sides (such copies are matched); late answers; the beginning of the capture; a capture that
lost packets or holds one direction only. For `double-answer` also packets that the network doubled: compare the answers (`dnsloupe messages`), two different
ones have two senders.

## Fix

For `wrong-source` in a cluster: bridged packets must pass iptables, and kube-proxy must translate on the way back.

## References

RFC 5452; rancher/rke#368; kubernetes/kubernetes#21613.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.mismatches import Mismatch
from analyzer.options import Thresholds

NEEDS = ("mismatches",)

_SHARE = 0.01  # of the queries: less is a late answer or a lost packet here and there


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each kind, client and server."""
    limits = evidence.thresholds
    for row in evidence.results["mismatches"]:
        many = row.seen.count >= limits.min_events and row.seen.count >= _SHARE * row.queries
        if row.kind == "wrong-source" or many:
            yield _finding(evidence, row)


def _severity(limits: Thresholds, row: Mismatch) -> Severity:
    guessed = row.kind == "id-mismatch" and row.ids_10s >= limits.mismatch_ids
    return Severity.HIGH if row.kind == "wrong-source" or guessed else Severity.LOW


def _title(row: Mismatch) -> str:
    count = row.seen.count
    if row.kind == "wrong-source":
        return f"{row.client} asked {' and '.join(row.asked)}, but {row.server} answered ({count} times): the answers are lost"
    what = {
        "id-mismatch": "carry an ID that the client did not use",
        "question-mismatch": "answer another question",
        "unsolicited": "fit no query in the capture",
        "double-answer": "come after the answer to the same query",
    }[row.kind]
    return f"{count} responses of {row.server} to {row.client} {what}"


def _finding(evidence: Evidence, row: Mismatch) -> Finding:
    limits = evidence.thresholds
    source = row.kind == "wrong-source"
    fix = (
        Fix("sysctl on every node", "net.bridge.bridge-nf-call-iptables=1"),
        Fix("kube-proxy", "masqueradeAll: true    # where pod and server share a node or a bridge"),
    )
    return finding(
        evidence,
        row.seen,
        ident="response-mismatch",
        kind=row.kind,
        severity=_severity(limits, row),
        confidence=Confidence.HIGH if source else Confidence.LOW,
        title=_title(row),
        subject=Subject("leg", f"{row.client}>{row.asked[0] if source else row.server}"),
        numbers={
            "responses": row.seen.count,
            "queries": row.queries,
            "names": row.names,
            "ids_for_one_name": row.ids_10s,
            "asked": " ".join(row.asked[:5]),
        },
        thresholds={"after_s": limits.mismatch_skip_ns / 1e9, "ids_for_one_name": limits.mismatch_ids},
        excluded=(
            "the first ten seconds, when a query may lie before the capture",
            "address translation: copies of one packet are matched under all addresses",
            "clients of which no query was captured at all",
        ),
        fix=fix if source else (Fix("the capture", "# on all interfaces, with both directions, without drops"),),
        references=("RFC 5452", "rancher/rke#368", "kubernetes/kubernetes#21613"),
        wireshark_filter=f"dns.flags.response == 1 && {ip(row.server, 'src')} && {ip(row.client, 'dst')}",
    )
