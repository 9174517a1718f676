//! pcapng: blocks; the byte order is that of the section.

use super::{MAX_RECORD, NotACapture, Record, Surroundings, Unit};
use crate::interfaces::Interface;
use crate::wire::Order;

const MAX_BLOCK: usize = 16 << 20;
const SECTION: u32 = 0x0a0d_0d0a;
const SECTION_MAGIC: u32 = 0x1a2b_3c4d;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const STATISTICS: u32 = 5;
const PACKET: u32 = 6;

/// An interface of the current section.
#[derive(Debug, Clone, Copy)]
struct Declared {
    id: Option<u32>,
    linktype: u32,
    snaplen: u32,
    resolution: u8,
    offset: i64,
}

/// A pcapng file.
#[derive(Debug)]
pub struct Pcapng {
    order: Order,
    section: Vec<Declared>,
    previous_ns: i64,
    known: bool,
}

impl Default for Pcapng {
    fn default() -> Self {
        Self { order: Order::Little, section: Vec::new(), previous_ns: 0, known: false }
    }
}

impl Pcapng {
    pub fn known(&self) -> bool {
        self.known
    }

    /// Whether a packet of some kind begins there.
    pub fn at_packet(&self, data: &[u8]) -> bool {
        matches!(self.order.u32(data, 0), Some(PACKET | SIMPLE_PACKET | OLD_PACKET))
    }

    /// What stands at the beginning of `data`.
    ///
    /// # Errors
    /// When the first section header is none.
    pub fn next<'a>(&mut self, data: &'a [u8], around: &mut Surroundings) -> Result<Unit<'a>, NotACapture> {
        let Some(magic) = data.get(8..12) else {
            return Ok(Unit::Need(12));
        };
        if data.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) {
            self.order = match [Order::Little, Order::Big].into_iter().find(|o| o.u32(magic, 0) == Some(SECTION_MAGIC))
            {
                Some(order) => order,
                None if self.known => {
                    around.about.damage = format!("bad section header after frame {}", around.about.frames);
                    return Ok(Unit::Damaged);
                }
                None => return Err(NotACapture("the pcapng section header has no byte-order magic".into())),
            };
        }
        let kind = self.order.u32(data, 0).unwrap_or(0);
        let size = self.order.u32(data, 4).unwrap_or(0) as usize;
        if !(12..=MAX_BLOCK).contains(&size) || !size.is_multiple_of(4) || (kind == SECTION && size < 28) {
            return self.bad_block(around);
        }
        let Some(block) = data.get(..size) else {
            return Ok(Unit::Need(size));
        };
        if self.order.u32(block, size - 4) != Some(size as u32) {
            return self.bad_block(around);
        }
        Ok(self.block(kind, &block[8..size - 4], size, around))
    }

    fn bad_block(&self, around: &mut Surroundings) -> Result<Unit<'static>, NotACapture> {
        if !self.known {
            return Err(NotACapture("the pcapng section header is damaged".into()));
        }
        around.about.damage = format!("bad block after frame {}", around.about.frames);
        Ok(Unit::Damaged)
    }

    fn block<'a>(&mut self, kind: u32, body: &'a [u8], size: usize, around: &mut Surroundings) -> Unit<'a> {
        let record = match kind {
            SECTION => {
                self.begin_section(body, around);
                return Unit::Skip(size);
            }
            INTERFACE => {
                self.declare(body, around);
                return Unit::Skip(size);
            }
            STATISTICS => {
                self.statistics(body, around);
                return Unit::Skip(size);
            }
            PACKET | OLD_PACKET => self.packet(kind, body),
            SIMPLE_PACKET => self.simple(body),
            _ => return Unit::Skip(size),
        };
        record.map_or_else(|| around.about.bad_length(), |record| Unit::Frame(record, size))
    }

    fn options<'a>(&self, mut data: &'a [u8]) -> impl Iterator<Item = (u16, &'a [u8])> {
        let order = self.order;
        std::iter::from_fn(move || {
            let (code, length) = (order.u16(data, 0)?, usize::from(order.u16(data, 2)?));
            let value = data.get(4..4 + length).filter(|_| code != 0)?;
            data = data.get(4 + length.next_multiple_of(4)..).unwrap_or(&[]);
            Some((code, value))
        })
    }

    fn begin_section(&mut self, body: &[u8], around: &mut Surroundings) {
        self.section.clear();
        if !self.known {
            around.about.byte_order = self.order.word();
            around.about.resolution_ns = 1_000;
            if let Some((_, value)) =
                self.options(&body[16..]).find(|(code, value)| *code == 4 && !text(value).is_empty())
            {
                around.about.application = text(value);
            }
        }
        self.known = true;
    }

    fn declare(&mut self, body: &[u8], around: &mut Surroundings) {
        let (Some(linktype), Some(snaplen)) = (self.order.u16(body, 0), self.order.u32(body, 4)) else {
            return;
        };
        let linktype = u32::from(linktype);
        let mut interface = Interface { file: around.about.file, linktype, snaplen, ..Interface::default() };
        let (mut resolution, mut offset) = (6, 0);
        for (code, value) in self.options(&body[8..]) {
            match (code, value) {
                (2, _) => interface.name = text(value),
                (3, _) => interface.description = text(value),
                (9, [exponent, ..]) => resolution = *exponent,
                (11, [0, filter @ ..]) => interface.filter = text(filter),
                (14, _) if value.len() == 8 => offset = self.order.u64(value, 0).unwrap_or(0) as i64,
                _ => {}
            }
        }
        let Some(id) = around.interfaces.declare(interface) else {
            return;
        };
        if around.about.linktypes.is_empty() {
            around.about.resolution_ns = (1_000_000_000 / units(resolution).max(1)).max(1) as u64;
        }
        around.about.link(linktype);
        self.section.push(Declared { id: Some(id), linktype, snaplen, resolution, offset });
    }

    fn statistics(&self, body: &[u8], around: &mut Surroundings) {
        let declared = self.order.u32(body, 0).and_then(|index| self.section.get(index as usize));
        let (Some(id), Some(options)) = (declared.and_then(|declared| declared.id), body.get(12..)) else {
            return;
        };
        for (code, value) in self.options(options).filter(|(_, value)| value.len() == 8) {
            let counter = match code {
                4 => "ifrecv",
                5 => "ifdrop",
                6 => "filteraccept",
                7 => "osdrop",
                8 => "usrdeliv",
                _ => continue,
            };
            around.interfaces.count(id, counter, self.order.u64(value, 0).unwrap_or(0));
        }
    }

    fn packet<'a>(&mut self, kind: u32, body: &'a [u8]) -> Option<Record<'a>> {
        let word = |at| self.order.u32(body, at);
        let (high, low, captured, length) = (word(4)?, word(8)?, word(12)? as usize, word(16)?);
        // In the obsolete block the interface's number has 16 bits, the other 16 count drops.
        let index = if kind == OLD_PACKET { u32::from(self.order.u16(body, 0)?) } else { word(0)? };
        let data = body.get(20..20 + captured).filter(|_| captured <= MAX_RECORD)?;
        Some(self.record(index, Some(u64::from(high) << 32 | u64::from(low)), data, length))
    }

    fn simple<'a>(&mut self, body: &'a [u8]) -> Option<Record<'a>> {
        let length = self.order.u32(body, 0)?;
        let mut captured = (length as usize).min(body.len() - 4);
        if let Some(first) = self.section.first().filter(|first| first.snaplen > 0) {
            captured = captured.min(first.snaplen as usize);
        }
        let data = body.get(4..4 + captured).filter(|_| captured <= MAX_RECORD)?;
        Some(self.record(0, None, data, length))
    }

    fn record<'a>(&mut self, index: u32, stamp: Option<u64>, data: &'a [u8], length: u32) -> Record<'a> {
        let unknown = Declared { id: None, linktype: 0, snaplen: 0, resolution: 6, offset: 0 };
        let declared = self.section.get(index as usize).copied().unwrap_or(unknown);
        if let Some(stamp) = stamp {
            self.previous_ns = declared.time_ns(stamp);
        }
        Record { linktype: declared.linktype, interface: declared.id, time_ns: self.previous_ns, data, length }
    }
}

impl Declared {
    /// Units of `if_tsresol` since 1970 to nanoseconds, floored, with `if_tsoffset`; clamped to 64 bits.
    #[inline]
    fn time_ns(&self, stamp: u64) -> i64 {
        let quick = i64::try_from(stamp).ok().and_then(|stamp| match (self.offset, self.resolution) {
            (0, 9) => Some(stamp),
            (0, 6) => stamp.checked_mul(1_000),
            _ => None,
        });
        if let Some(time) = quick {
            return time;
        }
        let time = i128::from(stamp) * 1_000_000_000 / units(self.resolution);
        let time = time + i128::from(self.offset) * 1_000_000_000;
        time.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }
}

/// Units in a second; where there are more than 128 bits can hold, every time is zero.
fn units(resolution: u8) -> i128 {
    let exponent = u32::from(resolution & 0x7f);
    let base: i128 = if resolution & 0x80 == 0 { 10 } else { 2 };
    base.checked_pow(exponent).unwrap_or(i128::MAX)
}

fn text(value: &[u8]) -> String {
    let end = value.iter().position(|octet| *octet == 0).unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).into_owned()
}
