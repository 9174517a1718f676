//! The tables of the contract, column by column as `analyzer.messages` declares them (a test holds the two equal).

use super::columns::table;
use super::names::NewNames;
use super::room::Room;

table! {
    /// DNS messages in capture order.
    Messages of Message {
        frame: u64, file: u16, interface: u32, time_ns: i64, src_addr: u32, dst_addr: u32, src_port: u16, dst_port: u16,
        transport: u8, flow: u32, tcp_seq: u32, outer_src: u32, outer_dst: u32, encap: u8, vni: u32, ip_id: u16, ip_ttl: u8,
        ip_hash: u64, direction: u8, msg_id: u16, flags: u16, qdcount: u16, ancount: u16, nscount: u16, arcount: u16,
        qname: u32, qname_hash: u64, case_hash: u32, qtype: u16, qclass: u16, size: u32, payload_hash: u64,
        edns_size: u16, edns_flags: u16, edns_version: u8, edns_options: u16, ext_rcode: u8, ede: u16,
        answer_ttl: u32, answer_matches: u16, answer_addr: u32, answer_cname: u32, soa_ttl: u32, soa_minimum: u32,
        soa_owner: u32, ns_owner: u32, anomalies: u64, present: u32,
    }
}

table! {
    /// Resource records of the messages.
    Answers of Answer {
        row: u32, section: u8, owner: u32, rtype: u16, rclass: u16, ttl: u32, message_at: u32, message_len: u32,
        rdata_at: u32, rdata_len: u16,
    }
}

table! {
    /// TCP connections, each once.
    Connections of Connection {
        flow: u32, file: u16, frame: u64, src_addr: u32, dst_addr: u32, src_port: u16, dst_port: u16, first_ns: i64,
        last_ns: i64, syn_ns: i64, synack_ns: i64, fin_ns: i64, rst_ns: i64, messages_out: u32, messages_in: u32,
        bytes_out: u64, bytes_in: u64, segments: u32, repeats: u32, gaps: u32, evicted: u8, rst_by_dst: u8,
    }
}

table! {
    /// ICMP and ICMPv6 errors that quote a packet from or to a DNS port.
    Quotes of Quote {
        frame: u64, file: u16, interface: u32, time_ns: i64, sender: u32, receiver: u32, version: u8, icmp_type: u8,
        icmp_code: u8, src_addr: u32, dst_addr: u32, src_port: u16, dst_port: u16, transport: u8, msg_id: u16, flags: u16,
        qname: u32, qname_hash: u64, qtype: u16, qclass: u16, present: u32, has_header: u8,
    }
}

/// One batch: its rows, and the names and addresses that it adds.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub messages: Messages,
    pub answers: Answers,
    pub connections: Connections,
    pub quotes: Quotes,
    pub names: NewNames,
    pub first_address: u32,
    pub addresses: Vec<u8>,
    pub wire: Vec<u8>,
}

impl Batch {
    /// Puts the rows that wait into the columns.
    pub fn settle(&mut self, room: &Room) {
        self.messages.settle(room);
        self.answers.settle(room);
        self.connections.settle(room);
        self.quotes.settle(room);
    }
}

/// Which optional columns of a row hold a value.
pub mod present {
    pub const QUESTION: u32 = 1;
    pub const EDNS: u32 = 1 << 1;
    pub const ANSWER: u32 = 1 << 2;
    pub const SOA: u32 = 1 << 3;
    pub const IP_ID: u32 = 1 << 4;
    pub const DIRECTION: u32 = 1 << 5;
    pub const FLOW: u32 = 1 << 6;
    pub const OUTER: u32 = 1 << 7;
    pub const VNI: u32 = 1 << 8;
    pub const EDE: u32 = 1 << 9;
    pub const ADDRESS: u32 = 1 << 10;
    pub const CNAME: u32 = 1 << 11;
    pub const NS: u32 = 1 << 12;
    pub const TSIG: u32 = 1 << 13;
    pub const SIG0: u32 = 1 << 14;
}

/// What can be wrong with a message.
pub mod anomaly {
    pub const CUT: u64 = 1;
    pub const SHORT_QUESTION: u64 = 1 << 1;
    pub const SHORT_RECORD: u64 = 1 << 2;
    pub const TRAILING_BYTES: u64 = 1 << 3;
    pub const POINTER_LOOP: u64 = 1 << 4;
    pub const FORWARD_POINTER: u64 = 1 << 5;
    pub const BAD_POINTER: u64 = 1 << 6;
    pub const BAD_LABEL: u64 = 1 << 7;
    pub const LONG_NAME: u64 = 1 << 8;
    pub const NO_QUESTION: u64 = 1 << 9;
    pub const MULTI_QUESTION: u64 = 1 << 10;
    pub const BAD_RDATA: u64 = 1 << 11;
    pub const DUPLICATE_OPT: u64 = 1 << 12;
    pub const MISPLACED_OPT: u64 = 1 << 13;
    pub const RESERVED_BIT: u64 = 1 << 14;
    pub const UNASSIGNED_OPCODE: u64 = 1 << 15;
    pub const FIRST_FRAGMENT: u64 = 1 << 16;
    pub const BAD_LENGTH: u64 = 1 << 17;
    pub const RESYNCHRONISED: u64 = 1 << 18;
    pub const CONFLICTING_OVERLAP: u64 = 1 << 19;
    pub const CAPPED_NAME: u64 = 1 << 21;
}
