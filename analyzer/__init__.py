"""dnsloupe: reads DNS traffic out of packet captures and says what is wrong with it."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
