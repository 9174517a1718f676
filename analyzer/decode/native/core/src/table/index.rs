//! A hash index from keys kept elsewhere to their ids: open addressing, the caller compares.

use std::hash::{BuildHasher, RandomState};

const EMPTY: u32 = u32::MAX;

/// Ids by hash. Hashes are keyed afresh in each process where the input chooses the keys, so that no input can pile them up;
/// ids never depend on it.
#[derive(Debug)]
pub struct Index {
    slots: Vec<(u32, u32)>,
    used: usize,
    state: RandomState,
}

impl Default for Index {
    fn default() -> Self {
        Self { slots: vec![(0, EMPTY); 1024], used: 0, state: RandomState::new() }
    }
}

impl Index {
    /// A keyed hash of some octets under a number.
    pub fn hash(&self, number: u32, octets: &[u8]) -> u64 {
        self.state.hash_one((number, octets))
    }

    /// The id under `hash` for which `same` holds, looking at no more than `limit` candidates.
    #[inline]
    pub fn find(&self, hash: u64, limit: usize, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let tag = (hash >> 32) as u32;
        let mut at = hash as usize & mask;
        for _ in 0..limit {
            let (found, id) = self.slots[at];
            if id == EMPTY {
                return None;
            }
            if found == tag && same(id) {
                return Some(id);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Enters an id; gives up, and says so, when `limit` places are taken.
    pub fn insert(&mut self, hash: u64, id: u32, limit: usize, rehash: impl Fn(&Self, u32) -> u64) -> bool {
        if self.used * 2 >= self.slots.len() {
            self.grow(rehash);
        }
        let taken = Self::place(&mut self.slots, hash, id, limit);
        self.used += usize::from(taken);
        taken
    }

    fn place(slots: &mut [(u32, u32)], hash: u64, id: u32, limit: usize) -> bool {
        let mask = slots.len() - 1;
        let mut at = hash as usize & mask;
        for _ in 0..limit {
            if slots[at].1 == EMPTY {
                slots[at] = ((hash >> 32) as u32, id);
                return true;
            }
            at = (at + 1) & mask;
        }
        false
    }

    fn grow(&mut self, rehash: impl Fn(&Self, u32) -> u64) {
        let mut slots = vec![(0, EMPTY); self.slots.len() * 2];
        let mut used = 0;
        for &(_, id) in self.slots.iter().filter(|(_, id)| *id != EMPTY) {
            used += usize::from(Self::place(&mut slots, rehash(self, id), id, usize::MAX));
        }
        self.slots = slots;
        self.used = used;
    }
}
