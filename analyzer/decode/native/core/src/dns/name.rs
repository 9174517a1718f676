//! Names on the wire.

use crate::table::batch::anomaly;
use crate::wire::{u8_at, u16_at};

/// 255 octets hold no more than 127 labels, so an honest name needs no more pointers (RFC 1035 2.3.4).
const MOST_POINTERS: u32 = 126;
const LONGEST: usize = 255;

/// A name read from a message, uncompressed, as sent and in lower case.
#[derive(Debug, Clone)]
pub struct Name {
    sent: [u8; LONGEST],
    lower: [u8; LONGEST],
    length: usize,
}

impl Default for Name {
    fn default() -> Self {
        Self { sent: [0; LONGEST], lower: [0; LONGEST], length: 1 }
    }
}

/// Why a name cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It runs past the end.
    Short,
    /// The anomaly that it is.
    Bad(u64),
}

impl Name {
    /// The uncompressed wire form as sent, the root's zero included.
    #[inline]
    pub fn sent(&self) -> &[u8] {
        &self.sent[..self.length]
    }

    /// The same with ASCII letters in lower case.
    #[inline]
    pub fn lower(&self) -> &[u8] {
        &self.lower[..self.length]
    }

    /// Reads the name at `start`, following pointers; returns where it ends in the message, pointers not followed.
    /// Forward pointers are marked in `anomalies`; past `size`, the message's claimed end, a pointer is bad, not short.
    ///
    /// # Errors
    /// What stands in the way.
    pub fn read(&mut self, message: &[u8], start: usize, size: usize, anomalies: &mut u64) -> Result<usize, Unreadable> {
        let (mut at, mut length, mut pointers, mut end) = (start, 0, 0, None);
        loop {
            let octet = u8_at(message, at).ok_or(Unreadable::Short)?;
            match octet >> 6 {
                0 if octet == 0 => {
                    self.finish(length);
                    return Ok(end.unwrap_or(at + 1));
                }
                0 => {
                    let label = usize::from(octet) + 1;
                    if length + label + 1 > LONGEST {
                        return Err(Unreadable::Bad(anomaly::LONG_NAME));
                    }
                    let octets = message.get(at..at + label).ok_or(Unreadable::Short)?;
                    self.sent[length..length + label].copy_from_slice(octets);
                    length += label;
                    at += label;
                }
                3 => {
                    let target = usize::from(u16_at(message, at).ok_or(Unreadable::Short)? & 0x3fff);
                    end = end.or(Some(at + 2));
                    pointers += 1;
                    if target >= at {
                        *anomalies |= anomaly::FORWARD_POINTER;
                    }
                    if target >= message.len() {
                        return Err(if target >= size { Unreadable::Bad(anomaly::BAD_POINTER) } else { Unreadable::Bad(0) });
                    }
                    if pointers > MOST_POINTERS {
                        return Err(Unreadable::Bad(anomaly::POINTER_LOOP));
                    }
                    at = target;
                }
                _ => return Err(Unreadable::Bad(anomaly::BAD_LABEL)),
            }
        }
    }

    fn finish(&mut self, length: usize) {
        self.sent[length] = 0;
        self.length = length + 1;
        self.lower[..=length].copy_from_slice(&self.sent[..=length]);
        self.lower[..=length].make_ascii_lowercase();
    }
}

/// Where the name at `at` ends, pointers not followed.
///
/// # Errors
/// A bad label type, or the end of the message.
#[inline]
pub fn skip(message: &[u8], mut at: usize) -> Result<usize, Unreadable> {
    loop {
        let octet = u8_at(message, at).ok_or(Unreadable::Short)?;
        match octet >> 6 {
            0 if octet == 0 => return Ok(at + 1),
            0 => at += usize::from(octet) + 1,
            3 if at + 2 <= message.len() => return Ok(at + 2),
            3 => return Err(Unreadable::Short),
            _ => return Err(Unreadable::Bad(anomaly::BAD_LABEL)),
        }
    }
}
