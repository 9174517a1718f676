"""Names of the cluster leave the cluster.

## What it detects

A query whose name holds the cluster domain in its middle (`x.ns.svc.cluster.local.example.org`: kind `suffix`, a search
suffix from outside was appended to a finished cluster name), or a name of the cluster domain itself sent to a server
that never answered for it (kind `zone`). Counted once, at the outermost hop that was captured; where only the
clients' own leg is there, they will leak as soon as the server forwards them (kind `suffix-client`). The cluster domain
is the option's, else the zone of CoreDNS' SOA, else what follows `kubernetes.default.svc`, else cluster.local.

Medium; high if the server is on the open internet, at 60 queries a minute, or where such a name got an address.

## What you feel

The LAN or the provider sees internal names; a wildcard record in the outside domain hijacks them (`wildcard-hijack`).

## Evidence

The suffix, queries by node and by name (all of them are saved where the suffix goes), RCODEs, whether the denials carry an SOA (without one nobody may cache
them), and the chain inside the cluster that ends in the leak.

## Not to be confused with

Doubled cluster suffixes (`x.svc.cluster.local.ns.svc.cluster.local`): in-cluster search waste. A domain
`cluster.local.<corp>` that is really delegated: its names have data. The same lookup on a hop further in.

## Fix

Take the search domain off the nodes (netplan, networkd, DHCP, kubelet); until then a `template` in node-local DNS that
answers with NXDOMAIN and an SOA.

## References

CoreDNS plugin/template ("Block invalid search domain completions"); kubernetes-sigs/kubespray#5484; k0sproject/k0s#6416;
openshift/origin#17316; RFC 2308.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import chain_of, name_filter, rate, saves, source_fixes, template
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Step, Subject
from analyzer.measures.leaks import Leak
from analyzer.measures.rows import Side
from analyzer.measures.search_rows import Search

NEEDS = ("asked", "leaks", "search", "clusterdomain")

_DELEGATED = 0.5  # share of names with data from which the zone counts as really there


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each suffix that cluster names left with."""
    for leak in evidence.results["leaks"].leaks:
        if not _delegated(leak, evidence):
            yield _finding(evidence, leak)


def _delegated(leak: Leak, evidence: Evidence) -> bool:
    """Whether most of the names really exist, each with an address of its own."""
    if leak.positive_names < max(_DELEGATED * leak.distinct, evidence.thresholds.hijack_bases):
        return False
    mine = evidence.results["asked"].rows.take(leak.rows)
    addresses = mine.answer_addr[mine.data > 0]
    return len(set(addresses.tolist())) * 2 > leak.positive_names


def _finding(evidence: Evidence, leak: Leak) -> Finding:
    limit = evidence.thresholds.leak_high_per_min
    high = leak.public or leak.peak_60s >= limit or leak.positive > 0
    kind = leak.kind if leak.side == Side.UPSTREAM or not leak.seen_from_cluster else f"{leak.kind}-client"
    where = " ".join(list(leak.servers)[:3])
    verb = "will leave" if kind.endswith("-client") else "leaves" if leak.distinct == 1 else "leave"
    names = f"{leak.distinct} cluster name{'s' * (leak.distinct != 1)}"
    tail = f" with {leak.suffix} appended" if leak.suffix else ""
    chain = _chain(evidence, leak)
    missing = leak.negatives > 0 and leak.no_soa == leak.negatives
    return Finding(
        id="cluster-name-leak",
        kind=kind,
        severity=Severity.HIGH if high else Severity.MEDIUM,
        confidence=Confidence.MEDIUM if kind.endswith("-client") else Confidence.HIGH,
        title=f"{names} {verb} the cluster{tail}: {leak.queries} queries to {where}",
        subject=Subject("suffix", leak.zone),
        first=leak.first,
        last=leak.last,
        first_frame=Frame(leak.first_frame.file, leak.first_frame.frame),
        last_frame=Frame(leak.last_frame.file, leak.last_frame.frame),
        count=leak.queries,
        per_min=rate(leak.queries, evidence.context.covered_ns),
        peak_60s=leak.peak_60s,
        side=str(leak.side),
        numbers={
            "suffix": leak.suffix,
            "names": leak.distinct,
            "queries": leak.queries,
            "peak_60s": leak.peak_60s,
            "answers_without_soa": leak.no_soa,
            "negative_answers": leak.negatives,
            "positive_answers": leak.positive,
            "queries_further_in": leak.inner_queries,
            "queries_saved": leak.queries,
            **{f"from {client}": count for client, count in list(leak.clients.items())[:8]},
            **{f"outcome {word}": count for word, count in leak.outcomes.items()},
        },
        thresholds={"peak_60s": limit},
        chain=chain,
        examples=[Frame(row.first_frame.file, row.first_frame.frame) for row in leak.names[:5]],
        excluded=(
            "doubled cluster suffixes are search waste inside the cluster and not counted",
            f"{leak.inner_queries} queries of the same names on hops further in are not counted",
            "a zone that is really delegated: "
            + (f"{leak.positive} answers with data" if leak.positive else "no data"),
        ),
        fix=_fixes(leak, missing),
        references=(
            "CoreDNS plugin/template, Block invalid search domain completions",
            "https://github.com/kubernetes-sigs/kubespray/issues/5484",
            "https://github.com/k0sproject/k0s/issues/6416",
            "RFC 2308",
        ),
        wireshark_filter=name_filter(leak.zone),
    )


def _fixes(leak: Leak, no_soa: bool) -> tuple[Fix, ...]:
    saving = saves(leak.queries, leak.queries)
    if leak.kind == "zone":
        note = f"only if this server is not to serve the cluster; {saving}"
        return (Fix("Corefile, block .:53", template(leak.zone, note)),)
    note = "until the search domain is gone" + ("; the SOA also lets caches keep the answer" if no_soa else "")
    stop = Fix("node-local DNS Corefile, block .:53", template(leak.zone, f"{note}; {saving} beyond it"))
    return (*source_fixes(leak.suffix, saving), stop)


def _chain(evidence: Evidence, leak: Leak) -> tuple[Step, ...]:
    """The lookup behind the leak where a client's chain with this suffix was seen; else the first leaked query."""
    search: Search = evidence.results["search"]
    for found in search.lists:
        if leak.suffix in found.suffixes and found.example:
            return chain_of(found.example)
    if not leak.names:
        return ()
    name = leak.names[0]
    frame = Frame(name.first_frame.file, name.first_frame.frame)
    return (
        Step(frame, leak.first, f"{name.qname}", {"queries": name.queries, "server": next(iter(leak.servers), "")}),
    )
