//! One DNS message to the columns of its row.

use super::edns;
use super::name::{Name, Unreadable, skip};
use super::record::{A, AAAA, CNAME, IN, NS, OPT, Record, SOA, TSIG};
use crate::table::addresses::{Packed, pack};
use crate::table::batch::{Message, anomaly, present};

const DSO: u16 = 6;

/// Nothing further in the message can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    anomaly: u64,
    /// Whether it only says that the octets end, which the capture may be to blame for.
    short: bool,
}

impl Stop {
    pub const SHORT_QUESTION: Self = Self { anomaly: anomaly::SHORT_QUESTION, short: true };
    pub const SHORT_RECORD: Self = Self { anomaly: anomaly::SHORT_RECORD, short: true };

    pub fn record(why: Unreadable) -> Self {
        match why {
            Unreadable::Short => Self::SHORT_RECORD,
            Unreadable::Bad(anomaly) => Self { anomaly, short: false },
        }
    }

    fn question(why: Unreadable) -> Self {
        match why {
            Unreadable::Short => Self::SHORT_QUESTION,
            Unreadable::Bad(anomaly) => Self { anomaly, short: false },
        }
    }
}

/// What a message holds beyond plain columns; its room is used again for the next one.
#[derive(Debug, Default)]
pub struct Found {
    pub qname: Name,
    pub cname: Name,
    pub ns: Name,
    pub soa: Name,
    pub spare: Name,
    pub address: Packed,
    /// All records read whole, where they are wanted.
    pub records: Vec<Record>,
    pub keep_records: bool,
    pub seen: u8,
}

struct Reading<'a> {
    row: &'a mut Message,
    found: &'a mut Found,
    wire: &'a [u8],
    size: usize,
    partial: bool,
}

/// Reads a message of at least 12 octets; `size` octets were sent, `partial` where the capture lacks some of them.
#[inline]
pub fn read(row: &mut Message, found: &mut Found, wire: &[u8], size: usize, partial: bool) {
    found.records.clear();
    found.seen = 0;
    let size = if partial { size.max(wire.len()) } else { wire.len() };
    Reading { row, found, wire, size, partial }.message();
}

impl Reading<'_> {
    fn message(&mut self) {
        let header = self.wire.first_chunk::<12>().unwrap_or(&[0; 12]);
        let word = |at| u16::from_be_bytes([header[at], header[at + 1]]);
        let row = &mut *self.row;
        (row.msg_id, row.flags) = (word(0), word(2));
        (row.qdcount, row.ancount, row.nscount, row.arcount) = (word(4), word(6), word(8), word(10));
        let opcode = row.flags >> 11 & 15;
        if row.flags & 0x0040 != 0 {
            row.anomalies |= anomaly::RESERVED_BIT;
        }
        if opcode == 3 || opcode > 6 {
            row.anomalies |= anomaly::UNASSIGNED_OPCODE;
        }
        if row.qdcount == 0 && opcode != DSO {
            row.anomalies |= anomaly::NO_QUESTION;
        }
        if row.qdcount > 1 {
            row.anomalies |= anomaly::MULTI_QUESTION;
        }
        match self.sections() {
            Err(stop) if stop.short && self.partial => {}
            Err(stop) => self.row.anomalies |= stop.anomaly,
            Ok(end) if end < self.wire.len() && !self.partial && opcode != DSO => {
                self.row.anomalies |= anomaly::TRAILING_BYTES;
            }
            Ok(_) => {}
        }
    }

    #[inline]
    fn sections(&mut self) -> Result<usize, Stop> {
        let mut at = self.questions()?;
        for (section, count) in [(1, self.row.ancount), (2, self.row.nscount), (3, self.row.arcount)] {
            for _ in 0..count {
                at = self.record(at, section)?;
            }
        }
        Ok(at)
    }

    #[inline]
    fn questions(&mut self) -> Result<usize, Stop> {
        let mut at = 12;
        for index in 0..self.row.qdcount {
            at = if index == 0 {
                let (row, qname) = (&mut *self.row, &mut self.found.qname);
                qname.read(self.wire, at, self.size, &mut row.anomalies).map_err(Stop::question)?
            } else {
                skip(self.wire, at).map_err(Stop::question)?
            };
            let fixed = self.wire.get(at..).and_then(<[u8]>::first_chunk::<4>).ok_or(Stop::SHORT_QUESTION)?;
            let (qtype, qclass) = (u16::from_be_bytes([fixed[0], fixed[1]]), u16::from_be_bytes([fixed[2], fixed[3]]));
            if index == 0 {
                (self.row.qtype, self.row.qclass) = (qtype, qclass);
                self.row.present |= present::QUESTION;
            }
            at += 4;
        }
        Ok(at)
    }

    #[inline]
    fn record(&mut self, owner: usize, section: u8) -> Result<usize, Stop> {
        let record = Record::read(self.wire, owner, section)?;
        if self.found.keep_records {
            self.found.records.push(record);
        }
        if record.rtype == OPT {
            edns::opt(self.row, self.wire, &record);
            return Ok(record.end());
        }
        if !record.fits(self.wire) {
            self.row.anomalies |= anomaly::BAD_RDATA;
        }
        match section {
            1 => self.answer(&record),
            2 => self.authority(&record),
            _ => {}
        }
        if record.rtype == TSIG {
            self.row.present |= present::TSIG;
        }
        if record.is_sig0(self.wire) {
            self.row.present |= present::SIG0;
        }
        Ok(record.end())
    }

    /// Whether this is the first time that a kind of record is seen.
    fn first(&mut self, bit: u8) -> bool {
        let first = self.found.seen & bit == 0;
        self.found.seen |= bit;
        first
    }

    fn named(&mut self, at: usize, which: fn(&mut Found) -> &mut Name) -> bool {
        let name = which(self.found);
        match name.read(self.wire, at, self.size, &mut self.row.anomalies) {
            Ok(_) => true,
            Err(Unreadable::Short) => {
                if !self.partial {
                    self.row.anomalies |= anomaly::SHORT_RECORD;
                }
                false
            }
            Err(Unreadable::Bad(anomaly)) => {
                self.row.anomalies |= anomaly;
                false
            }
        }
    }

    /// Least TTL, records of the asked type, first address, first alias.
    fn answer(&mut self, record: &Record) {
        let row = &mut *self.row;
        let ttl = if record.ttl >> 31 == 1 { 0 } else { record.ttl };
        row.answer_ttl = if row.present & present::ANSWER == 0 { ttl } else { row.answer_ttl.min(ttl) };
        row.present |= present::ANSWER;
        let wanted = matches!(row.qtype, 251 | 252 | 255) || row.qtype == record.rtype;
        if row.present & present::QUESTION != 0 && wanted {
            row.answer_matches = row.answer_matches.saturating_add(1);
        }
        let is_address = matches!((record.rtype, record.length), (A, 4) | (AAAA, 16)) && record.rclass == IN;
        if is_address && row.present & present::ADDRESS == 0 {
            self.found.address = pack(&self.wire[record.rdata..record.end()]);
            row.present |= present::ADDRESS;
        }
        if record.rtype == CNAME && self.first(1) && self.named(record.rdata, |found| &mut found.cname) {
            self.row.present |= present::CNAME;
        }
    }

    /// The SOA of a negative answer; the owner of a referral's NS.
    fn authority(&mut self, record: &Record) {
        if record.rtype == NS && self.first(2) && self.named(record.owner, |found| &mut found.ns) {
            self.row.present |= present::NS;
        }
        if record.rtype == SOA && self.first(4) {
            let minimum = record.soa_minimum(self.wire);
            if let (true, Some(minimum)) = (self.named(record.owner, |found| &mut found.soa), minimum) {
                self.row.soa_ttl = record.ttl;
                self.row.soa_minimum = minimum;
                self.row.present |= present::SOA;
            }
        }
    }
}
