//! Resource records: where they lie, and whether their data fits.

use super::message::Stop;
use super::name::skip;
use crate::wire::{u16_at, u32_at};

pub const A: u16 = 1;
pub const NS: u16 = 2;
pub const CNAME: u16 = 5;
pub const SOA: u16 = 6;
pub const SIG: u16 = 24;
pub const AAAA: u16 = 28;
pub const OPT: u16 = 41;
pub const TSIG: u16 = 250;
pub const IN: u16 = 1;

/// One resource record that lies inside the message whole.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    pub section: u8,
    pub owner: usize,
    pub rtype: u16,
    pub rclass: u16,
    pub ttl: u32,
    pub rdata: usize,
    pub length: u16,
}

impl Record {
    /// The record at `owner`.
    #[inline]
    pub fn read(wire: &[u8], owner: usize, section: u8) -> Result<Self, Stop> {
        let at = skip(wire, owner).map_err(Stop::record)?;
        let fixed = wire.get(at..).and_then(<[u8]>::first_chunk::<10>).ok_or(Stop::SHORT_RECORD)?;
        let length = u16::from_be_bytes([fixed[8], fixed[9]]);
        if at + 10 + usize::from(length) > wire.len() {
            return Err(Stop::SHORT_RECORD);
        }
        Ok(Self {
            section,
            owner,
            rtype: u16::from_be_bytes([fixed[0], fixed[1]]),
            rclass: u16::from_be_bytes([fixed[2], fixed[3]]),
            ttl: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            rdata: at + 10,
            length,
        })
    }

    pub fn end(&self) -> usize {
        self.rdata + usize::from(self.length)
    }

    /// Where the names of the data end, where they lie inside it.
    fn past_names(&self, wire: &[u8], names: usize) -> Option<usize> {
        (0..names).try_fold(self.rdata, |at, _| skip(&wire[..self.end()], at).ok())
    }

    /// Whether data of the types of RFC 1035 and 3596 fits its length.
    #[inline]
    pub fn fits(&self, wire: &[u8]) -> bool {
        if self.rclass != IN {
            return true;
        }
        match self.rtype {
            A => self.length == 4,
            AAAA => self.length == 16,
            CNAME | NS => self.past_names(wire, 1) == Some(self.end()),
            SOA => self.past_names(wire, 2).is_some_and(|at| at + 20 == self.end()),
            _ => true,
        }
    }

    /// MINIMUM, the last of SOA's five numbers.
    pub fn soa_minimum(&self, wire: &[u8]) -> Option<u32> {
        let at = self.past_names(wire, 2)?;
        if at + 20 > self.end() {
            return None;
        }
        u32_at(wire, at + 16)
    }

    /// Whether it signs a message rather than records.
    pub fn is_sig0(&self, wire: &[u8]) -> bool {
        self.rtype == SIG && self.length >= 2 && u16_at(wire, self.rdata) == Some(0)
    }
}
