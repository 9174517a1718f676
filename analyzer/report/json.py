"""The Report as JSON: `"schema": "dnsloupe/1"`, described by `schema/dnsloupe-1.json`.

Times are RFC 3339 UTC texts with nine decimals, because nanoseconds since 1970 do not fit a double. Tables hold their first
rows (`AnalyzeOptions.top`, 10,000 unless told), and `truncated` says what was left out. Shares and rates have six decimals.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from analyzer.findings import Finding, Frame, Step
from analyzer.measures.folds import Rows, Sided
from analyzer.measures.outgoing import Outgoing
from analyzer.measures.rows import Series
from analyzer.measures.search_rows import Bill, BillRow, Search, SearchList
from analyzer.measures.tree import SuffixTree
from analyzer.report.escape import json_text
from analyzer.report.labels import addresses
from analyzer.report.ledger import drops, link_name
from analyzer.report.model import TABLES, Input, Report
from analyzer.report.times import rfc3339

__all__ = ["SCHEMA", "document", "finding", "findings_lines", "render"]

SCHEMA: Final = "dnsloupe/1"
TREE_DEPTH: Final = 4  # labels, unless `--depth` says otherwise
_AS_THEY_ARE: Final = frozenset((type(None), bool, int, str))
_TIMES: Final = frozenset(("first", "last", "start"))


def render(report: Report) -> str:
    """The whole document, indented, with a line end."""
    return json_text(document(report), indent=1) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The report in JSON's types."""
    top = report.options.top
    truncated: dict[str, Any] = {}
    tables = {name: _table(name, report.tables.get(name, ()), top, truncated) for name in TABLES}
    for name in ("clients", "servers"):
        for row in tables[name]:
            row["label"] = report.labels.get(row["addr"], "")
    return {
        "schema": SCHEMA,
        "dnsloupe": report.version,
        "partial": report.partial,
        "interrupted": report.interrupted,
        "capture": _capture(report),
        "ledger": {
            "total": report.ledger.total,
            "frames": dict(report.ledger.frames),
            "notes": dict(report.ledger.notes),
            "messages": dict(report.messages),
        },
        "summary": _summary(report),
        **tables,
        "tree": _tree(report.details.get("tree"), report.options.depth),
        "search": _search(report.details.get("search"), report.details.get("outgoing"), top, truncated),
        "graph": plain(report.details.get("graph")),
        "forwarders": [plain(f) for f in getattr(report.details.get("roles"), "forwarders", ())],
        "labels": _labels(report, tables),
        "crosscheck": [plain(step) for step in report.crosscheck],
        "findings": [finding(f) for f in report.findings],
        "checked": list(report.checked),
        "truncated": truncated,
        "notes": [*report.damage, *report.notes],
    }


def findings_lines(report: Report) -> str:
    """The findings alone, one a line (JSON Lines)."""
    return "".join(json_text(finding(found)) + "\n" for found in report.findings)


def _labels(report: Report, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    """What has the addresses that the document names, as far as it is known."""
    if not report.labels:
        return {}
    named = [row["addr"] for name in ("clients", "servers") for row in tables[name]]
    named += [row[end] for row in tables["pairs"] for end in ("client", "server") if end in row]
    named += [at for one in getattr(report.details.get("roles"), "forwarders", ()) for at in (one.name, *one.addresses)]
    named += [at for one in report.findings for at in addresses(one.subject.value)]
    return {at: report.labels[at] for at in sorted(set(named) & report.labels.keys())}


def plain(value: Any) -> Any:
    """Any value of the model in JSON's types: dataclasses become objects, enums words, infinities null."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is tuple:
        return [plain(item) for item in value]
    if isinstance(value, enum.Enum):
        return value.value if isinstance(value.value, str) else value.name.lower()
    if isinstance(value, Series):
        return {
            "start": rfc3339(value.start_ns) if value.counts else None,
            "width_s": value.width_ns / 1e9,
            "counts": list(value.counts),
        }
    if names := _names(kind):  # type: ignore[arg-type]  # mypy takes a class of Any for unhashable
        return {name: _field(name, getattr(value, name)) for name in names}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return int(value)


@functools.cache
def _names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass, asked once: a report has a million values."""
    return tuple(f.name for f in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


def _field(name: str, value: Any) -> Any:
    if name in _TIMES and isinstance(value, int):
        return rfc3339(value)
    return plain(value)


def finding(found: Finding) -> dict[str, Any]:
    """One finding under the names of the contract."""
    return {
        "key": found.key,
        "id": found.id,
        "kind": found.kind,
        "side": found.side,
        "severity": found.severity.word,
        "confidence": found.confidence.word,
        "title": found.title,
        "subject": {"kind": found.subject.kind, "value": found.subject.value},
        "first": _moment(found.first),
        "last": _moment(found.last),
        **_frame("first", found.first_frame),
        **_frame("last", found.last_frame),
        "count": found.count,
        "per_min": plain(found.per_min),
        "peak_60s": found.peak_60s,
        "numbers": plain(found.numbers),
        "thresholds": plain(found.thresholds),
        "chain": [_step(step) for step in found.chain],
        "examples": [plain(frame) for frame in found.examples],
        "excluded": list(found.excluded),
        "fix": [{"where": fix.where, "text": fix.text} for fix in found.fix],
        "sources": [plain(line) for line in found.sources],
        "references": list(found.references),
        "wireshark_filter": found.wireshark_filter,
    }


def _moment(ns: int | None) -> str | None:
    return None if ns is None else rfc3339(ns)


def _frame(which: str, frame: Frame | None) -> dict[str, int | None]:
    return {
        f"file_{which}": None if frame is None else frame.file,
        f"frame_{which}": None if frame is None else frame.frame,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "file": step.frame.file,
        "frame": step.frame.frame,
        "time": rfc3339(step.time_ns),
        "text": step.text,
        "numbers": plain(step.numbers),
    }


def _capture(report: Report) -> dict[str, Any]:
    lost = [info for info in report.interfaces if info.drops]
    return {
        "files": [_input(one) for one in report.inputs],
        "first": min((rfc3339(one.first) for one in report.inputs if one.first is not None), default=None),
        "last": max((rfc3339(one.last) for one in report.inputs if one.last is not None), default=None),
        "link_types": sorted({link_name(number) for one in report.inputs for number in one.linktypes}),
        "interfaces": [
            {
                "id": info.id,
                "file": info.file,
                "name": info.name,
                "description": info.description,
                "link_type": link_name(info.linktype),
                "snaplen": info.snaplen,
                "filter": info.filter,
                "ifindex": info.ifindex,
                "drops": dict(info.drops),
            }
            for info in report.interfaces
        ],
        "lost": drops(report.interfaces) if lost else None,
        "filter": report.options.bpf,
        "ports": sorted(report.options.ports),
        "decoder": report.decoder,
    }


def _input(one: Input) -> dict[str, Any]:
    return {
        "name": one.name,
        "format": one.format,
        "byte_order": one.byte_order,
        "resolution_ns": one.resolution_ns,
        "link_types": [link_name(number) for number in one.linktypes],
        "frames": one.frames,
        "first": _moment(one.first),
        "last": _moment(one.last),
        "damage": one.damage,
        "application": one.application,
    }


def _summary(report: Report) -> dict[str, Any]:
    out: dict[str, Any] = plain(report.summary)
    search = report.details.get("search")
    total = search.bill.total if isinstance(search, Search) else None
    out["amplification"] = plain(total.amplification) if total else None
    out["wasted_share"] = plain(total.wasted_share) if total else None
    out["worst"] = report.worst.word if report.worst is not None else None
    return out


def _table(name: str, table: Any, top: int, truncated: dict[str, Any]) -> list[Any]:
    """The first rows of a table, the side to show before the others; what is left out goes into `truncated`."""
    if isinstance(table, Sided):
        order = [table.side, *(side for side in table.tables if side != table.side)]
        parts = [(side.value, table.tables.get(side, ())) for side in order]
    else:
        parts = [("", tuple(table or ()))]
    size, room = sum(len(rows) for _, rows in parts), top
    out: list[Any] = []
    left = 0
    for side, rows in parts:
        out += [{"side": side, **plain(row)} if side else plain(row) for row in rows[:room]]
        left += _queries(rows, room)
        room = max(0, room - len(rows))
    if size > top:
        truncated[name] = {"rows": size - top, "queries": left}
    return out


def _queries(rows: Sequence[Any], start: int) -> int:
    """Queries of the rows from `start` on, without making the rows where their counts are at hand."""
    if start >= len(rows):
        return 0
    if isinstance(rows, Rows):
        return int(rows.counts[start:].sum())
    return sum(getattr(row, "queries", 0) for row in rows[start:])


def _tree(tree: Any, depth: int | None) -> list[dict[str, Any]]:
    """The suffix tree of the side to show, flat: each node before its children, the busiest first."""
    if not isinstance(tree, SuffixTree):
        return []
    out: list[dict[str, Any]] = []
    stack = [tree.root(depth=depth or TREE_DEPTH)]
    while stack:
        node = stack.pop()
        row = plain(dataclasses.replace(node, children=()))
        del row["children"]
        out.append({"side": tree.side.value, **row})
        stack.extend(reversed(node.children))
    return out


def _bill(row: BillRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "lookups": row.lookups,
        "queries": row.queries,
        "needed": row.needed,
        "wasted": row.wasted,
        "wasted_share": plain(row.wasted_share),
        "amplification": plain(row.amplification),
    }


def _account(bill: Bill, name: str, top: int, truncated: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"total": _bill(bill.total), "multi": _bill(bill.multi)}
    for key, rows in (("clients", bill.clients), ("bases", bill.bases), ("suffixes", bill.suffixes)):
        if len(rows) > top:
            truncated[f"search.{name}.{key}"] = {"rows": len(rows) - top, "queries": sum(r.queries for r in rows[top:])}
        out[key] = [_bill(row) for row in rows[:top]]
    return out


def _search(search: Search | None, outgoing: Outgoing | None, top: int, truncated: dict[str, Any]) -> dict[str, Any]:
    if search is None:
        return {"lists": [], "bill": None, "outgoing": None, "unclaimed": {}, "autopath": 0}
    left = outgoing.bill if outgoing is not None else None
    return {
        "lists": [_list(one) for one in search.lists],
        "bill": _account(search.bill, "bill", top, truncated),
        "outgoing": {"servers": list(outgoing.servers), **_account(left, "outgoing", top, truncated)}
        if outgoing is not None and left is not None
        else None,
        "unclaimed": dict(islice(search.unclaimed.items(), top)),
        "autopath": search.autopath,
    }


def _list(one: SearchList) -> dict[str, Any]:
    return {
        "clients": [plain(client) for client in one.clients],
        "suffixes": list(one.suffixes),
        "ndots": {"min": one.ndots.min, "max": one.ndots.max},
        "lookups": one.lookups,
        "queries": one.queries,
        "wasted": one.wasted,
        "full_chains": one.full_chains,
        "bases": one.bases,
        "complete": one.complete,
        "confidence": one.confidence,
        "namespace": one.namespace,
        "servers": list(one.servers),
        "resolv_conf": one.resolv_conf,
        "first": rfc3339(one.first),
        "last": rfc3339(one.last),
        "per_suffix": [_bill(row) for row in one.per_suffix],
        "example": [_example(step) for step in one.example],
        "differs": one.differs,
    }


def _example(step: Any) -> dict[str, Any]:
    out: dict[str, Any] = plain(step)
    out["time"] = rfc3339(out.pop("time_ns"))
    return out
