"""Pooled ports: an ephemeral port that carries several base names belongs to a forwarder or nginx, never to a stub
(docs/semantics.md). Counted by leftmost labels, which all candidates of one base share."""

from __future__ import annotations

from typing import Final

import numpy as np

from analyzer.messages import Array

__all__ = ["PooledPorts"]

_NAMES: Final = 3  # Thresholds.pooled_names
_IDLE_NS: Final = 30_000_000_000  # a port unused for so long may be another socket's; CoreDNS closes after 10 s


class PooledPorts:
    """Flags questions whose port has by then carried three leftmost labels without a pause of 30 s."""

    def __init__(self) -> None:
        self._key = np.zeros(0, np.uint64)
        self._label = np.zeros(0, np.uint32)
        self._time = np.zeros(0, np.int64)

    def flag(self, client: Array, port: Array, label: Array, time_ns: Array, transport: Array) -> Array:
        """0 or 1 per question; questions in order of time, over all calls too."""
        if not len(time_ns):
            return np.zeros(0, np.uint8)
        new = (client.astype(np.uint64) << np.uint64(17)) | (port.astype(np.uint64) << np.uint64(1))
        new |= (transport != 0).astype(np.uint64)
        keep = self._time >= int(time_ns[0]) - _IDLE_NS
        old = int(keep.sum())
        key = np.concatenate([self._key[keep], new])
        labels = np.concatenate([self._label[keep], label])
        time = np.concatenate([self._time[keep], time_ns])
        order = np.argsort(key, kind="stable")
        key, labels, time = key[order], labels[order], time[order]
        edge = np.ones(len(key), np.bool_)
        edge[1:] = (key[1:] != key[:-1]) | (time[1:] - time[:-1] > _IDLE_NS)
        run = np.cumsum(edge) - 1
        mixed = (run.astype(np.uint64) << np.uint64(32)) | labels.astype(np.uint64)
        by_label = np.argsort(mixed, kind="stable")
        fresh = np.zeros(len(key), np.bool_)
        sorted_mixed = mixed[by_label]
        fresh[by_label] = np.concatenate([[True], sorted_mixed[1:] != sorted_mixed[:-1]])
        total = np.cumsum(fresh)
        begin = np.flatnonzero(edge)
        seen = total - (total[begin] - 1)[run]
        flags = np.zeros(len(key), np.uint8)
        flags[order] = seen >= _NAMES
        last = np.append(begin[1:], len(key)) - 1
        final = np.append(key[last][1:] != key[last][:-1], True)  # the latest run of each port
        carried = fresh & (seen <= _NAMES) & final[run]
        self._key, self._label, self._time = key[carried], labels[carried], time[last][run][carried]
        return flags[old:]
