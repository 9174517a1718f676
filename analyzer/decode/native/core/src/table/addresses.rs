//! Addresses by id.

use std::hash::{BuildHasher, RandomState};

use super::index::Index;

/// An address as the table keeps it: 4 or 6, then the address, IPv4 in the first four octets.
pub type Packed = [u8; 17];

/// The unspecified IPv4 address, id 0.
pub const UNSPECIFIED: Packed = [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Packs four or sixteen octets.
#[inline]
pub fn pack(octets: &[u8]) -> Packed {
    let mut packed = [0; 17];
    if let Some(v4) = octets.first_chunk::<4>().filter(|_| octets.len() == 4) {
        packed[0] = 4;
        packed[1..5].copy_from_slice(v4);
    } else if let Some(v6) = octets.first_chunk::<16>() {
        packed[0] = 6;
        packed[1..].copy_from_slice(v6);
    }
    packed
}

/// Every address seen, bounded.
#[derive(Debug)]
pub struct Addresses {
    packed: Vec<Packed>,
    index: Index,
    state: RandomState,
    cap: usize,
    others: Option<u32>,
    handed: usize,
    key: u64,
}

impl Addresses {
    pub fn new(cap: usize) -> Self {
        let state = RandomState::new();
        let key = state.hash_one(0) | 1;
        let mut table =
            Self { packed: Vec::new(), index: Index::default(), state, cap, others: None, handed: 1, key };
        table.insert(UNSPECIFIED);
        table
    }

    /// IPv4 addresses are mixed by one keyed multiplication (32 bits cannot be made to collide for long), IPv6 by `SipHash`.
    #[inline]
    fn hash(state: &RandomState, key: u64, packed: &Packed) -> u64 {
        if packed[0] == 4 {
            let address = u64::from(u32::from_be_bytes([packed[1], packed[2], packed[3], packed[4]]));
            let product = u128::from(address + 0x9e37_79b9) * u128::from(key ^ 0x9e37_79b9_7f4a_7c15);
            let mixed = (product >> 64) as u64 ^ product as u64;
            return mixed ^ (mixed >> 32);
        }
        state.hash_one(packed)
    }

    fn insert(&mut self, packed: Packed) -> u32 {
        let id = self.packed.len() as u32;
        self.packed.push(packed);
        let (state, key, all) = (&self.state, self.key, &self.packed);
        let hash = Self::hash(state, key, &packed);
        self.index.insert(hash, id, usize::MAX, |_, id| Self::hash(state, key, &all[id as usize]));
        id
    }

    /// The id of an address, and whether the cap stood in the way of a new one.
    #[inline]
    pub fn id(&mut self, packed: &Packed) -> (u32, bool) {
        let hash = Self::hash(&self.state, self.key, packed);
        let all = &self.packed;
        if let Some(id) = self.index.find(hash, usize::MAX, |id| all[id as usize] == *packed) {
            return (id, false);
        }
        if self.packed.len() < self.cap {
            return (self.insert(*packed), false);
        }
        if self.others.is_none() {
            self.others = Some(self.packed.len() as u32);
            self.packed.push([0; 17]);
        }
        (self.others.unwrap_or(0), true)
    }

    /// The first id and the addresses that were added since the last call.
    pub fn take_new(&mut self) -> (u32, Vec<u8>) {
        let first = self.handed;
        self.handed = self.packed.len();
        (first as u32, self.packed[first..].concat())
    }

    pub fn any_new(&self) -> bool {
        self.packed.len() > self.handed
    }
}
