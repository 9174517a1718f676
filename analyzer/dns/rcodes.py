"""Response codes, the extended ones included (IANA "DNS RCODEs", RFC 6895)."""

from __future__ import annotations

from typing import Final

from analyzer.dns.codes import Codes

__all__ = ["FORMERR", "NOERROR", "NOTIMP", "NXDOMAIN", "RCODES", "REFUSED", "SERVFAIL", "parse", "text"]

RCODES: Final = Codes(
    "RCODE",
    65535,
    {
        **dict(
            enumerate(
                "NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE DSOTYPENI".split()
            )
        ),
        # 16 is also BADSIG, but that stands only inside TSIG records; of a message it is always BADVERS (RFC 6891 section 9).
        **dict(enumerate("BADVERS BADKEY BADTIME BADMODE BADNAME BADALG BADTRUNC BADCOOKIE".split(), 16)),
    },
    {"BADSIG": 16, "NOTAUTHORIZED": 9},
)

NOERROR: Final = 0
FORMERR: Final = 1
SERVFAIL: Final = 2
NXDOMAIN: Final = 3
NOTIMP: Final = 4
REFUSED: Final = 5

text = RCODES.text
parse = RCODES.parse
