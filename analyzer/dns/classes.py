"""Classes (IANA "DNS CLASSes", RFC 6895)."""

from __future__ import annotations

from typing import Final

from analyzer.dns.codes import Codes

__all__ = ["ANY", "CH", "CLASSES", "HS", "IN", "NONE", "parse", "text"]

CLASSES: Final = Codes("CLASS", 65535, {1: "IN", 3: "CH", 4: "HS", 254: "NONE", 255: "ANY"}, {"*": 255})

IN: Final = 1
CH: Final = 3
HS: Final = 4
NONE: Final = 254
ANY: Final = 255

text = CLASSES.text
parse = CLASSES.parse
