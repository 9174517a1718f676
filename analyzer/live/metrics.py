"""Prometheus metrics of a running watch. The number of series is fixed: no name, no address ever becomes a label."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from analyzer.errors import MissingExtra, UsageError
from analyzer.findings import Severity

if TYPE_CHECKING:
    from analyzer.live.state import State

__all__ = ["Metrics", "require", "serve"]

_CODES: Final = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "other")


class Metrics:
    """A Prometheus collector over the latest state."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: State | None = None

    def show(self, state: State) -> None:
        """Serve this from now on."""
        with self._lock:
            self._state = state

    def collect(self) -> Iterator[Any]:
        """Called by prometheus_client at each scrape."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        with self._lock:
            state = self._state
        if state is None:
            return
        yield CounterMetricFamily("dnsloupe_packets", "Packets parsed", value=state.packets)
        yield CounterMetricFamily("dnsloupe_dns_messages", "DNS messages, copies included", value=state.messages)
        yield CounterMetricFamily("dnsloupe_dropped_packets", "Lost before they could be read", value=state.lost)
        queries = GaugeMetricFamily("dnsloupe_queries_last_minute", "Unique queries in the last 60 s")
        queries.add_metric([], state.minute.get("queries", 0))
        yield queries
        yield _by_code(state, GaugeMetricFamily)
        found = GaugeMetricFamily("dnsloupe_findings", "Findings active now", labels=["severity"])
        for severity in Severity:
            found.add_metric([severity.word], sum(entry.finding.severity == severity for entry in state.active))
        yield found


def _by_code(state: State, family: Any) -> Any:
    counts = dict.fromkeys(_CODES, 0)
    for name, count in state.minute.items():
        if name != "queries":
            counts[name if name in counts else "other"] += count
    out = family("dnsloupe_responses_last_minute", "Unique responses in the last 60 s", labels=["rcode"])
    for name, count in counts.items():
        out.add_metric([name], count)
    return out


def require() -> None:
    """Import what serving takes. Raises MissingExtra."""
    try:
        import traceback  # noqa: F401 - of a request that fails; later there may be no right to read any of these

        import prometheus_client.core
        import prometheus_client.openmetrics.exposition  # noqa: F401 - imported by what answers a request
    except ImportError as error:
        raise MissingExtra("--metrics needs prometheus-client: pip install 'dnsloupe[live]'") from error


def serve(where: str, metrics: Metrics) -> None:
    """Serve at `ADDR:PORT` in a thread. Raises UsageError, MissingExtra."""
    address, colon, port = where.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"--metrics: {where!r} is not ADDR:PORT")
    require()
    from prometheus_client import CollectorRegistry, start_http_server

    registry = CollectorRegistry()
    registry.register(metrics)
    try:
        start_http_server(int(port), address.strip("[]") or "127.0.0.1", registry)
    except OSError as error:
        raise UsageError(f"--metrics: {where}: {(error.strerror or str(error)).lower()}") from error
