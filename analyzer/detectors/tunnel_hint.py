"""Names and answers that look like data carried over DNS.

## What it detects

In any five minutes a client with at least 100 queries under one zone, of which 80 % ask for another name; names of 60 octets on
average, or a label of 40; at least 3.5 bits in a character of what stands before the zone. Kind `roomy-types`: at least
half of the queries are for TXT, NULL, CNAME or MX; low, medium with 50 kB of answers. Kind `large-answers`: 50 kB of answers
to other types; info. It looks like a tunnel, which is all that names can say.

## What you feel

Load on the cache, which can keep none of it; and, if it is a tunnel, data that leave past every firewall.

## Evidence

Queries, distinct names, their length and entropy, types, octets up (names) and down (answers), the first names.

## Not to be confused with

Virus scanners and reputation services, which ask by long hashes; telemetry; content networks; DNS block lists; DKIM, ACME and
service names (labels with an underscore are left out, as are reverse zones, names in the cluster, and search candidates).

## Fix

Find the program; if it has no business there, stop it, and answer the zone with NXDOMAIN.

## References

RFC 9076 section 6.1.2; iodine; dnscat2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding
from analyzer.detectors.search_fixes import name_filter, template
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.tunnels import Carrier
from analyzer.options import Thresholds

NEEDS = ("tunnels",)

# Zones whose owners document that they carry hashes, block-list questions or telemetry in names.
_KNOWN: Final = (
    "abuseat.org", "barracudacentral.org", "e5.sk", "mailshell.net", "mcafee.com", "sophosxl.net", "sorbs.net", "spamcop.net",
    "spamhaus.org", "surbl.org", "trendmicro.com", "uribl.com",
    "akamai.net", "akamaiedge.net", "akadns.net", "amazonaws.com", "azure.com", "cloudapp.net", "cloudfront.net", "edgekey.net",
    "edgesuite.net", "fastly.net", "trafficmanager.net", "windows.net",
)  # fmt: skip


_CLIENT: Final = (Fix("the client", "# which program asks? stop or isolate it"),)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each client and zone."""
    limits = evidence.thresholds
    for row in evidence.results["tunnels"]:
        known = any(row.zone == zone or row.zone.endswith(f".{zone}") for zone in _KNOWN)
        if not known and _like_data(limits, row) and (_roomy(limits, row) or _large(limits, row)):
            yield _finding(evidence, row)


def _like_data(limits: Thresholds, row: Carrier) -> bool:
    ever_new = row.queries >= limits.tunnel_queries and row.names >= limits.tunnel_distinct * row.queries
    long = row.length >= limits.tunnel_name or row.longest_label >= limits.tunnel_label
    return ever_new and long and row.bits >= limits.tunnel_bits


def _roomy(limits: Thresholds, row: Carrier) -> bool:
    return row.roomy >= limits.tunnel_types * row.queries


def _large(limits: Thresholds, row: Carrier) -> bool:
    return row.down >= limits.tunnel_octets


def _finding(evidence: Evidence, row: Carrier) -> Finding:
    limits = evidence.thresholds
    roomy, large = _roomy(limits, row), _large(limits, row)
    return finding(
        evidence,
        row.seen,
        ident="tunnel-hint",
        kind="roomy-types" if roomy else "large-answers",
        severity=Severity.MEDIUM if roomy and large else Severity.LOW if roomy else Severity.INFO,
        confidence=Confidence.LOW,
        title=f"{row.names} names under {'no known domain' if row.zone == '.' else row.zone} from {row.client} look like data "
        f"carried over DNS: {row.up} octets up, {row.down} down",
        subject=Subject("suffix", row.zone),
        side="client",
        numbers={
            "client": row.client,
            "queries": row.queries,
            "names": row.names,
            "mean_length": round(row.length, 1),
            "longest_label": row.longest_label,
            "bits_a_character": round(row.bits, 2),
            "txt_null_cname_mx": row.roomy,
            "octets_up": row.up,
            "octets_down": row.down,
        },
        thresholds={
            "queries": limits.tunnel_queries,
            "names_per_query": limits.tunnel_distinct,
            "length": limits.tunnel_name,
            "label": limits.tunnel_label,
            "bits_a_character": limits.tunnel_bits,
            "share_of_types": limits.tunnel_types,
            "octets_down": limits.tunnel_octets,
        },
        excluded=(
            "reverse names, service names (labels with an underscore), names in the cluster, search candidates",
            "zones of virus scanners, block lists and content networks",
        ),
        fix=_CLIENT
        if row.zone == "."
        else (*_CLIENT, Fix("Corefile, if nothing has a right to it", template(row.zone))),
        references=("RFC 9076",),
        wireshark_filter="dns.qry.name.len >= 40" if row.zone == "." else name_filter(row.zone),
    )
