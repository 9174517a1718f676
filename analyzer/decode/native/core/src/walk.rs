//! From the outside of a frame inwards, until it is known what it comes to.

use crate::container::Record;
use crate::fragments::{Added, Fragments};
use crate::interfaces::Interfaces;
use crate::ledger::{Fate, Ledger};
use crate::options::Options;
use crate::packet::{Fragment, Layer, Packet, Step, Walk};
use crate::table::batch::{Message, Quote, anomaly};
use crate::transport::tcp::Connections;
use crate::writer::Writer;
use crate::{layers, link, net, plain};

const DNS_HEADER: usize = 12;
const UDP: u8 = 17;
const TCP: u8 = 6;

/// What frames are taken apart with, and where their contents go.
#[derive(Debug)]
pub struct Walker {
    options: Options,
    pub ledger: Ledger,
    pub writer: Writer,
    fragments: Fragments,
    connections: Connections,
    order: u64,
}

/// What a frame comes to; TCP segments with payload are entered in the ledger where they are kept.
enum End {
    Fate(Fate),
    Entered(Fate),
}

/// Where a walk leads within one buffer.
enum Stretch {
    End(End),
    /// On within octets put together from fragments.
    Whole(u8, Vec<u8>),
}

impl Walker {
    pub fn new(options: Options) -> Self {
        Self {
            ledger: Ledger::default(),
            writer: Writer::new(&options),
            fragments: Fragments::new(&options),
            connections: Connections::new(&options),
            order: 0,
            options,
        }
    }

    /// Takes one frame apart.
    #[inline]
    pub fn frame(&mut self, record: &Record, number: u64, file: u16, interfaces: &mut Interfaces) {
        self.order += 1;
        if !self.fragments.idle() {
            self.fragments.expire(record.time_ns, &mut self.ledger);
            self.first_fragments();
        }
        let interface = record.interface.unwrap_or(0);
        let mut packet = Packet::new(record, interface, number, file, self.order, self.options.tunnel_depth);
        let layer = self.enter(record);
        if layer == Ok(Layer::Ethernet)
            && let Some((payload, _)) = plain::datagram(&mut packet, &self.options.ports, record.data)
            && payload.len() >= DNS_HEADER
        {
            let row = Message { size: payload.len() as u32, ..Message::default() };
            self.writer.message(&packet, row, payload, false, &mut self.ledger);
            self.ledger.enter_message();
            return;
        }
        self.long_way(&mut packet, layer, record.data, interfaces);
    }

    /// Through any layers.
    #[inline(never)]
    fn long_way(&mut self, packet: &mut Packet, layer: Result<Layer, Fate>, data: &[u8], interfaces: &mut Interfaces) {
        let mut parts = 0;
        let end = match layer {
            Ok(layer) => self.walk(packet, layer, data, &mut parts, interfaces),
            Err(fate) => End::Fate(fate),
        };
        let fate = match end {
            End::Fate(fate) => {
                self.ledger.enter(fate);
                fate
            }
            End::Entered(fate) => fate,
        };
        let of_parts = if matches!(fate, Fate::Message | Fate::TcpGap) { Fate::Part } else { fate };
        self.ledger.shift(Fate::FragmentMissing, of_parts, parts);
        self.fragments.trim(&mut self.ledger);
        self.first_fragments();
    }

    /// The first layer of a frame that the filter lets through.
    #[inline]
    fn enter(&self, record: &Record) -> Result<Layer, Fate> {
        if record.interface.is_none() {
            return Err(Fate::MalformedLink);
        }
        if let Some(programs) = &self.options.programs {
            match programs.iter().find(|(linktype, _)| *linktype == record.linktype) {
                None => return Err(Fate::FilterLinkType),
                Some((_, program)) if !program.accepts(record.data, record.length) => return Err(Fate::Filtered),
                Some(_) => {}
            }
        }
        link::layer(record.linktype)
    }

    #[inline]
    fn walk(&mut self, packet: &mut Packet, layer: Layer, data: &[u8], parts: &mut u64, names: &mut Interfaces) -> End {
        let mut stretch = self.stretch(packet, Ok(Step::Next(layer, data)), parts, names);
        // Fragments within fragments go round here, so that they need no stack.
        loop {
            match stretch {
                Stretch::End(end) => return end,
                Stretch::Whole(protocol, octets) => {
                    let step = net::reassembled(packet, protocol, &octets);
                    stretch = self.stretch(packet, step, parts, names);
                }
            }
        }
    }

    #[inline]
    fn stretch(&mut self, packet: &mut Packet, mut step: Walk, parts: &mut u64, names: &mut Interfaces) -> Stretch {
        loop {
            step = match step {
                Ok(Step::Next(layer, data)) => layers::read(packet, &self.options.ports, layer, data, names),
                Ok(Step::Datagram(payload, length)) => {
                    return Stretch::End(End::Fate(self.datagram(packet, payload, length)));
                }
                Ok(Step::Segment(header, payload)) => {
                    return Stretch::End(self.segment(packet, header, payload));
                }
                Ok(Step::Fragment(fragment)) => return self.fragment(packet, &fragment, parts),
                Ok(Step::Quote(version, kind, code, quoted)) => {
                    return Stretch::End(End::Fate(self.quote(packet, (version, kind, code), quoted)));
                }
                Err(fate) => return Stretch::End(End::Fate(fate)),
            };
        }
    }

    /// A UDP datagram on a DNS port; `length` is the UDP header's.
    #[inline]
    fn datagram(&mut self, packet: &Packet, payload: &[u8], length: u16) -> Fate {
        let length = usize::from(length);
        let size = length.saturating_sub(8);
        let missing = payload.len() < size && packet.cut;
        if payload.len() < DNS_HEADER {
            return if missing && size >= DNS_HEADER { Fate::Snaplen } else { Fate::DnsHeader };
        }
        let mut row = Message { size: size as u32, ..Message::default() };
        if packet.first_fragment {
            row.anomalies |= anomaly::FIRST_FRAGMENT;
        } else if length < 8 || length > packet.room {
            row.anomalies |= anomaly::BAD_LENGTH;
        }
        if missing {
            row.anomalies |= anomaly::CUT;
        }
        self.writer.message(packet, row, payload, missing || packet.first_fragment, &mut self.ledger);
        Fate::Message
    }

    fn segment(&mut self, packet: &Packet, header: &[u8], payload: &[u8]) -> End {
        let ports = &self.options.ports;
        let entered = self.connections.segment(packet, ports, header, payload, &mut self.ledger, &mut self.writer);
        entered.map_or(End::Fate(Fate::TcpControl), End::Entered)
    }

    /// An IP fragment: the whole datagram goes on where this one completes it.
    fn fragment(&mut self, packet: &mut Packet, fragment: &Fragment, parts: &mut u64) -> Stretch {
        let fate = if fragment.cut {
            self.cut_fragment(packet, fragment)
        } else {
            match self.fragments.add(packet, fragment, &mut self.ledger) {
                Added::Fate(fate) => fate,
                Added::Whole(protocol, octets, waiting) => {
                    *parts += waiting;
                    return Stretch::Whole(protocol, octets);
                }
            }
        };
        Stretch::End(End::Fate(fate))
    }

    fn cut_fragment(&mut self, packet: &mut Packet, fragment: &Fragment) -> Fate {
        if fragment.offset == 0 && self.question_of(packet, fragment.protocol, fragment.data) {
            return Fate::Message;
        }
        packet.short(Fate::MalformedIp)
    }

    /// A row for the first fragment of a datagram whose rest is missing, if it is UDP on a DNS port.
    fn question_of(&mut self, packet: &mut Packet, protocol: u8, data: &[u8]) -> bool {
        let Some((header, rest)) = data.split_first_chunk::<8>().filter(|(_, rest)| rest.len() >= DNS_HEADER) else {
            return false;
        };
        let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        if protocol != UDP || !self.options.ports.either(word(0), word(2)) {
            return false;
        }
        (packet.src_port, packet.dst_port) = (word(0), word(2));
        if !self.writer.has_question(rest, usize::from(word(4)).saturating_sub(8)) {
            return false;
        }
        packet.first_fragment = true;
        self.datagram(packet, rest, word(4)) == Fate::Message
    }

    /// Groups that were given up: their frames stay counted as missing, but for a first fragment with a question.
    #[inline]
    fn first_fragments(&mut self) {
        if !self.fragments.any_ended() {
            return;
        }
        for (mut packet, protocol, data) in self.fragments.take_ended() {
            if self.question_of(&mut packet, protocol, &data) {
                self.ledger.shift(Fate::FragmentMissing, Fate::Message, 1);
            }
        }
    }

    /// An ICMP error: a row if it quotes a packet from or to a DNS port.
    fn quote(&mut self, packet: &Packet, (version, kind, code): (u8, u8, u8), quoted: &[u8]) -> Fate {
        let Some((src, dst, protocol @ (UDP | TCP), data)) = net::quoted(quoted) else {
            return Fate::Other;
        };
        let Some(ports) = data.first_chunk::<4>() else {
            return Fate::Other;
        };
        let src_port = u16::from_be_bytes([ports[0], ports[1]]);
        let dst_port = u16::from_be_bytes([ports[2], ports[3]]);
        if !self.options.ports.either(src_port, dst_port) {
            return Fate::Other;
        }
        let mut address = |packed| self.writer.address(packed, &mut self.ledger);
        let row = Quote {
            frame: packet.frame,
            file: packet.file,
            interface: packet.interface,
            time_ns: packet.time_ns,
            sender: address(&packet.src),
            receiver: address(&packet.dst),
            version,
            icmp_type: kind,
            icmp_code: code,
            src_addr: address(&src),
            dst_addr: address(&dst),
            src_port,
            dst_port,
            transport: u8::from(protocol == TCP),
            ..Quote::default()
        };
        let wire = data.get(8..).filter(|wire| protocol == UDP && wire.len() >= DNS_HEADER);
        self.writer.quote(row, wire, &mut self.ledger);
        Fate::IcmpQuote
    }

    /// Ends fragments, connections and the last batch.
    pub fn finish(&mut self) {
        self.fragments.finish(&mut self.ledger);
        self.first_fragments();
        self.connections.finish(&mut self.ledger, &mut self.writer);
        self.writer.finish();
    }
}
