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
