"""Responses that fit no query, and why: another source, another ID, another question, a second answer, or nothing at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.failures import Failures
from analyzer.measures.seen import Seen, seen
from analyzer.messages import Array, Present, State, TransactionBatch, TransactionTable, Transport
from analyzer.options import NS

__all__ = ["KINDS", "Measure", "Mismatch"]

KINDS: Final = ("wrong-source", "id-mismatch", "question-mismatch", "unsolicited", "double-answer")
_U64: Final = np.uint64
_NAMES: Final = 20  # those with most responses
_OPEN: Final = 16  # queries of one port, ID and question that are remembered
_GROUPS: Final = 1000  # described; forged traffic can make as many as it has packets
_WINDOW_NS: Final = 10 * NS


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Stray responses of one kind to one client from one server.

    `asked` is, for `wrong-source`, whom the client had asked; `ids_10s` the most different IDs for one name in 10 s.
    """

    kind: str
    client: str
    server: str
    asked: tuple[str, ...]
    queries: int
    ids_10s: int
    names: int
    seen: Seen


class Measure:
    """A fold over failures and cells; `result` is a tuple of Mismatch, most first."""

    needs: tuple[str, ...] = ("cells", "doubles", "failures")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: failures keep."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> tuple[Mismatch, ...]:
        """Sort the stray responses into kinds."""
        kept: Failures = results["failures"]
        cells: Cells = results["cells"]
        begin = self._context.first_ns or 0
        skip = self._context.options.thresholds.mismatch_skip_ns
        rows = kept.stray
        rows = rows.take((rows.transport == Transport.UDP) & (rows.time_ns >= begin + skip))
        rows = rows.take((rows.present & int(Present.QUESTION)) != 0)
        if not len(rows) or cells.derived:
            return ()
        lost = kept.silent.take(kept.silent.state == State.UNANSWERED)
        known = cells.queries > 0
        pairs = _legs(cells.client[known], cells.server[known])
        asked = np.isin(_legs(rows.client, rows.server), pairs)
        names = _named(cells.client[known], cells.server[known], cells.qname[known])
        same_name = np.isin(_named(rows.client, rows.server, rows.qname), names)
        source, whom = _elsewhere(rows, lost)
        port_id = _ported(rows.client, rows.server, rows.client_port, rows.msg_id)
        same_query = np.isin(port_id, _ported(lost.client, lost.server, lost.client_port, lost.msg_id))
        frames = (rows.file.astype(_U64) << _U64(48)) | rows.frame
        second = np.isin(frames, results["doubles"])
        kind = np.select([source, second, asked & same_name, asked & same_query], [0, 4, 1, 2], 3)
        spoke = np.isin(
            rows.client, cells.client[known]
        )  # of a client never seen to ask, only one direction was captured
        return self._rows(rows, np.where(spoke, kind, -1), whom, cells)

    def _rows(self, rows: TransactionTable, kind: Array, whom: Array, cells: Cells) -> tuple[Mismatch, ...]:
        groups: dict[tuple[int, int, int], list[int]] = defaultdict(list)
        for at, key in enumerate(zip(kind.tolist(), rows.client.tolist(), rows.server.tolist(), strict=True)):
            if key[0] >= 0:
                groups[key].append(at)
        text = self._context.addresses.text
        found = []
        largest = sorted(groups, key=lambda key: (key[0], -len(groups[key]), key))[:_GROUPS]  # wrong sources first
        for number, client, server in largest:
            members = groups[number, client, server]
            chosen = rows.take(np.array(members))
            servers = sorted({int(a) for a in whom[members].tolist() if a})
            mine = (cells.client == client) & (np.isin(cells.server, servers) if servers else cells.server == server)
            found.append(
                Mismatch(
                    kind=KINDS[number],
                    client=text(client),
                    server=text(server),
                    asked=tuple(text(a) for a in servers),
                    queries=int(cells.queries[mine].sum()),
                    ids_10s=_ids(chosen),
                    names=len(np.unique(chosen.qname)),
                    seen=seen(self._context, chosen),
                )
            )
        return tuple(sorted(found, key=lambda row: (-row.seen.count, row.kind, row.client, row.server)))


def _legs(client: Array, server: Array) -> Array:
    return (client.astype(_U64) << _U64(32)) | server.astype(_U64)


def _named(client: Array, server: Array, qname: Array) -> Array:
    return np.asarray(_legs(client, server) * _U64(0x9E3779B97F4A7C15) ^ qname.astype(_U64))


def _ported(client: Array, server: Array, port: Array, ident: Array) -> Array:
    return np.asarray(
        _legs(client, server) * _U64(0x9E3779B97F4A7C15) ^ (port.astype(_U64) << _U64(16)) ^ ident.astype(_U64)
    )


def _elsewhere(rows: TransactionTable, lost: TransactionTable) -> tuple[Array, Array]:
    """Responses with ID, port and question of an unanswered query to another server, sent before within 30 s; and that server."""
    waiting: dict[tuple[int, ...], list[tuple[int, int]]] = defaultdict(list)
    columns = ("client", "client_port", "msg_id", "qname_hash", "qtype")
    keys = zip(*(lost.columns()[name].tolist() for name in columns), strict=True)
    for key, server, time in zip(keys, lost.server.tolist(), lost.time_ns.tolist(), strict=True):
        if len(waiting[key]) < _OPEN:
            waiting[key].append((time, server))
    hit, whom = np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.int64)
    keys = zip(*(rows.columns()[name].tolist() for name in columns), strict=True)
    for at, (key, server, time) in enumerate(zip(keys, rows.server.tolist(), rows.time_ns.tolist(), strict=True)):
        for sent, asked in waiting.get(key, ()):
            if asked != server and 0 <= time - sent <= 30 * NS:
                hit[at], whom[at] = True, asked
                break
    return hit, whom


def _ids(rows: TransactionTable) -> int:
    """Most different IDs for one name within 10 s."""
    best = 0
    names, counts = np.unique(rows.qname, return_counts=True)
    for name in names[np.lexsort((names, -counts))[:_NAMES]].tolist():
        mine = rows.qname == name
        order = np.argsort(rows.time_ns[mine], kind="stable")
        times, idents = rows.time_ns[mine][order], rows.msg_id[mine][order]
        ends = np.searchsorted(times, times + _WINDOW_NS)
        widest = np.argsort(-(ends - np.arange(len(times))), kind="stable")[:1]
        best = max(best, *(len(np.unique(idents[at : ends[at]])) for at in widest.tolist()))
    return best
