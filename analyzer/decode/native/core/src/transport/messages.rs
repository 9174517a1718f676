//! Messages out of the octets of a TCP stream.

use std::sync::Arc;

use super::plausible::plausible;
use super::stream::{Found, MESSAGE, PART, Piece, SHORT, Segment, Stream};
use crate::ledger::{Ledger, Note};
use crate::table::batch::anomaly;

const DNS_HEADER: usize = 12;

/// What was taken from the front of a stream.
struct Taken {
    octets: Vec<u8>,
    segments: Vec<Arc<Segment>>,
    last: Option<Arc<Segment>>,
}

impl Stream {
    /// All messages that are whole.
    pub(super) fn extract(&mut self, ledger: &mut Ledger) {
        while !self.held.is_empty() && (if self.synchronised { self.message(ledger) } else { self.find(ledger) }) {}
    }

    /// Consumes `count` octets; holes give zeros.
    fn take(&mut self, mut count: usize) -> Taken {
        self.base = self.base.wrapping_add(count as u32);
        self.held_octets -= count;
        let mut taken = Taken { octets: Vec::with_capacity(count), segments: Vec::new(), last: None };
        while count > 0 {
            let Some(piece) = self.held.front_mut() else {
                break;
            };
            let used = count.min(piece.length);
            if piece.hole {
                taken.octets.resize(taken.octets.len() + used, 0);
            } else {
                taken.octets.extend_from_slice(&piece.octets()[..used]);
            }
            taken.segments.push(Arc::clone(&piece.segment));
            taken.last.clone_from(&piece.latest);
            count -= used;
            piece.seq = piece.seq.wrapping_add(used as u32);
            piece.from += used;
            piece.length -= used;
            if piece.length == 0 {
                self.held.pop_front();
            }
        }
        taken
    }

    /// Octets that belong to no message.
    fn lose(&mut self, count: usize, ledger: &mut Ledger) {
        ledger.note(Note::TcpDroppedOctets, count as u64);
        self.take(count);
    }

    fn gap_at(&mut self, count: usize, ledger: &mut Ledger) {
        self.lose(count, ledger);
        self.synchronised = false;
        self.gaps += 1;
    }

    /// Where the holes are, counted from `base`.
    fn holes(&self) -> Vec<(usize, usize)> {
        let mut at = 0;
        let place = |piece: &Piece| {
            at += piece.length;
            piece.hole.then_some((at - piece.length, at))
        };
        self.held.iter().filter_map(place).collect()
    }

    /// One message at `base`; false where it is not whole yet.
    fn message(&mut self, ledger: &mut Ledger) -> bool {
        if self.held_octets < 2 {
            return false;
        }
        let (mut at, mut prefix) = (0, [0; 2]);
        for piece in &self.held {
            if at >= 2 {
                break;
            }
            if piece.hole {
                self.gap_at(at + piece.length, ledger);
                return true;
            }
            for octet in piece.octets().iter().take(2 - at) {
                prefix[at] = *octet;
                at += 1;
            }
        }
        let size = u16::from_be_bytes(prefix);
        let whole = 2 + usize::from(size);
        if self.held_octets < whole {
            return false;
        }
        let holes = self.holes();
        let captured = holes.first().map_or(whole, |hole| hole.0.min(whole));
        let seq = self.base;
        let taken = self.take(whole);
        self.emit(taken, seq, captured, size, ledger);
        for (low, high) in holes {
            if low < whole && whole < high {
                self.gap_at(high - whole, ledger);
            }
        }
        true
    }

    fn emit(&mut self, taken: Taken, seq: u32, captured: usize, size: u16, ledger: &mut Ledger) {
        if size == 0 {
            ledger.note(Note::ZeroLengthMessages, 1);
        }
        let good = captured >= 2 + DNS_HEADER;
        for segment in &taken.segments {
            segment.raise(if good { PART } else { SHORT }, ledger);
        }
        let (true, Some(segment)) = (good, taken.last) else {
            return;
        };
        let mut anomalies = 0;
        if std::mem::take(&mut self.resynchronised) {
            anomalies |= anomaly::RESYNCHRONISED;
        }
        if std::mem::take(&mut self.conflict) {
            anomalies |= anomaly::CONFLICTING_OVERLAP;
        }
        if captured < 2 + usize::from(size) {
            anomalies |= anomaly::CUT;
        }
        segment.raise(MESSAGE, ledger);
        let wire = taken.octets[2..captured].to_vec();
        self.found.push(Found { segment, seq, wire, size, anomalies });
    }

    /// Looks for a plausible message; false where nothing (more) is to be had from the octets held.
    fn find(&mut self, ledger: &mut Ledger) -> bool {
        let holes = self.holes();
        let mut octets = Vec::with_capacity(self.held_octets);
        for piece in &self.held {
            octets.extend_from_slice(piece.octets());
            octets.resize(octets.len() + if piece.hole { piece.length } else { 0 }, 0);
        }
        let (mut at, mut ahead) = (0, holes.iter().peekable());
        while at < octets.len() {
            let stop = match ahead.peek() {
                Some((low, high)) if *low <= at => {
                    at = *high;
                    ahead.next();
                    continue;
                }
                Some((low, _)) => *low,
                None => octets.len(),
            };
            match plausible(&octets[at..stop]) {
                Some(true) => {
                    self.lose(at, ledger);
                    (self.synchronised, self.resynchronised) = (true, true);
                    return true;
                }
                None if stop == octets.len() => {
                    self.lose(at, ledger);
                    self.resynchronised = false;
                    return false;
                }
                _ => at += 1,
            }
        }
        self.lose(at, ledger);
        false
    }
}
