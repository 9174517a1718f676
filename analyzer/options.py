"""Every setting and every threshold, in one place, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["NS", "AnalyzeOptions", "Limits", "Select", "Thresholds"]

NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Select:
    """DNS-level filters; they compose (a message must pass all that are set). Times are ns since 1970 UTC.

    `since` and `until` may be relative to the first frame: then `relative` names them.
    """

    names: tuple[str, ...] = ()  # suffixes, or globs where they hold * or ?
    qtypes: frozenset[int] = frozenset()
    rcodes: frozenset[int] = frozenset()
    clients: tuple[str, ...] = ()  # addresses or networks
    servers: tuple[str, ...] = ()
    only: str = ""  # "queries", "responses" or "" for both
    since: int | None = None
    until: int | None = None
    relative: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self != Select()


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of memory and of looking back; what exceeds them is counted, never lost in silence."""

    order_ns: int = 1 * NS  # capture order may be off by this much (the lab: 185 ms over four interfaces)
    dup_window_ns: int = 10_000_000  # about 4 times the largest spread of copies seen (2.36 ms), below any retry timer
    match_ns: int = 30 * NS  # longest wait for an answer: resolvers give up earlier
    late_ns: int = 5 * NS  # glibc's first retry; an answer after it is late
    pending_ns: int = 5 * NS  # a query this close to the end of the capture is pending, not unanswered
    retry_same_id_ns: int = 15 * NS  # same ID and port: glibc resends for 15 s at most
    retry_ns: int = 6 * NS  # new ID or port after failure or silence: Go and c-ares wait 5 s (and jitter)
    retry_failed_ns: int = 500_000_000  # after SERVFAIL or REFUSED resolvers go on at once; later a program asks anew
    retry_silence_ns: int = 300_000_000  # below this, another ID is another question, not a retry
    question_ns: int = 30 * NS  # a question lasts at most this long …
    question_sends: int = 12  # … and this many sends
    step_ns: int = 50_000_000  # next candidate after an answer: LAN answer and scheduling (0.1 to 0.5 ms seen)
    step_timeout_ns: int = 6 * NS  # next candidate after silence
    lookup_ns: int = 60 * NS  # a lookup's candidates begin within this; more than 6 candidates of 5 s and a retry each
    pair_ns: int = 50_000_000  # A and AAAA of one name from two ports belong together within this
    link_slack_ns: int = 5_000_000  # a forwarder's own answer may be captured this much before its upstream's
    max_pairs: int = 1_000_000  # client x name pairs counted exactly; then space-saving
    max_messages: int = 6_000_000  # messages held for matching (2 GB): a minute of 100,000 a second; then queries end
    max_keys: int = 1_000_000  # keys of any other table
    max_rows: int = 4_000_000  # rows kept to look back on by a measure that needs the ones nearby
    max_events: int = 4_000_000  # times kept of one kind (64 MB): eleven hours at 100 a second; then coarser steps
    series_bins: int = 64  # bins of a time series before their width doubles
    bin_ns: int = 10 * NS


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits at which detectors speak. "/min" is compared with the exact count in the busiest 60 s."""

    min_events: int = 10  # below this nothing fires, but for findings that one event proves

    search_low_share: float = 0.5
    search_low_per_min: int = 60  # one a second: the slowest poll worth a line
    search_medium_share: float = 0.7
    search_medium_per_min: int = 600
    search_high_per_min: int = 6000
    search_bases: int = 3  # the smallest vote that beats coincidence
    search_clients: int = 2
    leak_high_per_min: int = 60
    hijack_bases: int = 3

    dead_lookups: int = 10
    dead_max_workers: int = 16
    dead_iqr: float = 0.3
    dead_outer_per_min: int = 60
    dead_medium_per_min: int = 60
    dead_high_queries_per_min: int = 1000

    aaaa_share: float = 0.25
    aaaa_queries: int = 100
    hot_name_share: float = 0.2
    hot_name_per_min: int = 60
    hot_client_share: float = 0.3
    hot_client_per_min: int = 300
    hot_client_median: float = 10.0
    hot_low_per_min: int = 3000
    ptr_per_min: int = 30
    ptr_share: float = 0.05
    bogus_tld_medium_per_min: int = 60

    loop_depth: int = 3
    loop_step_ns: int = 50_000_000
    loop_two_deep_times: int = 10
    loop_proof_depth: int = 32
    loop_runaway_per_s: int = 100
    loop_coalesced_repeats: int = 10
    loop_silence_ns: int = 1_500_000_000
    probe_copy_ns: int = 500_000_000
    probe_retry_ns: int = 3 * NS
    probe_retry_slack_ns: int = 150_000_000
    ip_loop_ttls: int = 3
    pooled_names: int = 3  # base names on one ephemeral port: a forwarder's socket

    no_soa_count: int = 10
    no_soa_share: float = 0.2
    no_soa_repeats: int = 3
    no_soa_high_per_min: int = 300
    negcache_per_key: int = 3
    negcache_share: float = 0.2
    negcache_per_min: int = 30
    negcache_keys: int = 10
    negcache_ignore_ns: int = 50_000_000
    poscache_count: int = 10
    poscache_share: float = 0.2
    poscache_floor_s: int = 5
    short_ttl_s: int = 5

    unanswered_share: float = 0.01
    unanswered_high_share: float = 0.05
    unanswered_count: int = 10
    unanswered_row: int = 3
    blackout_ns: int = 10 * NS
    unreachable_count: int = 3
    retry_share: float = 0.2
    retry_per_min: int = 30
    rcode_share: float = 0.05
    rcode_high_share: float = 0.2
    rcode_per_min: int = 30
    nxdomain_share: float = 0.4
    nxdomain_per_min: int = 300
    nxdomain_median: float = 3.0
    nxdomain_explained: float = 0.8
    health_count: int = 3
    health_high_ns: int = 10 * NS
    slow_count: int = 20
    slow_private_ns: int = 100_000_000
    slow_public_ns: int = 500_000_000
    slow_medium_ns: int = 1 * NS
    slow_read_timeout_ns: int = 2 * NS
    slow_high_share: float = 0.01
    late_share: float = 0.01
    late_count: int = 10
    conntrack_cases: int = 3
    conntrack_names: int = 2
    blackhole_share: float = 0.5

    tc_share: float = 0.05
    tc_follow_ns: int = 1 * NS
    tc_wait_ns: int = 2 * NS
    churn_syn_per_min: int = 60
    churn_answers: float = 2.0
    churn_open: int = 50
    churn_failed_share: float = 0.05
    edns_size: int = 1232  # DNS flag day 2020
    edns_count: int = 5

    mismatch_skip_ns: int = 10 * NS
    mismatch_ids: int = 20
    entropy_count: int = 100
    entropy_near: float = 0.8
    entropy_ids: float = 0.6  # 2,000 random IDs are 98 % different
    entropy_ports: int = 3
    random_labels: int = 200
    random_distinct: float = 0.9
    random_failed: float = 0.8
    tunnel_queries: int = 100
    tunnel_window_ns: int = 300 * NS
    tunnel_distinct: float = 0.8
    tunnel_name: int = 60  # octets of a name, or 40 of its longest label: words of people are shorter
    tunnel_label: int = 40
    tunnel_bits: float = (
        3.5  # a letter; English text has 4.1 over a whole page, a host's name less, hexadecimal digits 4
    )
    tunnel_types: float = 0.5
    tunnel_octets: int = 50_000
    copies_warn: float = 1.2  # frames a packet above which raw tools over-count
    gap_ns: int = 2 * NS
    gap_qps: int = 10


@dataclass(frozen=True, slots=True)
class AnalyzeOptions:
    """Everything `analyze` needs besides the input."""

    ports: frozenset[int] = frozenset({53})
    bpf: str = ""
    select: Select = field(default_factory=Select)
    dedupe: bool = True
    decoder: Literal["auto", "native", "reference"] = "auto"
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # --hosts and --k8s: names for BPF expressions
    labels: Mapping[str, tuple[tuple[int | None, str], ...]] = field(default_factory=dict)
    """--k8s and --hosts: what had an address, each with the time (ns) from which on it had it."""
    cluster_domain: str = ""
    forwarders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # --forwarder name=ip,ip
    config: tuple[str, ...] = ()  # configurations to hold the capture against: PATH, ROLE=PATH, ROLE@HOST=PATH
    depth: int | None = None
    top: int = 10_000
    limits: Limits = field(default_factory=Limits)
    thresholds: Thresholds = field(default_factory=Thresholds)
