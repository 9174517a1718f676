"""dnspython and scapy as oracles: on messages that they make or accept, our columns say the same."""

from __future__ import annotations

import struct
from typing import Any

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.decode.reference import ReferenceDecoder
from analyzer.dns.anomalies import Anomaly
from analyzer.messages import Present
from tests.builders import ethernet, ipv4, pcap, udp
from tests.decode.runs import Run, run

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

names = st.lists(st.sampled_from(["www", "a", "Example", "org", "x" * 60, "a\\.b", "\\000", "_dns"]), max_size=4).map(
    lambda ls: ".".join(ls) + "."
)
RDATA = {
    "A": st.sampled_from(["192.0.2.1", "10.0.0.9"]),
    "AAAA": st.sampled_from(["2001:db8::1", "::"]),
    "CNAME": names,
    "NS": names,
    "PTR": names,
    "MX": names.map(lambda n: f"10 {n}"),
    "TXT": st.sampled_from(['"text"', '"" "more"']),
    "SRV": names.map(lambda n: f"1 2 53 {n}"),
    "SOA": st.tuples(names, names, st.integers(0, 2**31)).map(lambda t: f"{t[0]} {t[1]} 1 2 3 4 {t[2]}"),
}
rrsets = st.sampled_from(sorted(RDATA)).flatmap(
    lambda kind: st.builds(
        lambda owner, ttl, data: dns.rrset.from_text(owner, ttl, "IN", kind, data),
        names,
        st.integers(0, 2**31 - 1),
        RDATA[kind],
    )
)


@st.composite
def made(draw: st.DrawFn) -> dns.message.Message:
    """A message as dnspython makes it: compressed, with or without EDNS."""
    qtype = draw(st.sampled_from(["A", "AAAA", "TXT", "ANY", "SOA", "TYPE65280"]))
    message = dns.message.make_query(draw(names), qtype)
    message.id = draw(st.integers(0, 65535))
    message.flags = draw(st.sampled_from([0x0100, 0x8180, 0x8583, 0x8000, 0x0010 | 0x8100]))
    for section in (message.answer, message.authority, message.additional):
        section.extend(draw(st.lists(rrsets, max_size=3)))
    if draw(st.booleans()):
        options = draw(
            st.lists(
                st.sampled_from(
                    [dns.edns.ECSOption("192.0.2.0"), dns.edns.EDEOption(22, "no"), dns.edns.GenericOption(3, b"id")]
                ),
                max_size=3,
            )
        )
        message.use_edns(0, draw(st.sampled_from([0, dns.flags.DO])), draw(st.integers(512, 4096)), options=options)
    return message


def one(wire: bytes) -> tuple[Run, dict[str, Any]]:
    got = run(ReferenceDecoder, pcap([ethernet(ipv4(udp(wire)))]))
    return got, {name: values.tolist()[0] for name, values in got.messages.columns().items()}


def same(text: str, name: dns.name.Name) -> bool:
    return dns.name.from_text(text if text.endswith(".") else f"{text}.") == name


@QUICK
@given(made())
def test_what_dnspython_makes_is_read_as_it_was_meant(message: dns.message.Message) -> None:
    wire = message.to_wire(max_size=65535)
    got, row = one(wire)
    asked = message.question[0]
    assert Anomaly(row["anomalies"]) & ~Anomaly.RESERVED_BIT == Anomaly(0)
    assert (row["msg_id"], row["qtype"], row["qclass"]) == (message.id, asked.rdtype, asked.rdclass)
    assert same(got.names.text(row["qname"]), asked.name)
    assert [row[c] for c in ("qdcount", "ancount", "nscount", "arcount")] == list(struct.unpack_from(">4H", wire, 4))
    assert bool(row["present"] & Present.ANSWER) == bool(message.answer)
    if message.answer:
        assert row["answer_ttl"] == min(
            rrset.ttl for rrset in dns.message.from_wire(wire, one_rr_per_rrset=True).answer
        )
    assert row["edns_size"] == (message.payload if message.edns >= 0 else 0)
    assert bool(row["edns_flags"] & 0x8000) == bool(message.ednsflags & dns.flags.DO)
    errors = [option.code for option in message.options if isinstance(option, dns.edns.EDEOption)]
    assert (row["ede"] if row["present"] & Present.EDE else None) == (errors[0] if errors else None)


@QUICK
@given(made())
def test_records_that_columns_are_taken_from(message: dns.message.Message) -> None:
    wire = message.to_wire(max_size=65535)
    got, row = one(wire)
    read = dns.message.from_wire(wire, one_rr_per_rrset=True)
    first = {kind: next((r for r in read.answer if r.rdtype == kind), None) for kind in (dns.rdatatype.CNAME,)}
    alias = first[dns.rdatatype.CNAME]
    assert bool(row["present"] & Present.CNAME) == (alias is not None)
    if alias is not None:
        assert same(got.names.text(row["answer_cname"]), alias[0].target)
    addresses = [r[0].address for r in read.answer if r.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)]
    assert (got.addresses.text(row["answer_addr"]) if row["present"] & Present.ADDRESS else None) == (
        addresses[0] if addresses else None
    )
    start = next((r for r in read.authority if r.rdtype == dns.rdatatype.SOA), None)
    assert bool(row["present"] & Present.SOA) == (start is not None)
    if start is not None:
        assert (row["soa_ttl"], row["soa_minimum"]) == (start.ttl, start[0].minimum)
        assert same(got.names.text(row["soa_owner"]), start.name)


@QUICK
@given(made(), st.lists(st.tuples(st.integers(12, 300), st.integers(0, 255)), max_size=3))
def test_what_dnspython_accepts_after_mutation_has_the_same_question(
    message: dns.message.Message, edits: list[tuple[int, int]]
) -> None:
    wire = bytearray(message.to_wire(max_size=65535))
    for at, octet in edits:
        wire[at % (len(wire) - 12) + 12] = octet
    try:
        read = dns.message.from_wire(bytes(wire), ignore_trailing=True)
    except (dns.exception.DNSException, ValueError):
        return
    got, row = one(bytes(wire))
    assert row["present"] & Present.QUESTION
    assert same(got.names.text(row["qname"]), read.question[0].name)
    assert row["qtype"] == read.question[0].rdtype


@pytest.mark.slow
def test_scapy_builds_the_packet_and_the_message() -> None:
    """scapy's own layers, built by scapy, read by us: an oracle for the packet as well."""
    import scapy.layers.dns as sd
    import scapy.layers.inet as si
    import scapy.layers.inet6 as s6
    import scapy.layers.l2 as sl
    import scapy.layers.vxlan as sv

    question = sd.DNSQR(qname="www.example.org", qtype="AAAA")
    message = sd.DNS(id=77, rd=1, qd=question)
    inner = sl.Ether() / si.IP(src="10.1.0.1", dst="10.1.0.2", ttl=9, id=5) / si.UDP(sport=4000, dport=53) / message
    packets = {
        "plain": inner,
        "vlan": sl.Ether()
        / sl.Dot1Q(vlan=3)
        / si.IP(src="10.1.0.1", dst="10.1.0.2", ttl=9, id=5)
        / si.UDP(sport=4000, dport=53)
        / message,
        "ipv6": sl.Ether()
        / s6.IPv6(src="2001:db8::1", dst="2001:db8::2", hlim=9)
        / s6.IPv6ExtHdrHopByHop()
        / si.UDP(sport=4000, dport=53)
        / message,
        "vxlan": sl.Ether()
        / si.IP(src="192.0.2.1", dst="192.0.2.2")
        / si.UDP(sport=1, dport=4789)
        / sv.VXLAN(vni=7)
        / inner,
        "gre": sl.Ether() / si.IP(src="192.0.2.1", dst="192.0.2.2") / sl.GRE(key_present=1, key=7) / inner[si.IP],
    }
    got = run(ReferenceDecoder, pcap([bytes(p) for p in packets.values()]))
    assert got.rows("frame", "msg_id", "qname", "qtype", "ip_ttl", "src_port") == [
        (n, 77, "www.example.org", 28, 9, 4000) for n in range(1, len(packets) + 1)
    ]
    assert [vni for (vni,) in got.rows("vni")] == [0, 0, 0, 7, 7]
