"""Metrics: the series are the same ones whatever the traffic."""

from __future__ import annotations

import dataclasses

import pytest

from analyzer.errors import UsageError
from analyzer.live.metrics import Metrics, serve
from tests.live.test_lines import state

pytest.importorskip("prometheus_client")


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    return {(s.name, *s.labels.values()): s.value for family in metrics.collect() for s in family.samples}


def test_the_number_of_series_is_fixed() -> None:
    metrics = Metrics()
    assert samples(metrics) == {}
    metrics.show(state())
    first = samples(metrics)
    assert first["dnsloupe_findings", "high"] == 1
    assert first["dnsloupe_dropped_packets_total",] == 3
    metrics.show(dataclasses.replace(state(), minute={"queries": 9, "RCODE23": 4, "NXDOMAIN": 5}))
    second = samples(metrics)
    assert first.keys() == second.keys()
    assert second["dnsloupe_responses_last_minute", "other"] == 4


@pytest.mark.parametrize("where", ["9353", "127.0.0.1:", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_refused(where: str) -> None:
    with pytest.raises(UsageError):
        serve(where, Metrics())
