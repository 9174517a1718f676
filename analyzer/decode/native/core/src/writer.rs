//! Rows of the batch that is being filled, the dictionaries behind their ids, and the batches that are done.

use crate::dns::message::{Found, read};
use crate::dns::name::Name;
use crate::dns::record::{OPT, Record, TSIG};
use crate::hash::hash64;
use crate::ledger::{Ledger, Note};
use crate::options::Options;
use crate::packet::Packet;
use crate::table::addresses::{Addresses, Packed};
use crate::table::batch::{Answer, Batch, Connection, Message, Quote, anomaly, present};
use crate::table::names::Names;
use crate::table::room::Room;

const MAX_WIRE: usize = 64 << 20;

#[derive(Debug)]
pub struct Writer {
    batch: Batch,
    room: Room,
    names: Names,
    addresses: Addresses,
    found: Found,
    done: Vec<Batch>,
    batch_rows: usize,
    answers: bool,
}

impl Writer {
    pub fn new(options: &Options) -> Self {
        Self {
            batch: Batch::default(),
            room: Room::default(),
            names: Names::new(options.max_names),
            addresses: Addresses::new(options.max_addresses),
            found: Found { keep_records: options.answers, ..Found::default() },
            done: Vec::new(),
            batch_rows: options.batch_rows,
            answers: options.answers,
        }
    }

    /// The id of an address.
    #[inline]
    pub fn address(&mut self, packed: &Packed, ledger: &mut Ledger) -> u32 {
        let (id, capped) = self.addresses.id(packed);
        if capped {
            ledger.note(Note::CappedAddresses, 1);
        }
        id
    }

    fn name(&mut self, which: fn(&Found) -> &Name, ledger: &mut Ledger) -> u32 {
        let name = which(&self.found);
        let (id, capped) = self.names.id(name, hash64(name.lower()));
        if capped {
            ledger.note(Note::CappedNames, 1);
        }
        id
    }

    /// One message; `row` comes with the columns of its transport.
    #[inline]
    pub fn message(&mut self, packet: &Packet, mut row: Message, wire: &[u8], partial: bool, ledger: &mut Ledger) {
        let size = row.size as usize;
        read(&mut row, &mut self.found, wire, size, partial);
        row.qname_hash = hash64(self.found.qname.lower());
        // The tables are asked for the name well before the answer is needed: the waits on memory overlap with other work.
        std::hint::black_box(self.names.touch(row.qname_hash));
        row.frame = packet.frame;
        row.file = packet.file;
        row.interface = packet.interface;
        row.time_ns = packet.time_ns;
        (row.src_port, row.dst_port) = (packet.src_port, packet.dst_port);
        row.ip_ttl = packet.ip_ttl;
        row.ip_hash = packet.ip_hash;
        row.payload_hash = hash64(wire);
        std::hint::black_box(self.names.touch_form(row.qname_hash));
        self.around(&mut row, packet, ledger);
        self.names_of(&mut row, ledger);
        self.batch.messages.push(&row, &self.room);
        if self.answers {
            self.records(wire, ledger);
        }
        self.end_if(self.batch.messages.len());
    }

    /// Whether the question of the first fragment of a message can be read whole.
    pub fn has_question(&mut self, wire: &[u8], size: usize) -> bool {
        let mut row = Message::default();
        read(&mut row, &mut self.found, wire, size, true);
        row.present & present::QUESTION != 0
    }

    #[inline]
    fn names_of(&mut self, row: &mut Message, ledger: &mut Ledger) {
        if row.present & present::QUESTION != 0 {
            let qname = &self.found.qname;
            row.case_hash = if qname.mixed() { hash64(qname.sent()) } else { row.qname_hash } as u32;
            let (id, capped) = self.names.id(&self.found.qname, row.qname_hash);
            row.qname = id;
            if capped {
                row.anomalies |= anomaly::CAPPED_NAME;
                ledger.note(Note::CappedNames, 1);
            }
        } else {
            row.qname_hash = 0;
        }
        if row.present & present::CNAME != 0 {
            row.answer_cname = self.name(|found| &found.cname, ledger);
        }
        if row.present & present::NS != 0 {
            row.ns_owner = self.name(|found| &found.ns, ledger);
        }
        if row.present & present::SOA != 0 {
            row.soa_owner = self.name(|found| &found.soa, ledger);
        }
    }

    /// What surrounds the message: addresses, IPv4 identification, cooked direction, tunnels.
    #[inline]
    fn around(&mut self, row: &mut Message, packet: &Packet, ledger: &mut Ledger) {
        row.src_addr = self.address(&packet.src, ledger);
        row.dst_addr = self.address(&packet.dst, ledger);
        if let Some(ident) = packet.ip_id {
            row.ip_id = ident;
            row.present |= present::IP_ID;
        }
        if let Some(direction) = packet.direction {
            row.direction = direction;
            row.present |= present::DIRECTION;
        }
        if let Some(vni) = packet.vni {
            row.vni = vni;
            row.present |= present::VNI;
        }
        if let Some((src, dst)) = packet.outer {
            row.outer_src = self.address(&src, ledger);
            row.outer_dst = self.address(&dst, ledger);
            row.encap = packet.encap as u8;
            row.present |= present::OUTER;
        }
        if row.present & present::ADDRESS != 0 {
            let address = self.found.address;
            row.answer_addr = self.address(&address, ledger);
        }
    }

    fn records(&mut self, wire: &[u8], ledger: &mut Ledger) {
        let at = self.batch.wire.len();
        let records = std::mem::take(&mut self.found.records);
        for record in records.iter().filter(|record| !matches!(record.rtype, OPT | TSIG)) {
            if self.found.spare.read(wire, record.owner, wire.len(), &mut 0).is_err() {
                continue;
            }
            let owner = self.name(|found| &found.spare, ledger);
            let answer = self.answer(record, owner, at, wire.len());
            self.batch.answers.push(&answer, &self.room);
            if self.batch.wire.len() == at {
                self.batch.wire.extend_from_slice(wire);
            }
        }
        self.found.records = records;
    }

    fn answer(&self, record: &Record, owner: u32, at: usize, length: usize) -> Answer {
        Answer {
            row: self.batch.messages.len() as u32 - 1,
            section: record.section,
            owner,
            rtype: record.rtype,
            rclass: record.rclass,
            ttl: record.ttl,
            message_at: at as u32,
            message_len: length as u32,
            rdata_at: record.rdata as u32,
            rdata_len: record.length,
        }
    }

    /// One quote; `wire` is the quoted message, where its header is there.
    pub fn quote(&mut self, mut row: Quote, wire: Option<&[u8]>, ledger: &mut Ledger) {
        if let Some(wire) = wire {
            let mut quoted = Message::default();
            self.found.keep_records = false;
            read(&mut quoted, &mut self.found, wire, wire.len(), true);
            self.found.keep_records = self.answers;
            (row.msg_id, row.flags, row.has_header) = (quoted.msg_id, quoted.flags, 1);
            if quoted.present & present::QUESTION != 0 {
                row.qname = self.name(|found| &found.qname, ledger);
                row.qname_hash = hash64(self.found.qname.lower());
                (row.qtype, row.qclass) = (quoted.qtype, quoted.qclass);
                row.present = present::QUESTION;
            }
        }
        self.batch.quotes.push(&row, &self.room);
        self.end_if(self.batch.quotes.len());
    }

    pub fn connection(&mut self, row: &Connection) {
        self.batch.connections.push(row, &self.room);
        self.end_if(self.batch.connections.len());
    }

    #[inline]
    fn end_if(&mut self, rows: usize) {
        if rows >= self.batch_rows || self.batch.wire.len() >= MAX_WIRE {
            self.end();
        }
    }

    fn end(&mut self) {
        let mut batch = std::mem::take(&mut self.batch);
        batch.settle(&self.room);
        batch.names = self.names.take_new();
        (batch.first_address, batch.addresses) = self.addresses.take_new();
        self.done.push(batch);
    }

    /// Ends the last batch, if there is anything in it.
    pub fn finish(&mut self) {
        let batch = &self.batch;
        let rows = !batch.messages.is_empty() || !batch.connections.is_empty() || !batch.quotes.is_empty();
        if rows || self.names.any_new() || self.addresses.any_new() {
            self.end();
        }
    }

    /// The batches that are done.
    pub fn take(&mut self) -> Vec<Batch> {
        std::mem::take(&mut self.done)
    }

    /// Where columns that nobody reads any more go back to.
    pub fn room(&self) -> &Room {
        &self.room
    }
}
