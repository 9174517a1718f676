"""The usual cures, counted when they are asked for."""

from __future__ import annotations

import pytest

from analyzer.measures import search_replay
from analyzer.measures.rows import Side
from analyzer.measures.search_replay import Rules
from analyzer.measures.search_whatif import Cures, what_if
from tests.lookups import LIST, dead_polling, lookup
from tests.scenes import Scene


def test_cures_are_counted_once_and_only_when_asked_for() -> None:
    scene = Scene()
    dead_polling(scene, ["a.b.svc.cluster.local", "c.d.svc.cluster.local", "e.f.svc.cluster.local"], 10, workers=1)
    cures = scene.results()[0]["search_whatif"]
    assert isinstance(cures, Cures)
    assert "rows" not in vars(cures)
    words = [one.rules.words for one in cures.rows]
    assert words == ["fqdn", "ndots=2", f"drop-search={LIST[-1]}", "no-aaaa", "negative-ttl=30"]
    assert cures.rows is cures.rows
    assert [(leg.side, leg.before, leg.high) for leg in cures.rows[0].legs] == [
        (Side.CLIENT, 300, 60),
        (Side.UPSTREAM, 60, 0),
    ]


def test_more_kinds_of_lookups_than_are_walked_stay_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_replay, "_WALKED", 2)
    scene = Scene()
    for n in range(6):
        lookup(scene, n, f"gone{n}.example.net")
    results, context = scene.results()
    found = what_if(results, context, Rules(fqdn=True))
    assert (found.legs[0].before, found.legs[0].high) == (60, 2 * 2 + 4 * 10)
    assert "4 lookups of rare names were not walked again and count as they were" in found.notes
