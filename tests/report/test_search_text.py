"""The section on search lists, read as a newcomer reads it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from analyzer.measures.search_crosscheck import cross_check
from analyzer.measures.search_rows import Search
from analyzer.report.look import Look, console
from analyzer.report.model import Report
from analyzer.report.search_text import bill_csv, section
from analyzer.whatif import parse, what_if
from tests.lookups import LIST, POD, dead_polling, lookup
from tests.scenes import Scene


def shown(search: Search, *more: object, width: int = 100) -> str:
    out = io.StringIO()
    look = Look(width=width)
    paper = console(out, look)
    for part in section(search, look, *more):  # type: ignore[arg-type]  # the two optional lists, in order
        paper.print(part)
    return out.getvalue()


@pytest.fixture(scope="module")
def scene() -> Scene:
    made = Scene()
    for n, base in enumerate(("db.orders.svc.cluster.local", "api.github.com", "cache")):
        lookup(made, n, base, answers={"api.github.com": "DATA"})
    return made


def test_the_whole_story_is_told(scene: Scene) -> None:
    results, context = scene.results()
    search = results["search"]
    whatifs = [what_if(results, context, parse([rule])) for rule in ("fqdn", "ndots=2")]
    checks = cross_check(search, "pod.conf", LIST, 5)
    page = shown(search, whatifs, checks)
    for words in (
        "24 of 30 client queries wasted (80 %)",
        "`ndots:N` says",
        f"search {' '.join(LIST)}",
        "options ndots:5",
        "10 queries, 2 would have done",
        "pods of namespace shop",
        "THE BILL",
        "WHAT IF",
        "pod.conf",
        "match",
    ):
        assert words in page, words
    ends = [line.split()[-1] for line in page.splitlines() if line.lstrip().startswith("#") and " ms " in line]
    assert ends == ["wasted"] * 4 + ["needed"]


def test_where_no_list_can_be_told_it_says_so_and_why() -> None:
    made = Scene()
    for n in range(20):
        made.ask(n, "192.168.1.23", "192.168.1.1", f"db{n % 3}.orders.svc.cluster.local.example.org", src_port=33_000)
    page = shown(made.results()[0]["search"])
    assert "none can be told from here" in page
    assert "only candidates with example.org come past here" in " ".join(page.split())


def test_hostile_names_stay_text(report_of: Callable[[str], Report]) -> None:
    search = report_of("hostile").details["search"]
    page = shown(search)
    assert "\x1b" not in page
    assert "\x1b" not in bill_csv(search)


def test_the_csv_holds_the_bill_and_adds_up(scene: Scene) -> None:
    results, context = scene.results()
    rows = list(csv.DictReader(io.StringIO(bill_csv(results["search"]))))
    kinds = {row["kind"] for row in rows}
    assert kinds == {"all", "list", "client", "base", "suffix"}
    total = next(row for row in rows if row["kind"] == "all")
    assert sum(int(row["queries"]) for row in rows if row["kind"] == "client") == int(total["queries"]) == 30
    assert sum(int(row["wasted"]) for row in rows if row["kind"] == "suffix") == int(total["wasted"]) == 24
    assert [row["key"] for row in rows if row["kind"] == "client"] == [POD]
    found = what_if(results, context, parse(["fqdn"]))
    assert "fqdn,client,,30,6,6,0.000" in bill_csv(results["search"], [found])


def test_where_no_list_is_known_only_what_left_is_billed() -> None:
    made = Scene()
    for n in range(20):
        made.ask(n, "192.168.1.23", "192.168.1.1", f"db{n % 3}.orders.svc.cluster.local.example.org", src_port=33_000)
    results, _ = made.results()
    page = shown(results["search"], (), (), results["outgoing"])
    assert "asked by clients" not in page
    assert next(line.split() for line in page.splitlines() if line.startswith("left the cluster"))[3:] == [
        "20",
        "20",
        "0",
        "20",
        "-",
    ]


def test_both_bills_stand_side_by_side() -> None:
    made = Scene()
    dead_polling(made, ["a.b.svc.cluster.local", "c.d.svc.cluster.local", "e.f.svc.cluster.local"], 10, workers=1)
    results, _ = made.results()
    page = shown(results["search"], (), (), results["outgoing"])
    assert next(line.split()[3:] for line in page.splitlines() if line.startswith("asked by")) == [
        "30",
        "300",
        "60",
        "240",
        "5.0",
    ]
    assert next(line.split()[3:] for line in page.splitlines() if line.startswith("left the")) == [
        "30",
        "60",
        "0",
        "60",
        "-",
    ]
    assert "LEFT THE CLUSTER" in page
    rows = list(csv.DictReader(io.StringIO(bill_csv(results["search"], (), results["outgoing"]))))
    assert [(row["key"], row["wasted"]) for row in rows if row["kind"] == "left suffix"] == [("example.org", "60")]
