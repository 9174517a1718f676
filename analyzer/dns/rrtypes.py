"""Resource record types (IANA "Resource Record (RR) TYPEs", RFC 6895)."""

from __future__ import annotations

from typing import Final

from analyzer.dns.codes import Codes

__all__ = [
    "AAAA",
    "ANY",
    "AXFR",
    "CNAME",
    "HINFO",
    "HTTPS",
    "IXFR",
    "NS",
    "OPT",
    "PTR",
    "RRTYPES",
    "SOA",
    "SRV",
    "SVCB",
    "TXT",
    "A",
    "parse",
    "text",
]

RRTYPES: Final = Codes(
    "TYPE",
    65535,
    {
        **dict(
            enumerate(
                "A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP NSAP-PTR SIG "
                "KEY PX GPOS AAAA LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT APL DS SSHFP IPSECKEY "
                "RRSIG NSEC DNSKEY DHCID NSEC3 NSEC3PARAM TLSA SMIMEA".split(),
                1,
            )
        ),
        **dict(
            enumerate(
                "HIP NINFO RKEY TALINK CDS CDNSKEY OPENPGPKEY CSYNC ZONEMD SVCB HTTPS DSYNC HHIT BRID".split(), 55
            )
        ),
        **dict(enumerate("SPF UINFO UID GID UNSPEC NID L32 L64 LP EUI48 EUI64".split(), 99)),
        128: "NXNAME",
        **dict(
            enumerate(
                "TKEY TSIG IXFR AXFR MAILB MAILA ANY URI CAA AVC DOA AMTRELAY RESINFO WALLET CLA IPN".split(), 249
            )
        ),
        32768: "TA",
        32769: "DLV",
    },
    {"*": 255},
)

A: Final = 1
NS: Final = 2
CNAME: Final = 5
SOA: Final = 6
PTR: Final = 12
HINFO: Final = 13
TXT: Final = 16
AAAA: Final = 28
SRV: Final = 33
OPT: Final = 41
SVCB: Final = 64
HTTPS: Final = 65
IXFR: Final = 251
AXFR: Final = 252
ANY: Final = 255

text = RRTYPES.text
parse = RRTYPES.parse
