//! One direction of a TCP connection that carries DNS: octets that came first count, and what never came is given up.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::ledger::{Fate, Ledger, Note};
use crate::packet::Packet;

/// What a piece costs beyond its octets, so that small ones are bounded too.
const OVERHEAD: usize = 128;
const MAX_JUMP: u32 = 1 << 20;
const MAX_LATER: usize = 65_536;

/// A difference of sequence numbers as a signed number.
fn signed(one: u32, other: u32) -> i64 {
    i64::from(one.wrapping_sub(other) as i32)
}

/// A frame with payload; its fate rises as its octets find their messages.
#[derive(Debug)]
pub struct Segment {
    pub packet: Packet,
    rank: AtomicU8,
}

const RANKS: [Fate; 4] = [Fate::TcpGap, Fate::DnsHeader, Fate::Part, Fate::Message];
pub const SHORT: u8 = 1;
pub const PART: u8 = 2;
pub const MESSAGE: u8 = 3;

impl Segment {
    /// Enters the frame as lost, for now.
    pub fn new(packet: Packet, ledger: &mut Ledger) -> Arc<Self> {
        ledger.enter(Fate::TcpGap);
        Arc::new(Self { packet, rank: AtomicU8::new(0) })
    }

    pub fn fate(&self) -> Fate {
        RANKS[usize::from(self.rank.load(Ordering::Relaxed)) & 3]
    }

    /// Moves the frame to a higher fate.
    pub fn raise(&self, rank: u8, ledger: &mut Ledger) {
        let before = self.rank.fetch_max(rank, Ordering::Relaxed);
        if rank > before {
            ledger.shift(RANKS[usize::from(before)], RANKS[usize::from(rank)], 1);
        }
    }
}

/// Octets of one segment; a hole is octets that were sent and not captured.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) seq: u32,
    pub(super) segment: Arc<Segment>,
    pub(super) data: Vec<u8>,
    /// How many octets of `data` were taken already.
    pub(super) from: usize,
    pub(super) length: usize,
    pub(super) hole: bool,
    /// The latest of all frames from the last start up to here.
    pub(super) latest: Option<Arc<Segment>>,
}

impl Piece {
    pub(super) fn octets(&self) -> &[u8] {
        self.data.get(self.from..).unwrap_or(&[])
    }
}

/// A message: where it began, its octets as captured and as claimed, and the frame that completed it.
#[derive(Debug)]
pub struct Found {
    pub segment: Arc<Segment>,
    pub seq: u32,
    pub wire: Vec<u8>,
    pub size: u16,
    pub anomalies: u64,
}

/// One direction: pieces in order from `base`, and those that wait for octets before them.
#[derive(Debug, Default)]
pub struct Stream {
    pub first: Option<u32>,
    pub(super) base: u32,
    pub(super) held: VecDeque<Piece>,
    pub(super) held_octets: usize,
    later: VecDeque<Piece>,
    later_octets: usize,
    pub(super) synchronised: bool,
    pub(super) resynchronised: bool,
    pub(super) conflict: bool,
    latest: Option<Arc<Segment>>,
    pub gaps: u32,
    pub octets: u64,
    pub found: Vec<Found>,
}

impl Stream {
    fn next(&self) -> u32 {
        self.base.wrapping_add(self.held_octets as u32)
    }

    /// What this direction counts towards the bound.
    pub fn waiting(&self) -> usize {
        self.held_octets + self.held.len() * OVERHEAD + self.later_cost()
    }

    fn later_cost(&self) -> usize {
        self.later_octets + self.later.len() * OVERHEAD
    }

    pub fn begin(&mut self, seq: u32, synchronised: bool) {
        self.first = Some(seq);
        self.base = seq;
        self.synchronised = synchronised;
    }

    /// A segment's payload, `missing` octets of which were not captured; false where it brought nothing new.
    pub fn add(&mut self, segment: &Arc<Segment>, seq: u32, data: &[u8], missing: usize, ledger: &mut Ledger) -> bool {
        if self.first.is_none() {
            self.begin(seq, false);
        }
        let ahead = signed(seq, self.next());
        if ahead.unsigned_abs() > u64::from(MAX_JUMP) {
            self.restart(seq, ledger);
        } else if ahead == -1 && data.len() == 1 && missing == 0 {
            return false;
        }
        let mut new = self.place(segment, seq, data, data.len(), false);
        new += self.place(segment, seq.wrapping_add(data.len() as u32), &[], missing, true);
        self.advance();
        self.extract(ledger);
        while self.later_cost() > MAX_LATER {
            self.give_up(ledger);
        }
        new > 0
    }

    fn restart(&mut self, seq: u32, ledger: &mut Ledger) {
        ledger.note(Note::TcpDroppedOctets, (self.held_octets + self.later_octets) as u64);
        self.held.clear();
        self.later.clear();
        (self.held_octets, self.later_octets) = (0, 0);
        self.latest = None;
        self.base = seq;
        self.synchronised = false;
        self.gaps += 1;
    }

    /// Keeps what is new, compares what is not; returns the number of new octets.
    fn place(&mut self, segment: &Arc<Segment>, seq: u32, data: &[u8], length: usize, hole: bool) -> usize {
        let (base, start) = (self.base, signed(seq, self.base));
        let end = start + length as i64;
        let (mut at, mut fresh) = (start.max(0), Vec::new());
        let skip = self.held.partition_point(|piece| signed(piece.seq, base) + piece.length as i64 <= at);
        for piece in self.held.iter().skip(skip).chain(&self.later) {
            if at >= end {
                break;
            }
            let low = signed(piece.seq, base);
            let high = low + piece.length as i64;
            if high <= at {
                continue;
            }
            if low > at {
                fresh.push((at, low.min(end)));
            }
            let (left, right) = (low.max(at), high.min(end));
            if !hole && !piece.hole && left < right {
                let ours = &data[(left - start) as usize..(right - start) as usize];
                self.conflict |= piece.octets()[(left - low) as usize..(right - low) as usize] != *ours;
            }
            at = at.max(high);
        }
        if at < end {
            fresh.push((at, end));
        }
        let mut new = 0;
        for (low, high) in fresh {
            let length = (high - low) as usize;
            let octets = data.get((low - start) as usize..(high - start) as usize).unwrap_or(&[]).to_vec();
            let piece = Piece {
                seq: base.wrapping_add(low as u32),
                segment: Arc::clone(segment),
                data: octets,
                from: 0,
                length,
                hole,
                latest: None,
            };
            let before = self.later.partition_point(|other| signed(other.seq, base) <= low);
            self.later.insert(before, piece);
            new += length;
        }
        self.later_octets += new;
        self.octets += if hole { 0 } else { new as u64 };
        new
    }

    /// Later pieces that now follow on.
    fn advance(&mut self) {
        while self.later.front().is_some_and(|piece| piece.seq == self.next()) {
            let Some(mut piece) = self.later.pop_front() else {
                return;
            };
            if self.latest.as_ref().is_none_or(|latest| piece.segment.packet.order > latest.packet.order) {
                self.latest = Some(Arc::clone(&piece.segment));
            }
            piece.latest.clone_from(&self.latest);
            self.later_octets -= piece.length;
            self.held_octets += piece.length;
            self.held.push_back(piece);
        }
    }

    /// What lies before the first later piece will not come: goes on there.
    pub fn give_up(&mut self, ledger: &mut Ledger) {
        let Some(base) = self.later.front().map(|piece| piece.seq) else {
            return;
        };
        self.drop_held(ledger);
        self.latest = None;
        self.base = base;
        self.synchronised = false;
        self.gaps += 1;
        self.advance();
        self.extract(ledger);
    }

    pub(super) fn drop_held(&mut self, ledger: &mut Ledger) {
        ledger.note(Note::TcpDroppedOctets, self.held_octets as u64);
        self.held.clear();
        self.held_octets = 0;
    }

    /// When the oldest of the later pieces came.
    pub fn oldest_later_ns(&self) -> Option<i64> {
        let oldest = self.later.iter().min_by_key(|piece| piece.segment.packet.order);
        oldest.map(|piece| piece.segment.packet.time_ns)
    }

    /// Gives up all gaps and drops what is left.
    pub fn end(&mut self, ledger: &mut Ledger) {
        while !self.later.is_empty() {
            self.give_up(ledger);
        }
        self.drop_held(ledger);
    }
}
