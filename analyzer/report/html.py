"""The Report as one HTML file: no network, works from disk, prints, dark and light. A content security policy allows the
page's own style and script by their hashes and nothing else, so that a name that were markup could do nothing.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from analyzer.measures.folds import Sided
from analyzer.measures.rows import Side
from analyzer.report import escape, graph
from analyzer.report.html_charts import curves, stacked, strips, took, waterfall
from analyzer.report.html_findings import cards, changes, verdict
from analyzer.report.html_tables import Tables, tables
from analyzer.report.html_tree import branch
from analyzer.report.ledger import drops, link_name, skipped, word
from analyzer.report.model import Report
from analyzer.report.times import amount, duration, percent, rfc3339

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["environment", "page", "render"]

BUDGET: Final = 4_500_000  # octets; a page over it holds fewer rows, and says so
_CAPS: Final = (10_000, 5_000, 2_500, 1_000, 250)
_NAMES: Final = 14  # names drawn over time
_LISTS: Final = 4  # search lists with their example
_BILLED: Final = 5  # rows of each kind in a bill
_LEGS: Final = {Side.CLIENT: "of clients", Side.UPSTREAM: "sent on to ", Side.SELF: "to itself: ", Side.TRANSIT: "to "}
SIDES: Final[Mapping[Side, str]] = {
    Side.CLIENT: "asked by clients",
    Side.UPSTREAM: "sent on by forwarders",
    Side.SELF: "from a server to itself",
    Side.TRANSIT: "on a leg whose ends are unknown",
}


def render(report: Report) -> str:
    """The whole page, within `BUDGET` octets where fewer rows can bring it there."""
    context = _context(report)
    text = ""
    for cap in _CAPS:
        found = tables(report, min(cap, max(report.options.top, 1)))
        text = page(
            "report.html", **context, tables=found.tables, data=escape.script_json(found.data()), cut=_cut(found)
        )
        if len(text.encode()) <= BUDGET:
            break
    return text


def page(template: str, **values: Any) -> str:
    """A template of the page folder with style, script and policy in place. `data` is JSON for the script, already escaped."""
    style, script = _asset("page.css"), _asset("page.js") + _asset("tables.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    values["data"] = Markup(values.get("data", "{}"))
    return (
        environment()
        .get_template(template)
        .render(style=Markup(style), script=Markup(script), policy=Markup(policy), **values)
    )


@functools.cache
def environment() -> Environment:
    """The template engine. Whatever a template prints goes through `escape.html`, unless it is Markup already."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("analyzer.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(amount=amount, percent=percent, duration=duration, lines=_lines, names=_breakable, took=took)
    return found


def _harmless(value: Any) -> Any:
    return value if isinstance(value, Markup) else Markup(escape.html(str(value)))


def _lines(text: str) -> Markup:
    """Text whose line ends are meant: each line is escaped by itself."""
    return Markup("\n".join(map(escape.html, text.split("\n"))))


def _breakable(text: str) -> Markup:
    """A name that may be broken after its dots."""
    return Markup(".<wbr>".join(map(escape.html, text.split("."))))


def _asset(name: str) -> str:
    return resources.files("analyzer.report").joinpath("page", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _cut(found: Tables) -> list[str]:
    """Tables of which the page holds only the first rows."""
    return [
        f"{t.title}: {amount(len(t.rows))} of {amount(t.total)} rows" for t in found.tables if len(t.rows) < t.total
    ]


def _context(report: Report) -> dict[str, Any]:
    """Everything that templates show, apart from the tables."""
    search = report.details.get("search")
    picture = report.details.get("graph")
    return {
        "report": report,
        "title": f"{verdict(report)['word'].capitalize()}: {', '.join(one.name for one in report.inputs[:2]) or 'no input'}",
        "verdict": verdict(report),
        "changes": changes(report),
        "cards": cards(report),
        "facts": _facts(report),
        "time": _time(report),
        "panels": _panels(report),
        "strips": _strips(report),
        "lists": _lists(search),
        "bill": search.bill if search is not None and search.lists else None,
        "accounts": _accounts(report),
        "cures": _cures(report),
        "graph": Markup(graph.svg(picture)) if picture is not None else Markup(""),
        "edges": graph.lines(picture) if picture is not None else [],
        "cycles": picture.cycles if picture is not None else (),
        "latency": _latency(report),
        "tree": branch(report.details.get("tree"), report.options.depth),
        "ledger": _ledger(report),
    }


def _facts(report: Report) -> list[tuple[str, str, str]]:
    """The figures under the verdict: what, how much, and a note."""
    summary, search = report.summary, report.details.get("search")
    out = [("queries", amount(summary.queries), "on all legs, copies counted once")]
    clients = report.tables.get("clients")
    if isinstance(clients, Sided):
        mine = clients.tables.get(clients.side, ())
        asked = summary.sides.get(clients.side, 0)
        out.append(("clients", amount(len(mine)), f"{amount(asked)} queries {SIDES[clients.side]}"))
    codes = report.tables.get("rcodes")
    if isinstance(codes, Sided):
        shares = {row.name: row.share for row in codes.rows}
        denied = shares.get("NXDOMAIN", 0.0) if codes.rows else None
        out.append(("NXDOMAIN", percent(denied), f"of responses, {SIDES[codes.side]}"))
    if search is not None and search.bill.total.queries and search.lists:
        total = search.bill.total
        out.append(
            ("wasted", percent(total.wasted_share), f"{amount(total.wasted)} of {amount(total.queries)} client queries")
        )
    lost = summary.states.get("unanswered", 0)
    out.append(("unanswered", amount(lost), f"of {amount(summary.queries)}"))
    return out


def _time(report: Report) -> dict[str, str]:
    summary = report.summary
    known = summary.first is not None and summary.last is not None
    return {
        "first": rfc3339(summary.first)[:19].replace("T", " ") if summary.first is not None else "no time known",
        "last": rfc3339(summary.last)[:19].replace("T", " ") if summary.last is not None else "",
        "long": duration(summary.duration_s) if known else "",
    }


def _panels(report: Report) -> list[dict[str, Any]]:
    """The time line, a panel for each side; the one to show comes first."""
    table = report.tables.get("timeline")
    if not isinstance(table, Sided):
        return []
    order = [table.side, *(side for side in table.tables if side != table.side)]
    return [
        {
            "side": side.value,
            "words": SIDES[side],
            "charts": [c for field in ("rcodes", "suffixes") if (c := stacked(table.tables[side], field, side.value))],
        }
        for side in order
        if table.tables.get(side)
    ]


def _strips(report: Report) -> dict[str, Any] | None:
    """The busiest names over time: as programs asked where that is known, else as sent."""
    search = report.details.get("search")
    name = "bases" if search is not None and search.lists else "names"
    table = report.tables.get(name)
    if not isinstance(table, Sided) or not len(table.rows):
        return None
    bins: Sequence[Any] = getattr(report.tables.get("timeline"), "rows", ())
    span = (bins[0].start, bins[-1].start + bins[1].start - bins[0].start) if len(bins) > 1 else None
    drawn, along = strips([(row.qname, row.queries, row.series) for row in table.rows[:_NAMES]], span)
    return {
        "what": "as programs asked for them" if name == "bases" else "as sent",
        "side": SIDES[table.side],
        "rows": drawn,
        "along": along,
        "more": len(table.rows) - len(drawn),
    }


def _lists(search: Any) -> list[dict[str, Any]]:
    """Search lists with an example lookup each."""
    if search is None:
        return []
    return [
        {
            "list": one,
            "clients": ", ".join(client.addr for client in one.clients[:6]),
            "more": max(len(one.clients) - 6, 0),
            "steps": waterfall(one.example),
        }
        for one in search.lists[:_LISTS]
    ]


def _accounts(report: Report) -> list[dict[str, Any]]:
    """The bill of the client side and of what left the cluster: totals, and the rows where most could be saved."""
    search, left = report.details.get("search"), report.details.get("outgoing")
    whole = []
    if search is not None and search.lists:
        whole.append(("asked by clients", search.bill))
    if left is not None and left.bill is not None and (whole or left.bill.multi.queries):
        whole.append((f"left the cluster, to {', '.join(left.servers[:3])}", left.bill))
    kinds = (("client", "clients"), ("name", "bases"), ("suffix", "suffixes"))
    return [
        {"title": title, "total": bill.total, "parts": [(word, getattr(bill, name)[:_BILLED]) for word, name in kinds]}
        for title, bill in whole
    ]


def _cures(report: Report) -> list[dict[str, Any]]:
    """What the usual changes save, where search lists or outside suffixes were seen."""
    if not _accounts(report):
        return []
    return [
        {"rule": one.rules.words, "leg": leg, "words": _LEGS[leg.side] + leg.server, "saved": leg.saved}
        for one in report.details["search_whatif"].rows
        for leg in one.legs
        if leg.side != Side.SELF
    ]


def _latency(report: Report) -> dict[str, Any] | None:
    """Round-trip times: the curves, and the quantiles by server."""
    latency = report.details.get("latency")
    if latency is None:
        return None
    chart = curves([(side, *_listed(latency.rtt.histogram(side))) for side in Side])
    if chart is None:
        return None
    servers = report.tables.get("servers")
    rows = [row for part in servers.tables.values() for row in part[:8]] if isinstance(servers, Sided) else []
    return {"chart": chart, "rows": [row for row in rows if row.rtt.count]}


def _listed(histogram: tuple[Any, Any]) -> tuple[list[int], list[int]]:
    return histogram[0].tolist(), histogram[1].tolist()


def _ledger(report: Report) -> dict[str, Any]:
    """What became of every frame; both sums hold."""
    frames = report.ledger.frames
    m = report.messages
    return {
        "frames": [(word(key), n, key.startswith("skipped.")) for key, n in frames.items() if n],
        "total": report.ledger.total,
        "messages": [(name, m.get(name, 0)) for name in ("unique", "copies", "filtered")] if "messages" in m else [],
        "whole": m.get("messages", 0),
        "rest": [
            (name.replace("_", " "), n)
            for name, n in m.items()
            if n and name not in ("messages", "unique", "copies", "filtered")
        ],
        "notes": [(key.replace("-", " "), n) for key, n in report.ledger.notes.items() if n],
        "lost": drops(report.interfaces) if any(info.drops for info in report.interfaces) else None,
        "skipped": sum(skipped(report.ledger).values()),
        "links": ", ".join(sorted({link_name(number) for one in report.inputs for number in one.linktypes})),
        "files": [
            (one.name, one.format, one.frames, rfc3339(one.first) if one.first is not None else "-")
            for one in report.inputs
        ],
    }
