"""dnsloupe: reads DNS traffic out of packet captures and says what is wrong with it.

    import analyzer
    capture = analyzer.read("samples/nodelocaldns-incident.pcap")
    capture                    # in a notebook: the verdict
    capture.transactions       # a pandas DataFrame; docs/tables.md describes all of them

Everything is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import analyzer.plots as plots
    from analyzer.api import Capture, compare, read

__all__ = ["Capture", "__version__", "compare", "plots", "read"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "plots":
        return importlib.import_module("analyzer.plots")
    if name in ("Capture", "compare", "read"):
        return getattr(importlib.import_module("analyzer.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
