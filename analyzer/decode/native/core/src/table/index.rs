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

    /// Asks memory for the place where a hash is looked up first, so that the wait overlaps with other work.
    #[inline]
    pub fn touch(&self, hash: u64) -> u32 {
        self.slots[hash as usize & (self.slots.len() - 1)].1
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

/// Ids of 32-bit keys, kept beside them: one look at memory answers.
#[derive(Debug)]
pub struct Direct {
    slots: Vec<(u32, u32)>,
    used: usize,
    /// An odd number that no input can know.
    key: u64,
}

impl Default for Direct {
    fn default() -> Self {
        Self { slots: vec![(0, EMPTY); 1024], used: 0, key: RandomState::new().hash_one(0) | 1 }
    }
}

impl Direct {
    #[inline]
    fn start(&self, key: u32, mask: usize) -> usize {
        let product = u128::from(u64::from(key) + 0x9e37_79b9) * u128::from(self.key);
        ((product >> 64) as u64 ^ product as u64) as usize & mask
    }

    #[inline]
    pub fn find(&self, key: u32) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut at = self.start(key, mask);
        loop {
            match self.slots[at] {
                (_, EMPTY) => return None,
                (found, id) if found == key => return Some(id),
                _ => at = (at + 1) & mask,
            }
        }
    }

    pub fn insert(&mut self, key: u32, id: u32) {
        if self.used * 2 >= self.slots.len() {
            let slots = vec![(0, EMPTY); self.slots.len() * 2];
            self.used = 0;
            for (key, id) in std::mem::replace(&mut self.slots, slots) {
                if id != EMPTY {
                    self.place(key, id);
                }
            }
        }
        self.place(key, id);
    }

    fn place(&mut self, key: u32, id: u32) {
        let mask = self.slots.len() - 1;
        let mut at = self.start(key, mask);
        while self.slots[at].1 != EMPTY {
            at = (at + 1) & mask;
        }
        self.slots[at] = (key, id);
        self.used += 1;
    }
}
