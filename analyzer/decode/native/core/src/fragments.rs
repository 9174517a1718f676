//! IP fragments: octets that overlap and disagree drop the datagram, in both families.

use std::collections::{BTreeMap, HashMap};

use crate::ledger::{Fate, Ledger, Note};
use crate::options::Options;
use crate::packet::{Fragment, Packet};
use crate::table::addresses::Packed;

const TIMEOUT_NS: i64 = 30_000_000_000;
/// What a piece costs beyond its octets, so that small ones are bounded too.
const OVERHEAD: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key(Packed, Packed, (u32, u8));

/// The first fragment of a datagram: its frame, the protocol and its octets.
pub type First = (Packet, u8, Vec<u8>);

#[derive(Debug, Default)]
struct Group {
    number: u64,
    since_ns: i64,
    /// Octets by offset, never overlapping.
    pieces: BTreeMap<usize, Vec<u8>>,
    dropped: bool,
    end: Option<usize>,
    octets: usize,
    /// Frames counted as missing for now.
    waiting: u64,
    first: Option<First>,
}

impl Group {
    fn held(&self) -> usize {
        self.octets + self.pieces.len() * OVERHEAD
    }
}

/// What a fragment came to.
#[derive(Debug)]
pub enum Added {
    /// The datagram is whole: its protocol, its octets, and how many frames waited for this one.
    Whole(u8, Vec<u8>, u64),
    Fate(Fate),
}

/// All groups, by key and by age.
#[derive(Debug)]
pub struct Fragments {
    groups: HashMap<Key, Group>,
    ages: BTreeMap<u64, Key>,
    made: u64,
    held: usize,
    most_groups: usize,
    most_octets: usize,
    ended: Vec<First>,
}

impl Fragments {
    pub fn new(options: &Options) -> Self {
        Self {
            groups: HashMap::new(),
            ages: BTreeMap::new(),
            made: 0,
            held: 0,
            most_groups: options.max_fragment_groups.max(1),
            most_octets: options.max_fragment_bytes,
            ended: Vec::new(),
        }
    }

    /// Takes in a fragment.
    pub fn add(&mut self, packet: &Packet, fragment: &Fragment, ledger: &mut Ledger) -> Added {
        let end = fragment.offset + fragment.data.len();
        if fragment.data.is_empty() || end > 65_535 || (fragment.more && !fragment.data.len().is_multiple_of(8)) {
            return Added::Fate(Fate::MalformedIp);
        }
        let key = Key(packet.src, packet.dst, fragment.ident);
        if !self.groups.contains_key(&key) {
            self.begin(key, packet.time_ns, ledger);
        }
        let Some(group) = self.groups.get_mut(&key).filter(|group| !group.dropped) else {
            return Added::Fate(Fate::FragmentOverlap);
        };
        let before = group.held();
        if !place(group, fragment) {
            self.held -= before;
            ledger.shift(Fate::FragmentMissing, Fate::FragmentOverlap, group.waiting);
            let (number, since_ns) = (group.number, group.since_ns);
            *group = Group { number, since_ns, dropped: true, ..Group::default() };
            return Added::Fate(Fate::FragmentOverlap);
        }
        self.held += group.held() - before;
        if fragment.offset == 0 && group.first.is_none() {
            group.first = Some((*packet, fragment.protocol, fragment.data.to_vec()));
        }
        if !fragment.more {
            group.end = Some(end);
        }
        if group.end != Some(group.octets) {
            group.waiting += 1;
            return Added::Fate(Fate::FragmentMissing);
        }
        let group = self.remove(key);
        let protocol = group.first.as_ref().map_or(fragment.protocol, |first| first.1);
        Added::Whole(protocol, group.pieces.into_values().flatten().collect(), group.waiting)
    }

    fn begin(&mut self, key: Key, since_ns: i64, ledger: &mut Ledger) {
        while self.groups.len() >= self.most_groups {
            self.give_up(Some(Note::FragmentEvicted), ledger);
        }
        self.made += 1;
        self.ages.insert(self.made, key);
        self.groups.insert(key, Group { number: self.made, since_ns, ..Group::default() });
    }

    fn remove(&mut self, key: Key) -> Group {
        let group = self.groups.remove(&key).unwrap_or_default();
        self.ages.remove(&group.number);
        self.held -= group.held();
        group
    }

    /// Gives up the oldest group.
    fn give_up(&mut self, note: Option<Note>, ledger: &mut Ledger) {
        let Some(key) = self.ages.first_entry().map(|entry| *entry.get()) else {
            return;
        };
        let group = self.remove(key);
        if let (Some(note), false) = (note, group.dropped) {
            ledger.note(note, 1);
        }
        self.ended.extend(group.first);
    }

    /// Gives up, oldest first, what is over the bound.
    pub fn trim(&mut self, ledger: &mut Ledger) {
        while self.held > self.most_octets {
            self.give_up(Some(Note::FragmentEvicted), ledger);
        }
    }

    /// Gives up the oldest groups that began more than 30 s before.
    #[inline]
    pub fn expire(&mut self, now_ns: i64, ledger: &mut Ledger) {
        while let Some(key) = self.ages.first_entry().map(|entry| *entry.get()) {
            if now_ns.saturating_sub(self.groups[&key].since_ns) <= TIMEOUT_NS {
                return;
            }
            self.give_up(Some(Note::FragmentTimeout), ledger);
        }
    }

    /// Gives up everything, oldest first.
    pub fn finish(&mut self, ledger: &mut Ledger) {
        while !self.groups.is_empty() {
            self.give_up(None, ledger);
        }
    }

    /// Whether nothing is held, so that there is nothing to give up.
    #[inline]
    pub fn idle(&self) -> bool {
        self.ages.is_empty() && self.ended.is_empty()
    }

    #[inline]
    pub fn any_ended(&self) -> bool {
        !self.ended.is_empty()
    }

    /// First fragments of groups given up since the last call: they may still hold a question.
    pub fn take_ended(&mut self) -> Vec<First> {
        std::mem::take(&mut self.ended)
    }
}

/// Puts in what is new; false where octets or ends disagree.
fn place(group: &mut Group, fragment: &Fragment) -> bool {
    let (offset, end) = (fragment.offset, fragment.offset + fragment.data.len());
    let beyond = group.pieces.last_key_value().is_some_and(|(at, octets)| at + octets.len() > end);
    if !fragment.more && (group.end.is_some_and(|known| known != end) || beyond) {
        return false;
    }
    if group.end.is_some_and(|known| end > known) {
        return false;
    }
    let before = group.pieces.range(..offset).next_back();
    let (mut at, mut new) = (offset, Vec::new());
    for (&start, octets) in before.into_iter().chain(group.pieces.range(offset..end)) {
        let stop = start + octets.len();
        if stop <= at {
            continue;
        }
        if start > at {
            new.push((at, start));
        }
        let (low, high) = (start.max(offset), stop.min(end));
        if low < high && octets[low - start..high - start] != fragment.data[low - offset..high - offset] {
            return false;
        }
        at = stop;
    }
    if at < end {
        new.push((at, end));
    }
    for (low, high) in new {
        group.pieces.insert(low, fragment.data[low - offset..high - offset].to_vec());
        group.octets += high - low;
    }
    true
}
