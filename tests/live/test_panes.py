"""Windows of panes: merging leaves the panes as they were, old ones fall out, and a whole window is one analysis."""

from __future__ import annotations

from typing import Any

from analyzer.live.panes import Measures, Panes, results_of
from analyzer.measures import Context
from tests.measures.traffic import batches, plain, scene

WANTED = ("summary", "names", "clients", "servers", "rcodes", "suffixes", "loops", "search")


def shown(results: Any) -> dict[str, Any]:
    return {name: plain(results[name]) for name in WANTED if name in results}


def test_a_window_is_the_sum_of_its_panes_however_often_it_is_asked_for() -> None:
    made = scene(7, lookups=8)
    context, found = batches(made, [len(made.rows) // 3, 2 * len(made.rows) // 3])
    panes, whole = Panes(context, 12), Measures(context)
    for batch in found:
        panes.update([batch])
        panes.close()
    whole.update(found)
    expected = shown(results_of(whole))
    assert shown(panes.window(context)) == expected
    assert shown(panes.window(context)) == expected


def test_what_is_old_falls_out() -> None:
    context, found = batches(scene(3, lookups=4))
    panes = Panes(context, 2)
    panes.update(found)
    messages = panes.window(Context(context.names, context.addresses))["summary"].messages
    panes.close()
    panes.close()
    assert panes.window(context)["summary"].messages == messages > 0
    panes.close()
    assert panes.window(context)["summary"].messages == 0
    assert panes.empty


def test_where_memory_is_short_neighbours_merge_and_nothing_is_lost_until_all_are_wide() -> None:
    context, found = batches(scene(5, lookups=12))
    panes = Panes(context, 12)
    for _ in range(8):
        panes.update(found)
        panes.close()
    whole = panes.window(Context(context.names, context.addresses))["summary"].messages
    for left in (7, 6, 5, 4, 3, 2):
        panes.shed()
        assert sum(pane is not None for pane in panes._closed) == left
        assert panes.window(Context(context.names, context.addresses))["summary"].messages == whole
    panes.shed()  # both are as wide as they may get: the older one goes
    assert panes.window(Context(context.names, context.addresses))["summary"].messages == whole // 2
    panes.shed()
    panes.shed()
    assert panes.empty
