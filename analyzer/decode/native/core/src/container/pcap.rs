//! pcap: a header of 24 octets, then records.

use super::{About, MAX_RECORD, Record, Surroundings, Unit};
use crate::interfaces::Interface;
use crate::wire::Order;

/// A pcap file.
#[derive(Debug)]
pub struct Pcap {
    order: Order,
    resolution: i64,
    header: usize,
    minor: u16,
    linktype: u32,
    interface: Option<u32>,
}

impl Pcap {
    /// The reader for a file with this magic number, if it is one.
    pub fn new(start: [u8; 4], about: &mut About) -> Option<Self> {
        let magics = [(Order::Little, u32::from_le_bytes(start)), (Order::Big, u32::from_be_bytes(start))];
        let (order, format, resolution, header) = magics.into_iter().find_map(|(order, magic)| match magic {
            0xa1b2_c3d4 => Some((order, "pcap", 1_000, 16)),
            0xa1b2_3c4d => Some((order, "pcap", 1, 16)),
            // Alexey Kuznetzov's, with ifindex, protocol and packet type.
            0xa1b2_cd34 => Some((order, "pcap-modified", 1_000, 24)),
            _ => None,
        })?;
        about.format = format;
        about.byte_order = order.word();
        about.resolution_ns = resolution as u64;
        Some(Self { order, resolution, header, minor: 4, linktype: 0, interface: None })
    }

    pub fn known(&self) -> bool {
        self.interface.is_some()
    }

    /// What stands at the beginning of `data`.
    #[inline]
    pub fn next<'a>(&mut self, data: &'a [u8], around: &mut Surroundings) -> Unit<'a> {
        if self.interface.is_none() {
            return self.begin(data, around);
        }
        let Some(header) = data.first_chunk::<16>() else {
            return Unit::Need(self.header);
        };
        let word = |at: usize| self.order.of([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (seconds, fraction, captured, length) = (word(0), word(4), word(8), word(12));
        // libpcap: before 2.3 the lengths stood the other way round; in 2.3 in some writers.
        let swapped = self.minor < 3 || self.minor == 3 && captured > length;
        let (captured, length) = if swapped { (length, captured) } else { (captured, length) };
        if data.len() < self.header {
            return Unit::Need(self.header);
        }
        if captured as usize > MAX_RECORD {
            return around.about.bad_length();
        }
        let size = self.header + captured as usize;
        let Some(octets) = data.get(self.header..size) else {
            return Unit::Need(size);
        };
        let record = Record {
            linktype: self.linktype,
            interface: self.interface,
            time_ns: i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * self.resolution,
            data: octets,
            length,
        };
        Unit::Frame(record, size)
    }

    fn begin(&mut self, data: &[u8], around: &mut Surroundings) -> Unit<'static> {
        let (Some(minor), Some(snaplen), Some(link)) =
            (self.order.u16(data, 6), self.order.u32(data, 16), self.order.u32(data, 20))
        else {
            return Unit::Need(24);
        };
        self.minor = minor;
        self.linktype = link & 0xffff; // above: FCS length, flags
        around.about.link(self.linktype);
        let interface = Interface { file: around.about.file, linktype: self.linktype, snaplen, ..Interface::default() };
        self.interface = around.interfaces.declare(interface).or(Some(around.interfaces.last()));
        Unit::Skip(24)
    }
}
