"""MessageBatch: one row per DNS message, the contract between `decode` and everything to its right."""

from __future__ import annotations

import enum
from typing import ClassVar

from analyzer.messages.table import Column, Table

__all__ = ["COLUMNS", "Encap", "MessageBatch", "Present", "Transport"]


class Transport(enum.IntEnum):
    """What carried the message."""

    UDP = 0
    TCP = 1


class Encap(enum.IntEnum):
    """The innermost tunnel around the message; NONE for plain packets (VLAN, MPLS and PPPoE are links, no tunnels)."""

    NONE = 0
    VXLAN = 1
    VXLAN_GPE = 2
    GENEVE = 3
    GRE = 4
    ERSPAN = 5
    IPIP = 6
    SIT = 7
    GTPU = 8
    TEREDO = 9
    L2TP = 10


class Present(enum.IntFlag):
    """Which optional columns of a row hold a value; a column counts only where its bit is set."""

    QUESTION = 1 << 0  # qname, qname_hash, case_hash, qtype, qclass: the first question, read whole
    EDNS = 1 << 1  # edns_size, edns_flags, edns_version, edns_options, ext_rcode
    ANSWER = 1 << 2  # answer_ttl: at least one record of the answer section was read
    SOA = 1 << 3  # soa_ttl, soa_minimum, soa_owner: first SOA of the authority section
    IP_ID = 1 << 4  # ip_id: IPv4 only
    DIRECTION = 1 << 5  # direction: LINUX_SLL and SLL2 only
    FLOW = 1 << 6  # flow, tcp_seq: TCP only
    OUTER = 1 << 7  # outer_src, outer_dst, encap: inside a tunnel
    VNI = 1 << 8  # vni
    EDE = 1 << 9  # ede: first Extended DNS Error
    ADDRESS = 1 << 10  # answer_addr: first A or AAAA of the answer section
    CNAME = 1 << 11  # answer_cname: target of the first CNAME of the answer section
    NS = 1 << 12  # ns_owner: owner of the first NS of the authority section
    TSIG = 1 << 13  # a TSIG record was seen
    SIG0 = 1 << 14  # a SIG record covering type 0 was seen


COLUMNS = (
    Column(
        "frame",
        "u8",
        "number",
        "Wireshark's frame number, from 1; the frame that completed the message",
        "",
        "frame.number",
    ),
    Column("file", "u2", "index", "input file, from 0, in the order read"),
    Column(
        "interface",
        "u4",
        "id",
        "capture interface: one per pcapng interface block, per pcap file, per SLL2 ifindex",
        "",
        "frame.interface_id",
    ),
    Column("time_ns", "i8", "ns since 1970 UTC", "time of the frame", "ts", "frame.time_epoch"),
    Column("src_addr", "u4", "address id", "sender (innermost IP header)", "", "ip.src"),
    Column("dst_addr", "u4", "address id", "receiver (innermost IP header)", "", "ip.dst"),
    Column("src_port", "u2", "port", "sender's port", "", "udp.srcport"),
    Column("dst_port", "u2", "port", "receiver's port", "", "udp.dstport"),
    Column("transport", "u1", "Transport", "0 udp, 1 tcp", "proto", ""),
    Column("flow", "u4", "id", "TCP connection; row of the connections table", "uid", "tcp.stream"),
    Column(
        "tcp_seq",
        "u4",
        "octets",
        "raw sequence number of the message's first octet (its length prefix)",
        "",
        "tcp.seq_raw",
    ),
    Column("outer_src", "u4", "address id", "sender of the outermost IP header around a tunnel"),
    Column("outer_dst", "u4", "address id", "receiver of the outermost IP header around a tunnel"),
    Column("encap", "u1", "Encap", "innermost tunnel"),
    Column(
        "vni",
        "u4",
        "number",
        "innermost tunnel's identifier: VXLAN, Geneve VNI; GRE key; ERSPAN, L2TP session; GTP TEID",
        "",
        "vxlan.vni",
    ),
    Column("ip_id", "u2", "number", "IPv4 identification", "", "ip.id"),
    Column("ip_ttl", "u1", "hops", "IPv4 TTL or IPv6 hop limit", "", "ip.ttl"),
    Column(
        "ip_hash",
        "u8",
        "hash",
        "hash64 of the innermost IP header, its TTL and checksum zeroed (IPv6: fixed header, hop limit zeroed)",
    ),
    Column(
        "direction",
        "u1",
        "SLL packet type",
        "0 to us, 1 broadcast, 2 multicast, 3 to another host, 4 sent by us",
        "",
        "sll.pkttype",
    ),
    Column("msg_id", "u2", "number", "DNS ID", "trans_id", "dns.id"),
    Column("flags", "u2", "bits", "second word of the DNS header as on the wire", "", "dns.flags"),
    Column("qdcount", "u2", "records", "QDCOUNT as claimed", "", "dns.count.queries"),
    Column("ancount", "u2", "records", "ANCOUNT as claimed", "", "dns.count.answers"),
    Column("nscount", "u2", "records", "NSCOUNT as claimed", "", "dns.count.auth_rr"),
    Column("arcount", "u2", "records", "ARCOUNT as claimed", "", "dns.count.add_rr"),
    Column("qname", "u4", "name id", "name of the first question", "query", "dns.qry.name"),
    Column("qname_hash", "u8", "hash", "hash64 of the uncompressed wire form, letters in lower case"),
    Column("case_hash", "u4", "hash", "low half of hash64 of the uncompressed wire form as sent (0x20)"),
    Column("qtype", "u2", "RR type", "type of the first question", "qtype", "dns.qry.type"),
    Column("qclass", "u2", "class", "class of the first question", "qclass", "dns.qry.class"),
    Column(
        "size", "u4", "octets", "DNS message as claimed: UDP length less 8, or the TCP length prefix", "", "dns.length"
    ),
    Column("payload_hash", "u8", "hash", "hash64 of the DNS octets as captured"),
    Column("edns_size", "u2", "octets", "requestor's UDP payload size", "", "dns.rr.udp_payload_size"),
    Column("edns_flags", "u2", "bits", "EDNS flags; 0x8000 is DO", "", "dns.resp.z"),
    Column("edns_version", "u1", "number", "EDNS version", "", "dns.resp.edns0_version"),
    Column(
        "edns_options",
        "u2",
        "bits",
        "options seen: 1 NSID, 2 ECS, 4 COOKIE, 8 TCP-KEEPALIVE, 16 PADDING, 32 EDE, 32768 any other",
    ),
    Column("ext_rcode", "u1", "bits", "upper eight bits of the extended RCODE", "", "dns.resp.ext_rcode"),
    Column("ede", "u2", "INFO-CODE", "first Extended DNS Error (RFC 8914)", "", "dns.opt.ext_error.info_code"),
    Column(
        "answer_ttl",
        "u4",
        "s",
        "least TTL in the answer section (2^31 and more count as 0, RFC 2181 section 8)",
        "TTLs",
        "dns.resp.ttl",
    ),
    Column(
        "answer_matches",
        "u2",
        "records",
        "answer records of the question's type (any type for ANY, AXFR, IXFR); 0 in a NOERROR response is NODATA",
    ),
    Column("answer_addr", "u4", "address id", "first A or AAAA record in the answer section", "answers", "dns.a"),
    Column("answer_cname", "u4", "name id", "target of the first CNAME in the answer section", "", "dns.cname"),
    Column("soa_ttl", "u4", "s", "TTL of the first SOA in the authority section"),
    Column("soa_minimum", "u4", "s", "MINIMUM of that SOA", "", "dns.soa.minimum_ttl"),
    Column("soa_owner", "u4", "name id", "owner of that SOA"),
    Column("ns_owner", "u4", "name id", "owner of the first NS in the authority section"),
    Column("anomalies", "u8", "Anomaly bits", "everything wrong with the message (dns.anomalies)"),
    Column("present", "u4", "Present bits", "which of the columns above hold a value"),
)


class MessageBatch(Table):
    """DNS messages in capture order; at most 262,144 rows from a decoder."""

    COLUMNS: ClassVar[tuple[Column, ...]] = COLUMNS
    __slots__ = ()
