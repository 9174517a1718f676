"""The SERVFAIL storm; its limits are held in test_error_storms."""

from __future__ import annotations

from tests.detectors.test_error_storms import traffic


def test_it_names_the_server_and_the_client() -> None:
    (found,) = traffic(60, 300, "SERVFAIL").findings("servfail-storm")
    assert (found.subject.value, found.numbers["to 10.233.64.11"]) == ("10.233.0.3", 60)
    assert found.title == "10.233.0.3 answers 60 of 300 queries with SERVFAIL (20%)"


def test_healthy_traffic_is_quiet() -> None:
    assert traffic(0, 300, "SERVFAIL").findings("servfail-storm") == []
