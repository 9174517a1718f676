"""The report's page does what it should in a browser: it is quiet, asks for nothing, folds, sorts, filters and copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import hostile

Browse = Callable[..., Any]
SAMPLES = ("nodelocaldns-incident.pcap", "two-hop-loop.pcap.gz", "healthy.pcap.gz")
PICTURES = (".bars", ".curve", ".strip", ".graph", ".fall svg", ".tree")

pytestmark = [pytest.mark.program("chromium"), pytest.mark.slow]


@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize("name", SAMPLES)
def test_it_says_nothing_and_asks_for_nothing(browse: Browse, page_of: Any, name: str, width: int) -> None:
    seen = browse(name, width)
    assert seen.said == []
    assert seen.asked == [page_of(name).as_uri()]
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width  # only its parts scroll sideways


@pytest.mark.parametrize("width", [1400, 400])
def test_every_picture_is_there(browse: Browse, width: int) -> None:
    page = browse("nodelocaldns-incident.pcap", width).page
    for selector in PICTURES:
        box = page.locator(selector).first.bounding_box()
        assert box is not None
        assert box["width"] > 90, selector
        assert box["height"] > 10, selector
    assert page.locator(".graph .edge.loop").count() == 1
    assert page.locator("h1").inner_text().startswith("Critical")


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [("nodelocaldns-incident.pcap", 1400, "dark"), ("self-loop.pcap", 1400, "light"), ("self-loop.pcap", 400, "dark")],
)
def test_it_is_accessible(browse: Browse, name: str, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-playwright-python")
    page = browse(name, width, scheme).page
    page.evaluate("for (const one of document.querySelectorAll('.card details, .sheet')) one.open = true")
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], one["impact"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found] == []


def test_tables_sort_and_filter(browse: Browse) -> None:
    page = browse("nodelocaldns-incident.pcap").page
    names = page.locator("#table-names")
    page.locator("#sheet-names > summary").click()

    def column(at: int) -> list[str]:
        return [str(text) for text in names.locator(f"tbody tr td:nth-child({at})").all_inner_texts()]

    at = 1 + [head.lower() for head in names.locator("thead th").all_text_contents()].index("name")
    names.locator("thead th button", has_text="name").first.click()
    assert column(at) == sorted(column(at))
    names.locator("thead th button", has_text="name").first.click()
    assert column(at) == sorted(column(at), reverse=True)
    assert names.locator("thead th").nth(at - 1).get_attribute("aria-sort") == "descending"
    names.locator("input").fill("USER3-svc")
    assert column(at) != []
    assert all("user3-svc" in name for name in column(at))
    assert names.locator(".count").inner_text() == "1 to 6 of 6"
    names.locator("input").fill("no such name")
    assert names.locator("tbody").inner_text() == "nothing matches"


def test_sides_are_kept_apart(browse: Browse) -> None:
    page = browse("nodelocaldns-incident.pcap").page
    clients = page.locator("#table-clients")
    assert clients.locator("tbody").inner_text().startswith("10.233.64.11")
    clients.locator("select").first.select_option("self")
    assert clients.locator("tbody tr").count() == 1
    assert clients.locator("tbody").inner_text().startswith("169.254.25.10")
    clients.locator("select").first.select_option("")
    assert clients.locator("tbody tr").count() == 4


def test_ten_thousand_rows_do_not_lag(browse: Browse) -> None:
    page = browse("large").page
    page.locator("#sheet-names > summary").click()
    took = page.evaluate(
        """() => {
            const box = document.querySelector("#table-names"), input = box.querySelector("input");
            const began = performance.now();
            box.querySelectorAll("thead button")[0].click();
            const sorted = performance.now();
            input.value = "n0999"; input.dispatchEvent(new Event("input"));
            return [sorted - began, performance.now() - sorted, box.querySelectorAll("tbody tr").length];
        }"""
    )
    assert took[2] == 10
    assert max(took[:2]) < 1000  # milliseconds; some 20 where nothing else runs
    page.locator("#table-names input").fill("")
    page.locator("#table-names button[aria-label='Next rows']").click()
    assert page.locator("#table-names .count").inner_text() == "13 to 24 of 10,000"


def test_the_tree_folds_and_filters(browse: Browse) -> None:
    page = browse("nodelocaldns-incident.pcap").page
    shown = page.locator(".tree .label:visible")
    before = shown.count()
    page.locator("[data-tree-fold]").click()
    assert shown.count() == 1
    page.locator("[data-tree-open]").click()
    assert shown.count() > before
    page.locator("[data-tree-filter]").fill("kubecamp")
    assert "kubecamp" in " ".join(shown.all_inner_texts())
    assert not any(text.startswith("org") for text in shown.all_inner_texts())
    page.locator("[data-tree-filter]").fill("")
    page.locator("[data-tree-sort]").select_option("name")
    top = page.locator(".tree > li > details > ul > li")
    names = [one.get_attribute("data-name") or "" for one in top.all()]
    assert names == sorted(names)


def test_a_filter_is_copied(browse: Browse) -> None:
    seen = browse("nodelocaldns-incident.pcap")
    page = seen.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    box = page.locator("#finding-1 .copyable", has_text="dns.qry.name")
    box.locator("button").click()
    page.wait_for_function("document.getElementById('said').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == 'dns.qry.name == "453318909234222001.4499498028049026807"'
    assert seen.said == []


def test_the_colours_can_be_switched(browse: Browse) -> None:
    page = browse("healthy.pcap.gz", scheme="dark").page
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.locator("#theme").click()
    assert page.evaluate(ground) != dark
    assert page.locator("#theme").get_attribute("aria-label") == "Switch to dark colours"


def test_it_is_all_there_for_the_keyboard(browse: Browse) -> None:
    page = browse("nodelocaldns-incident.pcap").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the report"
    folded = page.locator(".card > details:not([open])")
    before = folded.count()
    folded.first.locator("> summary").focus()
    page.keyboard.press("Enter")
    assert folded.count() == before - 1


def test_it_reads_without_scripts(browse: Browse) -> None:
    page = browse("nodelocaldns-incident.pcap", scripts=False).page
    assert "user1-svc.user1.svc.cluster.local" in page.locator("#table-bases tbody").inner_text()
    assert page.locator(".bars").count() == 6


def test_hostile_names_are_text(browse: Browse) -> None:
    seen = browse("hostile")
    assert seen.said == []
    assert len(seen.asked) == 1
    page = seen.page
    assert page.locator("script").count() == 2
    page.locator("[data-tree-open]").click()
    text = page.evaluate("document.body.innerText")
    assert "<script>alert(1)</script>" in page.locator("#table-names").inner_text()
    assert [harm for harm in hostile.HARMFUL if harm in text and harm != "\t\n"] == []


def test_the_policy_stops_what_the_page_does_not_hold(browse: Browse) -> None:
    seen = browse("healthy.pcap.gz")
    seen.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.harm = true";
            document.body.append(script);
            const image = document.createElement("img");
            image.src = "http://192.0.2.1/leak";
            document.body.append(image);
        }"""
    )
    seen.page.wait_for_timeout(100)
    assert seen.page.evaluate("window.harm") is None
    assert [line for line in seen.said if "Content Security Policy" in line] != []
    assert seen.failed == {"http://192.0.2.1/leak": "csp"}
