"""One message to its columns: sections, EDNS, and everything that can be wrong with it."""

from __future__ import annotations

import struct

import pytest
import xxhash

from analyzer.dns.anomalies import Anomaly as Bad
from analyzer.messages import Present
from tests.builders import (
    AAAA,
    CNAME,
    IN,
    NS,
    SOA,
    TSIG,
    A,
    at,
    ethernet,
    ipv4,
    message,
    name,
    opt,
    option,
    pcap,
    pointer,
    query,
    question,
    record,
    response,
    soa,
    udp,
)
from tests.decode.runs import Reader, Run

OWNER = pointer(12)
ADDRESS = bytes([192, 0, 2, 7])


def one(decoder: Reader, wire: bytes, **options: bool) -> tuple[Run, dict[str, int]]:
    """The row of one message in a UDP datagram."""
    got = decoder(pcap([ethernet(ipv4(udp(wire)))]), **options)
    assert len(got.messages) == 1
    return got, {k: int(v[0]) for k, v in got.messages.columns().items()}


def test_header_and_question(decoder: Reader) -> None:
    wire = message(question("MiXed.Example.ORG", 65, 3), ident=0xBEEF, flags=0x8583)
    got, row = one(decoder, wire)
    assert (row["msg_id"], row["flags"], row["qdcount"], row["qtype"], row["qclass"]) == (0xBEEF, 0x8583, 1, 65, 3)
    assert (row["size"], row["anomalies"], row["present"]) == (len(wire), 0, Present.QUESTION | Present.IP_ID)
    assert got.names.text(row["qname"]) == "mixed.example.org"
    assert got.names.labels(row["qname"]) == [b"MiXed", b"Example", b"ORG"]
    sent = name("MiXed.Example.ORG")
    assert row["qname_hash"] == xxhash.xxh3_64_intdigest(sent.lower())
    assert row["case_hash"] == xxhash.xxh3_64_intdigest(sent) & 0xFFFFFFFF
    assert row["payload_hash"] == xxhash.xxh3_64_intdigest(wire)


def test_names_share_nodes_whatever_their_case(decoder: Reader) -> None:
    got = decoder(
        pcap([ethernet(ipv4(udp(query(n)))) for n in ("a.Example.org", "A.example.ORG", ".", "b.example.org")])
    )
    ids = got.messages.qname.tolist()
    assert ids == [3, 3, 0, 4]
    assert [got.names.label(i) for i in range(1, 5)] == [b"org", b"Example", b"a", b"b"]


def test_names_of_any_octets(decoder: Reader) -> None:
    label = b"a.b\\\x00\xff "
    got, row = one(decoder, query(bytes([len(label)]) + label + b"\0"))
    assert got.names.labels(row["qname"]) == [label]
    assert got.names.text(row["qname"]) == "a\\.b\\\\\\000\\255\\032"


def test_answers(decoder: Reader) -> None:
    alias = record(OWNER, CNAME, name("real.example.net"), 300)
    wire = response(answers=[alias, record(pointer(45), A, ADDRESS, 30), record(pointer(45), A, bytes(4), 60)])
    got, row = one(decoder, wire)
    assert (row["answer_ttl"], row["answer_matches"], row["anomalies"]) == (30, 2, 0)
    assert got.names.text(row["answer_cname"]) == "real.example.net"
    assert got.addresses.text(row["answer_addr"]) == "192.0.2.7"
    assert (
        row["present"] & (Present.ANSWER | Present.CNAME | Present.ADDRESS)
        == Present.ANSWER | Present.CNAME | Present.ADDRESS
    )


def test_ttl_of_31_bits_and_more_counts_as_0(decoder: Reader) -> None:
    _, row = one(decoder, response(answers=[record(OWNER, A, ADDRESS, 1 << 31), record(OWNER, A, ADDRESS, 5)]))
    assert row["answer_ttl"] == 0


@pytest.mark.parametrize(("qtype", "matches"), [(A, 1), (AAAA, 1), (255, 2), (252, 2), (251, 2), (16, 0)])
def test_answer_matches(decoder: Reader, qtype: int, matches: int) -> None:
    _, row = one(decoder, response(qtype=qtype, answers=[record(OWNER, A, ADDRESS), record(OWNER, AAAA, bytes(16))]))
    assert row["answer_matches"] == matches


def test_negative_answer_and_referral(decoder: Reader) -> None:
    got, row = one(decoder, response(rcode=3, authority=[record("example.org", SOA, soa(minimum=77), 900)]))
    assert (row["soa_ttl"], row["soa_minimum"], got.names.text(row["soa_owner"])) == (900, 77, "example.org")
    got, row = one(decoder, response(authority=[record("org", NS, name("ns.org")), record("net", NS, name("ns.net"))]))
    assert got.names.text(row["ns_owner"]) == "org"
    assert row["present"] & (Present.NS | Present.SOA) == Present.NS


def test_edns(decoder: Reader) -> None:
    options = [option(code, b"\0\x16text") for code in (3, 8, 10, 11, 12, 15, 65001)]
    wire = message(question(), additional=[opt(*options, size=4096, flags=0x8000, version=1, ext_rcode=2)])
    _, row = one(decoder, wire)
    assert (row["edns_size"], row["edns_flags"], row["edns_version"], row["ext_rcode"]) == (4096, 0x8000, 1, 2)
    assert (row["edns_options"], row["ede"], row["anomalies"]) == (1 | 2 | 4 | 8 | 16 | 32 | 32768, 22, 0)
    assert row["present"] & (Present.EDNS | Present.EDE) == Present.EDNS | Present.EDE


def test_signatures_are_seen(decoder: Reader) -> None:
    _, row = one(decoder, message(question(), additional=[record("key.", TSIG, bytes(20), 0, 255)]))
    assert row["present"] & (Present.TSIG | Present.SIG0) == Present.TSIG
    _, row = one(decoder, message(question(), additional=[record(".", 24, b"\0\0" + bytes(20), 0, 255)]))
    assert row["present"] & (Present.TSIG | Present.SIG0) == Present.SIG0
    _, row = one(decoder, message(question(), additional=[record(".", 24, b"\0\1" + bytes(20), 0, 255)]))
    assert not row["present"] & Present.SIG0


def test_update_and_notify(decoder: Reader) -> None:
    zone = question("example.org", SOA)
    deletion = record("old.example.org", A, b"", 0, 255)
    _, row = one(decoder, message(zone, flags=0x2800, authority=[deletion]))
    assert (row["flags"] >> 11 & 15, row["nscount"], row["anomalies"]) == (5, 1, 0)
    got, row = one(decoder, message(zone, flags=0x2400, answers=[record(OWNER, SOA, soa())]))
    assert (got.names.text(row["qname"]), row["anomalies"]) == ("example.org", 0)


HEAD = 12
CASES = {
    "no question": (message(), Bad.NO_QUESTION, False),
    "two questions": (message(question(), question("b")), Bad.MULTI_QUESTION, True),
    "counts lie about questions": (
        message(question(), counts=(2, 0, 0, 0)),
        Bad.MULTI_QUESTION | Bad.SHORT_QUESTION,
        True,
    ),
    "question cut by its own length": (message(question())[:-1], Bad.SHORT_QUESTION, False),
    "name without an end": (message(b"\3www"), Bad.SHORT_QUESTION, False),
    "counts lie about answers": (message(question(), counts=(1, 1, 0, 0)), Bad.SHORT_RECORD, True),
    "counts lie about additional": (message(question(), counts=(1, 0, 0, 1)), Bad.SHORT_RECORD, True),
    "rdlength past the end": (response(answers=[record(OWNER, A, ADDRESS, length=5)]), Bad.SHORT_RECORD, True),
    "octets behind": (message(question(), tail=b"x"), Bad.TRAILING_BYTES, True),
    "pointer to itself": (message(question(pointer(HEAD))), Bad.POINTER_LOOP | Bad.FORWARD_POINTER, False),
    "two pointers in a ring": (
        message(question(pointer(HEAD + 2) + pointer(HEAD))),
        Bad.POINTER_LOOP | Bad.FORWARD_POINTER,
        False,
    ),
    "loop through a label": (message(question(b"\1a" + pointer(HEAD))), Bad.POINTER_LOOP, False),
    "forward pointer": (
        message(question(pointer(HEAD + 6)) + name("later")),
        Bad.FORWARD_POINTER | Bad.TRAILING_BYTES,
        True,
    ),
    "pointer past the end": (message(question(pointer(4000))), Bad.BAD_POINTER | Bad.FORWARD_POINTER, False),
    "pointer into the header": (message(question(pointer(5))), Bad(0), None),
    "label type 01": (message(question(b"\x41a\0")), Bad.BAD_LABEL, False),
    "label type 10": (message(question(b"\x81a\0")), Bad.BAD_LABEL, False),
    "label type 01 as an owner": (response(answers=[record(b"\x41\0", A, ADDRESS)]), Bad.BAD_LABEL, True),
    "256 octets": (query(".".join(["a" * 63] * 3 + ["b" * 62])), Bad.LONG_NAME, True),
    "255 octets": (query(".".join(["a" * 63] * 3 + ["b" * 61])), Bad(0), True),
    "5000 octets": (query(".".join(["a" * 62] * 80)), Bad.LONG_NAME, False),
    "A of 5 octets": (response(answers=[record(OWNER, A, bytes(5))]), Bad.BAD_RDATA, True),
    "A of class CH": (response(answers=[record(OWNER, A, bytes(9), rclass=3)]), Bad(0), True),
    "AAAA of 4 octets": (response(answers=[record(OWNER, AAAA, bytes(4))]), Bad.BAD_RDATA, True),
    "CNAME with more": (response(answers=[record(OWNER, CNAME, name("a") + b"x")]), Bad.BAD_RDATA, True),
    "CNAME past its rdata": (
        response(answers=[record(OWNER, CNAME, b"\5a", length=2)]),
        Bad.BAD_RDATA | Bad.SHORT_RECORD,
        True,
    ),
    "SOA without numbers": (response(authority=[record(OWNER, SOA, name("a") + name("b"))]), Bad.BAD_RDATA, True),
    "two OPT": (message(question(), additional=[opt(), opt()]), Bad.DUPLICATE_OPT, True),
    "OPT as an answer": (response(answers=[opt()]), Bad.MISPLACED_OPT, True),
    "OPT with an owner": (message(question(), additional=[opt(owner=b"\1a\0")]), Bad.MISPLACED_OPT, True),
    "option past its rdata": (message(question(), additional=[opt(b"\0\3\0\x09nsid")]), Bad.BAD_RDATA, True),
    "EDE of one octet": (message(question(), additional=[opt(option(15, b"\0"))]), Bad.BAD_RDATA, True),
    "header bit Z": (message(question(), flags=0x0140), Bad.RESERVED_BIT, True),
    "opcode 3": (message(question(), flags=0x1800), Bad.UNASSIGNED_OPCODE, True),
    "opcode 15": (message(question(), flags=0x7800), Bad.UNASSIGNED_OPCODE, True),
    "DSO": (message(flags=0x3000, tail=struct.pack(">HH", 1, 0)), Bad(0), False),
}


@pytest.mark.parametrize("case", CASES)
def test_anomalies(decoder: Reader, case: str) -> None:
    wire, expected, has_question = CASES[case]
    _, row = one(decoder, wire)
    if has_question is None:  # a name in the header's octets: whatever it is, the row stands
        return
    assert Bad(row["anomalies"]) == expected
    assert bool(row["present"] & Present.QUESTION) is has_question


def test_126_pointers_are_followed_and_127_are_not(decoder: Reader) -> None:
    def chain(pointers: int) -> bytes:
        # At 12 a pointer to the last of a row of pointers, each to the one before, the first to a root.
        start = HEAD + 6
        row = b"\0" + b"".join(pointer(start if i == 0 else start + 1 + 2 * (i - 1)) for i in range(pointers - 1))
        return message(question(pointer(start + 1 + 2 * (pointers - 2))) + row)

    _, row = one(decoder, chain(126))
    assert not row["anomalies"] & Bad.POINTER_LOOP
    _, row = one(decoder, chain(127))
    assert row["anomalies"] & Bad.POINTER_LOOP


def test_what_came_before_a_broken_record_counts(decoder: Reader) -> None:
    wire = response(answers=[record(OWNER, A, ADDRESS, 9), record(b"\x41\0", A, ADDRESS, 3)], additional=[opt()])
    _, row = one(decoder, wire)
    assert (row["answer_ttl"], row["anomalies"]) == (9, Bad.BAD_LABEL)
    assert not row["present"] & Present.EDNS


def test_cut_by_the_snap_length(decoder: Reader) -> None:
    packet = ethernet(ipv4(udp(response(answers=[record(OWNER, A, ADDRESS)]))))
    whole = len(packet)
    got = decoder(
        pcap(
            [
                at(packet, i, snap)
                for i, snap in enumerate((whole - 1, whole - 14, 14 + 28 + 14, 14 + 28 + 11, 14 + 28, 20))
            ]
        )
    )
    assert got.rows("frame", "anomalies") == [(1, Bad.CUT), (2, Bad.CUT), (3, Bad.CUT)]
    assert [bool(p & Present.QUESTION) for (p,) in got.rows("present")] == [True, True, False]
    assert got.kinds == {"message": 3, "skipped.snaplen": 3}


def test_answers_table(decoder: Reader) -> None:
    records = [record(OWNER, A, ADDRESS, 5), record(pointer(12), 16, b"\4text", 6, IN)]
    wire = response(answers=records, additional=[opt(), record("x.", TSIG, bytes(20), 0, 255)])
    got, row = one(decoder, wire, answers=True)
    columns = ("row", "section", "owner", "rtype", "rclass", "ttl", "message_at", "message_len", "rdata_len")
    assert got.table(got.answers, *columns) == [
        (0, 1, "www.example.org", A, IN, 5, 0, len(wire), 4),
        (0, 1, "www.example.org", 16, IN, 6, 0, len(wire), 5),
    ]
    assert got.batches[0].wire == wire
    at_rdata = got.answers.rdata_at.tolist()
    assert [wire[i : i + n] for i, n in zip(at_rdata, (4, 5), strict=True)] == [ADDRESS, b"\4text"]
    assert row["anomalies"] == 0
    plain, _ = one(decoder, wire)
    assert len(plain.answers) == 0
    assert plain.batches[0].wire == b""


def test_caps_of_names_and_addresses(decoder: Reader) -> None:
    packets = [ethernet(ipv4(udp(query(f"{n}.x.org")), src=f"10.1.0.{i}")) for i, n in enumerate("abcd")]
    got = decoder(pcap(packets), max_names=4, max_addresses=3)
    assert [n for (n,) in got.rows("qname")] == ["a.x.org", "(others).x.org", "(others).x.org", "(others).x.org"]
    assert [bool(a & Bad.CAPPED_NAME) for (a,) in got.rows("anomalies")] == [False, True, True, True]
    assert len({h for (h,) in got.rows("qname_hash")}) == 4
    assert got.rows("src_addr") == [("10.1.0.0",), ("(others)",), ("(others)",), ("(others)",)]
    assert got.notes == {"capped-names": 3, "capped-addresses": 3}
