"""How each client's resolver searches, as far as its fingerprint and its own chains tell.

glibc, Go, c-ares and ingress-nginx's Lua try the suffixes after the name as typed too, and go on after NODATA. musl asks
nothing after the name as typed, and NODATA ends its search (docs/semantics.md).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import numpy as np

from analyzer.findings import Confidence
from analyzer.measures import Context
from analyzer.measures.fingerprints import Fingerprint
from analyzer.measures.search_signatures import SignatureTable
from analyzer.messages import Array

__all__ = ["Habit", "habits"]


class Habit(enum.IntEnum):
    """What a resolver does when the name as typed came first and failed."""

    UNKNOWN = 0
    GOES_ON = 1  # it tries the suffixes
    STOPS = 2  # that was all; and NODATA ends its search at any candidate


_KNOWN: Final = {
    "glibc": Habit.GOES_ON,
    "Go": Habit.GOES_ON,
    "c-ares": Habit.GOES_ON,
    "glibc or c-ares": Habit.GOES_ON,
    "ingress-nginx lua": Habit.GOES_ON,
    "musl": Habit.STOPS,
}


def habits(table: SignatureTable, as_is: Array, resolvers: Mapping[str, Fingerprint], context: Context) -> Array:
    """The Habit of every signature's client.

    A chain that went on after the name as typed outweighs any fingerprint; one sign alone is no fingerprint.
    """
    went_on = np.unique(table.client[(as_is == 0) & (table.steps > 1)])
    clients, index = np.unique(table.client, return_inverse=True)
    named = [resolvers.get(context.addresses.text(client)) for client in clients.tolist()]
    of = [
        _KNOWN.get(one.name, Habit.UNKNOWN) if one is not None and one.confidence > Confidence.LOW else Habit.UNKNOWN
        for one in named
    ]
    return np.asarray(np.where(np.isin(clients, went_on), Habit.GOES_ON, np.array(of, np.int64))[index])
