"""Timers of resolvers, from made silence."""

from __future__ import annotations

import pytest

from analyzer.measures.resends import Resends
from analyzer.options import NS
from tests.scenes import Scene

POD = "10.233.64.11"


def resent(gap: float, sends: int, *, same: bool = True, times: int = 4, failed: bool = False) -> Resends | None:
    """Questions sent `sends` times, `gap` seconds apart, without an answer (or each answered SERVFAIL just before)."""
    scene = Scene()
    for n in range(times):
        for again in range(sends):
            own = {"msg_id": 900 + n, "src_port": 50_000 + n} if same else {}
            query = scene.query(100 * n + gap * again, POD, "10.0.0.53", f"host{n}.test", "A", **own)
            if failed:
                scene.response(100 * n + gap * (again + 1) - 0.001, query, "SERVFAIL")
    scene.ask(100 * times, POD, "10.0.0.53", "end.test")
    found = scene.results()[0]["resends"].get(POD)
    assert found is None or isinstance(found, Resends)
    return found


@pytest.mark.parametrize(("gap", "same"), [(5.0, True), (2.5, True), (2.0, True), (5.0, False)])
def test_the_wait_and_the_number_of_sends(gap: float, same: bool) -> None:
    found = resent(gap, 2, same=same)
    assert found is not None
    assert (found.wait_ns, found.resends, found.attempts, found.given_up) == (round(gap * NS), 4, 2, 4)


def test_two_questions_show_nothing() -> None:
    assert resent(5.0, 2, times=2) is None


def test_a_failure_that_came_late_is_no_timer() -> None:
    """CoreDNS says SERVFAIL after 2 s; asking again at once is no timeout of 2 s."""
    assert resent(2.0, 2, failed=True) is None


def test_sent_once_shows_nothing() -> None:
    assert resent(5.0, 1) is None
