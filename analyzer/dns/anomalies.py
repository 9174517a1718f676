"""Everything that can be wrong with one DNS message: the only list, shared by both decoders."""

from __future__ import annotations

import enum

__all__ = ["Anomaly"]


class Anomaly(enum.IntFlag):
    """Bits of the `anomalies` column. Words are the lower-case names with hyphens (`pointer-loop`)."""

    CUT = 1 << 0  # the capture holds fewer octets of the message than were sent (snap length)
    SHORT_QUESTION = 1 << 1  # the question section runs past the message's end
    SHORT_RECORD = 1 << 2  # a record, or a count, runs past the message's end
    TRAILING_BYTES = 1 << 3  # octets after the last counted record
    POINTER_LOOP = 1 << 4  # more than 126 compression pointers in one name (255 octets hold no more labels)
    FORWARD_POINTER = 1 << 5  # a pointer to its own or a later offset (RFC 1035 4.1.4 allows only prior ones); followed
    BAD_POINTER = 1 << 6  # a pointer past the end of the message
    BAD_LABEL = 1 << 7  # label type 01 or 10 (RFC 6891 section 5 retired them)
    LONG_NAME = 1 << 8  # a name of more than 255 octets (RFC 1035 2.3.4)
    NO_QUESTION = 1 << 9  # QDCOUNT is 0
    MULTI_QUESTION = 1 << 10  # QDCOUNT above 1 (opcode QUERY: RFC 9619 forbids it)
    BAD_RDATA = 1 << 11  # an A, AAAA, CNAME, NS, SOA, OPT record whose RDLENGTH does not fit its data
    DUPLICATE_OPT = 1 << 12  # more than one OPT record (RFC 6891 6.1.1)
    MISPLACED_OPT = 1 << 13  # OPT not in the additional section, or its owner not the root
    RESERVED_BIT = 1 << 14  # header bit Z is set (RFC 1035 4.1.1)
    UNASSIGNED_OPCODE = 1 << 15  # an opcode that IANA has not assigned
    FIRST_FRAGMENT = 1 << 16  # only the first IP fragment was captured
    BAD_LENGTH = 1 << 17  # the UDP length disagrees with the IP length
    RESYNCHRONISED = 1 << 18  # first TCP message after a gap, or of a stream joined in the middle
    CONFLICTING_OVERLAP = 1 << 19  # overlapping TCP segments disagree; the octets that came first count
    OUT_OF_ORDER = 1 << 20  # more than a second older than a row before it; keeps its place (transactions.order)
    CAPPED_NAME = 1 << 21  # the name table was full; qname is its parent's `(others)`

    @property
    def words(self) -> list[str]:
        """The set bits by name, lowest first."""
        return [flag.name.lower().replace("_", "-") for flag in Anomaly if flag in self and flag.name]
