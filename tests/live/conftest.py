"""Fixtures of the tests of live."""

from __future__ import annotations

from tests.live.namespaces import namespace

__all__ = ["namespace"]
