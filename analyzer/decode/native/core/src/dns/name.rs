//! Names on the wire.

use crate::table::batch::anomaly;
use crate::wire::{u8_at, u16_at};

/// 255 octets hold no more than 127 labels, so an honest name needs no more pointers (RFC 1035 2.3.4).
const MOST_POINTERS: u32 = 126;
const LONGEST: usize = 255;
/// Longer names are read on, and marked, up to here.
const READABLE: usize = 4_096;

/// A name read from a message, uncompressed, as sent and in lower case.
#[derive(Debug, Clone)]
pub struct Name {
    sent: Vec<u8>,
    lower: Vec<u8>,
}

impl Default for Name {
    fn default() -> Self {
        Self { sent: vec![0], lower: vec![0] }
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
        &self.sent
    }

    /// The same with ASCII letters in lower case.
    #[inline]
    pub fn lower(&self) -> &[u8] {
        &self.lower
    }

    /// Reads the name at `start`, following pointers; returns where it ends in the message, pointers not followed.
    /// Forward pointers are marked in `anomalies`; past `size`, the message's claimed end, a pointer is bad, not short.
    ///
    /// # Errors
    /// What stands in the way.
    pub fn read(
        &mut self,
        message: &[u8],
        start: usize,
        size: usize,
        anomalies: &mut u64,
    ) -> Result<usize, Unreadable> {
        // Labels from `from` to `at` are passed and not yet copied.
        let (mut at, mut from, mut pointers, mut end) = (start, start, 0, None);
        self.sent.clear();
        loop {
            let octet = u8_at(message, at).ok_or(Unreadable::Short)?;
            match octet >> 6 {
                0 if octet == 0 => {
                    self.sent.extend_from_slice(&message[from..=at]);
                    self.finish();
                    return Ok(end.unwrap_or(at + 1));
                }
                0 => {
                    let label = usize::from(octet) + 1;
                    let length = self.sent.len() + (at - from) + label + 1;
                    if length > LONGEST {
                        *anomalies |= anomaly::LONG_NAME;
                    }
                    if length > READABLE {
                        return Err(Unreadable::Bad(anomaly::LONG_NAME));
                    }
                    if at + label > message.len() {
                        return Err(Unreadable::Short);
                    }
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
                        return Err(if target >= size {
                            Unreadable::Bad(anomaly::BAD_POINTER)
                        } else {
                            Unreadable::Bad(0)
                        });
                    }
                    if pointers > MOST_POINTERS {
                        return Err(Unreadable::Bad(anomaly::POINTER_LOOP));
                    }
                    self.sent.extend_from_slice(&message[from..at]);
                    (at, from) = (target, target);
                }
                _ => return Err(Unreadable::Bad(anomaly::BAD_LABEL)),
            }
        }
    }

    fn finish(&mut self) {
        self.lower.clear();
        self.lower.extend_from_slice(&self.sent);
        self.lower.make_ascii_lowercase();
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
