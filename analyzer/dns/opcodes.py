"""Operation codes (IANA "DNS OpCodes", RFC 6895)."""

from __future__ import annotations

from typing import Final

from analyzer.dns.codes import Codes

__all__ = ["IQUERY", "NOTIFY", "OPCODES", "QUERY", "STATUS", "UPDATE", "parse", "text"]

OPCODES: Final = Codes("OPCODE", 15, {0: "QUERY", 1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE", 6: "DSO"})

QUERY: Final = 0
IQUERY: Final = 1
STATUS: Final = 2
NOTIFY: Final = 4
UPDATE: Final = 5

text = OPCODES.text
parse = OPCODES.parse
