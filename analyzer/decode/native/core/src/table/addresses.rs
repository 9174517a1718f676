//! Addresses by id.

use super::index::{Direct, Index};

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

/// Packs an IPv4 address.
#[inline]
pub fn pack_v4([a, b, c, d]: [u8; 4]) -> Packed {
    [4, a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// Every address seen, bounded.
#[derive(Debug)]
pub struct Addresses {
    packed: Vec<Packed>,
    v4: Direct,
    v6: Index,
    cap: usize,
    others: Option<u32>,
    handed: usize,
}

impl Addresses {
    pub fn new(cap: usize) -> Self {
        let (v4, v6) = (Direct::default(), Index::default());
        let mut table = Self { packed: Vec::new(), v4, v6, cap, others: None, handed: 1 };
        table.insert(&UNSPECIFIED);
        table
    }

    fn insert(&mut self, packed: &Packed) -> u32 {
        let id = self.packed.len() as u32;
        self.packed.push(*packed);
        if let [4, a, b, c, d, ..] = *packed {
            self.v4.insert(u32::from_be_bytes([a, b, c, d]), id);
        } else {
            let hash = self.v6.hash(0, packed);
            let all = &self.packed;
            self.v6.insert(hash, id, usize::MAX, |index, id| index.hash(0, &all[id as usize]));
        }
        id
    }

    /// The id of an address, and whether the cap stood in the way of a new one.
    #[inline]
    pub fn id(&mut self, packed: &Packed) -> (u32, bool) {
        let known = if let [4, a, b, c, d, ..] = *packed {
            self.v4.find(u32::from_be_bytes([a, b, c, d]))
        } else {
            let all = &self.packed;
            self.v6.find(self.v6.hash(0, packed), usize::MAX, |id| all[id as usize] == *packed)
        };
        match known {
            Some(id) => (id, false),
            None if self.packed.len() < self.cap => (self.insert(packed), false),
            None => (self.others(), true),
        }
    }

    fn others(&mut self) -> u32 {
        *self.others.get_or_insert_with(|| {
            self.packed.push([0; 17]);
            self.packed.len() as u32 - 1
        })
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
