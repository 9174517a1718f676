//! TCP connections on DNS ports, told by their innermost addresses and ports: a copy of a segment is a retransmission.

use std::collections::{BTreeMap, HashMap};

use super::stream::{PART, Segment, Stream};
use crate::ledger::{Fate, Ledger, Note};
use crate::options::{Options, Ports};
use crate::packet::Packet;
use crate::table::addresses::Packed;
use crate::table::batch::{Connection as Row, Message, present};
use crate::wire::u32_at;
use crate::writer::Writer;

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;
/// Copies and retransmissions of the last segments still find their connection.
const LINGER_NS: i64 = 10_000_000_000;
/// A lost segment is sent again within the least retransmission time-outs.
const PATIENCE_NS: i64 = 2_000_000_000;

type End = (Packed, u16);
type Key = (End, End);

fn key(one: End, other: End) -> Key {
    if one <= other { (one, other) } else { (other, one) }
}

/// Both directions; index 0 is the opener's.
#[derive(Debug)]
struct Connection {
    ends: [End; 2],
    row: Row,
    streams: [Stream; 2],
    fins: [bool; 2],
    closed: Option<(u64, i64)>,
    waiting: usize,
    /// When it was seen last, in segments.
    stamp: u64,
}

/// All connections, and the orders in which they were last seen and closed.
#[derive(Debug)]
pub struct Connections {
    table: HashMap<Key, Connection>,
    seen: BTreeMap<u64, Key>,
    closed: BTreeMap<u64, Key>,
    stamps: u64,
    flows: u32,
    waiting: usize,
    most: usize,
    most_octets: usize,
}

impl Connections {
    pub fn new(options: &Options) -> Self {
        Self {
            table: HashMap::new(),
            seen: BTreeMap::new(),
            closed: BTreeMap::new(),
            stamps: 0,
            flows: 0,
            waiting: 0,
            most: options.max_connections.max(1),
            most_octets: options.max_tcp_bytes,
        }
    }

    /// One segment; returns its frame's fate for now where it was entered in the ledger, `None` where it only controls.
    pub fn segment(
        &mut self,
        packet: &Packet,
        ports: &Ports,
        header: &[u8],
        payload: &[u8],
        ledger: &mut Ledger,
        writer: &mut Writer,
    ) -> Option<Fate> {
        self.linger(packet.time_ns, ledger, writer);
        let (seq, flags) = (u32_at(header, 4).unwrap_or(0), header[13]);
        let missing = if packet.cut { packet.room.saturating_sub(header.len() + payload.len()) } else { 0 };
        let (key, way) = self.find(packet, ports, seq, flags, ledger, writer);
        self.stamps += 1;
        let connection = self.table.get_mut(&key)?;
        self.seen.remove(&connection.stamp);
        connection.stamp = self.stamps;
        self.seen.insert(self.stamps, key);
        if connection.times(way, packet, flags) {
            connection.closed = Some((self.stamps, packet.time_ns));
            self.closed.insert(self.stamps, key);
        }
        connection.lose_patience(packet.time_ns, ledger, writer);
        let first = if flags & SYN == 0 { seq } else { seq.wrapping_add(1) };
        if flags & SYN != 0 && connection.streams[way].first.is_none() {
            connection.streams[way].begin(first, true);
        }
        let mut entered = None;
        if !payload.is_empty() || missing > 0 {
            let segment = Segment::new(*packet, ledger);
            if !connection.streams[way].add(&segment, first, payload, missing, ledger) {
                connection.row.repeats += 1;
                segment.raise(PART, ledger);
            }
            connection.hand_over(way, ledger, writer);
            entered = Some(segment);
        }
        let waiting = connection.streams.iter().map(Stream::waiting).sum();
        self.waiting = self.waiting - connection.waiting + waiting;
        connection.waiting = waiting;
        while self.waiting > self.most_octets && !self.table.is_empty() {
            self.evict(ledger, writer);
        }
        entered.map(|segment| segment.fate())
    }

    /// The connection of a segment, made if need be, and which way the segment goes.
    fn find(
        &mut self,
        packet: &Packet,
        ports: &Ports,
        seq: u32,
        flags: u8,
        ledger: &mut Ledger,
        writer: &mut Writer,
    ) -> (Key, usize) {
        let (sender, receiver) = ((packet.src, packet.src_port), (packet.dst, packet.dst_port));
        let key = key(sender, receiver);
        if let Some(known) = self.table.get(&key) {
            let way = usize::from(known.ends[0] != sender);
            if flags & SYN == 0 || known.streams[way].first.is_none_or(|first| first == seq.wrapping_add(1)) {
                return (key, way);
            }
            self.end(&key, false, ledger, writer);
        }
        while self.table.len() >= self.most {
            self.evict(ledger, writer);
        }
        let only_server = ports.has(packet.src_port) && !ports.has(packet.dst_port);
        let sends = if flags & SYN == 0 { !only_server } else { flags & ACK == 0 };
        let ends = if sends { [sender, receiver] } else { [receiver, sender] };
        let row = Row {
            flow: self.flows,
            file: packet.file,
            frame: packet.frame,
            first_ns: packet.time_ns,
            src_addr: writer.address(&ends[0].0, ledger),
            dst_addr: writer.address(&ends[1].0, ledger),
            src_port: ends[0].1,
            dst_port: ends[1].1,
            ..Row::default()
        };
        self.flows = self.flows.wrapping_add(1);
        let streams = [Stream::default(), Stream::default()];
        let made = Connection { ends, row, streams, fins: [false; 2], closed: None, waiting: 0, stamp: 0 };
        self.table.insert(key, made);
        (key, usize::from(ends[0] != sender))
    }

    /// Ends the connection whose last segment is the longest ago.
    fn evict(&mut self, ledger: &mut Ledger, writer: &mut Writer) {
        let Some(key) = self.seen.first_entry().map(|entry| *entry.get()) else {
            return;
        };
        self.end(&key, true, ledger, writer);
    }

    /// Ends connections that closed more than 10 s ago, in order of closing.
    fn linger(&mut self, now_ns: i64, ledger: &mut Ledger, writer: &mut Writer) {
        while let Some(key) = self.closed.first_entry().map(|entry| *entry.get()) {
            let closed = self.table.get(&key).and_then(|connection| connection.closed);
            if closed.is_some_and(|(_, closed_ns)| now_ns.saturating_sub(closed_ns) <= LINGER_NS) {
                return;
            }
            self.end(&key, false, ledger, writer);
        }
    }

    /// A connection is over: gives up its gaps and hands over its row.
    fn end(&mut self, key: &Key, full: bool, ledger: &mut Ledger, writer: &mut Writer) {
        let Some(mut connection) = self.table.remove(key) else {
            return;
        };
        self.seen.remove(&connection.stamp);
        if let Some((number, _)) = connection.closed {
            self.closed.remove(&number);
        }
        self.waiting -= connection.waiting;
        for way in 0..2 {
            connection.streams[way].end(ledger);
            connection.hand_over(way, ledger, writer);
        }
        if full && connection.closed.is_none() {
            ledger.note(Note::TcpEvicted, 1);
            connection.row.evicted = 1;
        }
        let [out, back] = &connection.streams;
        let row = Row { bytes_out: out.octets, bytes_in: back.octets, gaps: out.gaps + back.gaps, ..connection.row };
        writer.connection(&row);
    }

    /// Ends all, in order of flow.
    pub fn finish(&mut self, ledger: &mut Ledger, writer: &mut Writer) {
        let mut keys: Vec<(u32, Key)> = self.table.iter().map(|(key, known)| (known.row.flow, *key)).collect();
        keys.sort_unstable_by_key(|(flow, _)| *flow);
        for (_, key) in keys {
            self.end(&key, false, ledger, writer);
        }
    }
}

impl Connection {
    /// Takes over what the flags say and when; true where this closed the connection.
    fn times(&mut self, way: usize, packet: &Packet, flags: u8) -> bool {
        let row = &mut self.row;
        let first = |at: &mut i64| *at = if *at == 0 { packet.time_ns } else { *at };
        row.last_ns = packet.time_ns;
        row.segments = row.segments.wrapping_add(1);
        if flags & SYN != 0 {
            first(if flags & ACK == 0 { &mut row.syn_ns } else { &mut row.synack_ns });
        }
        if flags & FIN != 0 {
            first(&mut row.fin_ns);
            self.fins[way] = true;
        }
        if flags & RST != 0 && row.rst_ns == 0 {
            row.rst_ns = packet.time_ns;
            row.rst_by_dst = way as u8;
        }
        self.closed.is_none() && (flags & RST != 0 || self.fins == [true; 2])
    }

    /// Gives up gaps that have waited for long.
    fn lose_patience(&mut self, now_ns: i64, ledger: &mut Ledger, writer: &mut Writer) {
        for way in 0..2 {
            while self.streams[way].oldest_later_ns().is_some_and(|came| now_ns.saturating_sub(came) > PATIENCE_NS) {
                self.streams[way].give_up(ledger);
            }
            self.hand_over(way, ledger, writer);
        }
    }

    /// Rows for the messages that were found.
    fn hand_over(&mut self, way: usize, ledger: &mut Ledger, writer: &mut Writer) {
        for found in self.streams[way].found.drain(..) {
            let count = if way == 0 { &mut self.row.messages_out } else { &mut self.row.messages_in };
            *count += 1;
            let row = Message {
                transport: 1,
                flow: self.row.flow,
                tcp_seq: found.seq,
                size: u32::from(found.size),
                anomalies: found.anomalies,
                present: present::FLOW,
                ..Message::default()
            };
            let partial = found.wire.len() < usize::from(found.size);
            writer.message(&found.segment.packet, row, &found.wire, partial, ledger);
        }
    }
}
