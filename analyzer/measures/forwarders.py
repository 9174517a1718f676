"""The forwarders that were found, the busiest first, each under all its addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from analyzer.measures import Context
from analyzer.measures.roles import Roles
from analyzer.measures.rows import Forwarder
from analyzer.messages import TransactionBatch

__all__ = ["Measure"]


class Measure:
    """Sees nothing of its own: `result` is what the roles say."""

    needs: tuple[str, ...] = ("roles",)

    def __init__(self, context: Context) -> None:
        pass

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: roles count."""

    def merge(self, other: Self) -> None:
        """Nothing: roles merge."""

    def result(self, results: Mapping[str, Any]) -> tuple[Forwarder, ...]:
        """Rows."""
        roles: Roles = results["roles"]
        return roles.forwarders
