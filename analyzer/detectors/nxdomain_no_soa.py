"""A server denies names without an SOA record, so no cache may keep the denial.

## What it detects

NXDOMAIN answers (or NOERROR without data) with no SOA in the authority section: at least ten, at least 20 % of that
server's negative answers to the client, and the same question asked again by the same forwarder at least three times. RFC 2308 ties
negative caching to the SOA; CoreDNS up to 1.14 caches no denial without one. Medium; high from 300 repeats a minute.
Where the client is not proven to be a forwarder from here, the confidence is low; a client known to be a stub never
fires.

## What you feel

Load that a cache should have taken: every client query becomes an upstream query.

## Evidence

The server, denials with and without SOA, repeats, the names repeated most, and what a cacheable denial of 30 s saves.

## Not to be confused with

REFUSED and SERVFAIL; truncated answers; stub clients, which have no cache. Servers known for it: dnsmasq for what its
own configuration denies (`local=/zone/`, `address=/zone/`, `bogus-priv`), dnsmasq before 2.90 for cached denials,
Pi-hole, the AWS VPC resolver for cached denials.

## Fix

A `template` that denies the zone with an SOA in front of that server, or a server for the zone that sends one. CoreDNS
has no option that caches such answers; the TTL of `denial` does not help.

## References

RFC 2308 sections 3 and 5; coredns/coredns#3755, #5313, #5524, #6683; pi-hole/pi-hole#5384.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.caching_steps import saved, steps_of, stubs
from analyzer.detectors.search_fixes import paste, rate, template
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Subject
from analyzer.measures.caching import CacheLeg
from analyzer.measures.rows import Side
from analyzer.options import Thresholds

NEEDS = ("asked", "caching", "search", "clusterdomain")

_TTL_S = 30  # CoreDNS' default cache time for the saving that is shown


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each leg to such a server."""
    known = stubs(evidence)
    for leg in evidence.results["caching"]:
        if (
            leg.kind == "bare"
            and leg.side != Side.SELF
            and leg.client not in known
            and _fires(evidence.thresholds, leg)
        ):
            yield _finding(evidence, leg)


def _fires(thresholds: Thresholds, leg: CacheLeg) -> bool:
    return (
        leg.answers >= thresholds.no_soa_count
        and leg.answers >= thresholds.no_soa_share * leg.all_negative
        and leg.most_per_key >= thresholds.no_soa_repeats
    )


def _finding(evidence: Evidence, leg: CacheLeg) -> Finding:
    thresholds = evidence.thresholds
    high = leg.peak_60s >= thresholds.no_soa_high_per_min
    zones = _zones(evidence, leg)
    saving = saved(leg, _TTL_S)
    return Finding(
        id="nxdomain-no-soa",
        kind="forwarder" if leg.forwarder else "unproven",
        severity=Severity.HIGH if high else Severity.MEDIUM,
        confidence=Confidence.HIGH if leg.forwarder else Confidence.LOW,
        title=f"{leg.server} denies names without an SOA: {leg.answers} of {leg.all_negative} negative answers to "
        f"{leg.client} cannot be cached, {leg.re_asks} of them repeats",
        subject=Subject("leg", f"{leg.client}>{leg.server}"),
        first=leg.first,
        last=leg.last,
        first_frame=Frame(leg.names[0].first.file, leg.names[0].first.frame),
        last_frame=Frame(leg.names[0].again.file, leg.names[0].again.frame),
        count=leg.answers,
        per_min=rate(leg.answers, evidence.context.covered_ns),
        peak_60s=leg.peak_60s,
        side=str(leg.side),
        numbers={
            "without_soa": leg.answers,
            "negative_answers": leg.all_negative,
            "share": round(leg.answers / leg.all_negative, 3),
            "repeats": leg.re_asks,
            "repeats_peak_60s": leg.peak_60s,
            "keys": leg.keys,
            "most_repeats_of_one_key": leg.most_per_key,
            "queries_saved_with_ttl_30": saving,
            **{f"name {row.qname}": row.count for row in leg.names[:5]},
        },
        thresholds={
            "without_soa": thresholds.no_soa_count,
            "share": thresholds.no_soa_share,
            "most_repeats_of_one_key": thresholds.no_soa_repeats,
            "repeats_peak_60s": thresholds.no_soa_high_per_min,
        },
        chain=steps_of(leg, "denied without SOA"),
        examples=[Frame(row.again.file, row.again.frame) for row in leg.names[1:6]],
        excluded=(
            "stub clients: " + ("the client forwards for others" if leg.forwarder else "not ruled out from here"),
            "truncated answers, REFUSED and SERVFAIL are not counted",
        ),
        fix=_fixes(leg, zones, saving),
        references=(
            "RFC 2308 section 5",
            "https://github.com/coredns/coredns/issues/3755",
            "https://github.com/pi-hole/pi-hole/issues/5384",
        ),
        wireshark_filter=f"dns.flags.rcode == 3 && dns.count.auth_rr == 0 && "
        f"ip{'v6' if ':' in leg.server else ''}.src == {leg.server}",
    )


def _zones(evidence: Evidence, leg: CacheLeg) -> list[str]:
    """Zones behind the repeats that can be denied as a whole, most repeats first: the cluster domain with the suffix of a
    leak, or a base's top-level domain with its search suffix; none where any name has data."""
    suffix_of = evidence.results["search"].suffix_of
    domain = evidence.results["clusterdomain"].name
    names = evidence.context.names
    zones = Counter[str]()
    for row in leg.names:
        node = names.find(row.qname)
        suffix = suffix_of.get(node, "") if node is not None else ""
        base = row.qname.removesuffix(f".{suffix}")
        if suffix and base.endswith(f".{domain}"):
            zones[f"{domain}.{suffix}"] += row.count
        elif suffix and "." in base:
            zones[f"{base.rsplit('.', 1)[1]}.{suffix}"] += row.count
    rows = evidence.results["asked"].rows
    alive = rows.qname[rows.data > 0]
    nodes = {zone: names.find(zone) for zone, _ in zones.most_common(3)}
    return [zone for zone, node in nodes.items() if node is not None and not names.under(node)[alive].any()]


def _fixes(leg: CacheLeg, zones: list[str], saving: int) -> tuple[Fix, ...]:
    note = f"saves about {saving} of {leg.queries} queries seen on this leg"
    out = [Fix("Corefile in front of the server, block .:53", template(zone, note)) for zone in zones[:2]]
    plain = paste(zones[0]) if zones else "<ZONE>"
    what = f"# local=/{plain}/ (address=/{plain}/) denies without SOA; leave the zone to a server that sends one"
    out.append(Fix(f"dnsmasq on {leg.server}", what))
    out.append(Fix("a dnsmasq downstream", "neg-ttl=60    # keeps denials without SOA"))
    return tuple(out)
