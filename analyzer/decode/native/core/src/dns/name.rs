//! Names on the wire.

use crate::table::batch::anomaly;
use crate::wire::{u8_at, u16_at};

/// 255 octets hold no more than 127 labels, so an honest name needs no more pointers (RFC 1035 2.3.4).
const MOST_POINTERS: u32 = 126;
const LONGEST: usize = 255;
/// Longer names are read on, and marked, up to here.
const READABLE: usize = 4_096;

/// Octets that are looked at at a time.
const STRIDE: usize = 8;
const ROOM: usize = READABLE + STRIDE;

/// A name read from a message, uncompressed, as sent and in lower case.
#[derive(Debug, Clone)]
pub struct Name {
    length: usize,
    /// With anything behind the name; the room is that of the longest, so that nothing grows.
    sent: Box<[u8; ROOM]>,
    /// As long as `mixed`; otherwise it is the same as `sent`.
    lower: Box<[u8; ROOM]>,
    /// Whether any letter was sent in upper case.
    mixed: bool,
}

impl Default for Name {
    fn default() -> Self {
        Self { length: 1, sent: Box::new([0; ROOM]), lower: Box::new([0; ROOM]), mixed: false }
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
        if self.mixed { &self.lower[..self.length] } else { self.sent() }
    }

    /// Whether the two differ.
    #[inline]
    pub fn mixed(&self) -> bool {
        self.mixed
    }

    /// Reads the name at `start`, following pointers; returns where it ends in the message, pointers not followed.
    /// Forward pointers are marked in `anomalies`; past `size`, the message's claimed end, a pointer is bad, not short.
    ///
    /// # Errors
    /// What stands in the way.
    #[inline]
    pub fn read(
        &mut self,
        message: &[u8],
        start: usize,
        size: usize,
        anomalies: &mut u64,
    ) -> Result<usize, Unreadable> {
        match plain_end(message, start) {
            Some(end) => {
                self.length = 0;
                self.append(&message[start..end]);
                self.finish();
                Ok(end)
            }
            None => self.follow(message, start, size, anomalies),
        }
    }

    /// `read` for names with pointers, and for those with something wrong.
    fn follow(&mut self, message: &[u8], start: usize, size: usize, anomalies: &mut u64) -> Result<usize, Unreadable> {
        // Labels from `from` to `at` are passed and not yet copied.
        let (mut at, mut from, mut pointers, mut end) = (start, start, 0, None);
        self.length = 0;
        loop {
            let octet = u8_at(message, at).ok_or(Unreadable::Short)?;
            match octet >> 6 {
                0 if octet == 0 => {
                    self.append(&message[from..=at]);
                    self.finish();
                    return Ok(end.unwrap_or(at + 1));
                }
                0 => {
                    let label = usize::from(octet) + 1;
                    let length = self.length + (at - from) + label + 1;
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
                    self.append(&message[from..at]);
                    (at, from) = (target, target);
                }
                _ => return Err(Unreadable::Bad(anomaly::BAD_LABEL)),
            }
        }
    }

    #[inline]
    fn append(&mut self, octets: &[u8]) {
        let end = self.length + octets.len();
        self.sent[self.length..end].copy_from_slice(octets);
        self.length = end;
    }

    #[inline]
    fn finish(&mut self) {
        self.sent[self.length..self.length + STRIDE].copy_from_slice(&[0; STRIDE]);
        let (strides, _) = self.sent[..self.length.next_multiple_of(STRIDE)].as_chunks();
        self.mixed = may_hold_upper_case(strides) && self.sent().iter().any(u8::is_ascii_uppercase);
        if self.mixed {
            self.lower[..self.length].copy_from_slice(&self.sent[..self.length]);
            self.lower[..self.length].make_ascii_lowercase();
        }
    }
}

/// False where there is surely no upper-case letter, eight octets at a time.
#[inline]
fn may_hold_upper_case(strides: &[[u8; STRIDE]]) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let (mut upper, mut beyond_ascii) = (0, 0);
    for octets in strides {
        let octets = u64::from_ne_bytes(*octets);
        // The top bits: `A` or past it, and not past `Z`. Only octets beyond ASCII can carry into the next.
        upper |= octets.wrapping_add((0x80 - 0x41) * EACH) & !octets.wrapping_add((0x80 - 0x5b) * EACH);
        beyond_ascii |= octets;
    }
    (upper | beyond_ascii) & (0x80 * EACH) != 0
}

/// Where a name of honest length without pointers ends; `None` for any other.
#[inline]
fn plain_end(message: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let label = usize::from(*message.get(at)?);
        at += label + 1;
        if label == 0 {
            return (at - start <= LONGEST).then_some(at);
        }
        if label > 63 {
            return None;
        }
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

#[cfg(test)]
mod tests {
    use super::may_hold_upper_case;

    #[test]
    fn upper_case_letters_are_never_missed_and_plain_names_never_suspected() {
        for octet in 0..=u8::MAX {
            for place in 0..16 {
                let mut octets = *b"@[`{-0az\x3f\x00@[`{-0";
                octets[place] = octet;
                let suspected = octet.is_ascii_uppercase() || !octet.is_ascii();
                assert_eq!(may_hold_upper_case(octets.as_chunks().0), suspected, "{octet:#04x} at {place}");
            }
        }
    }
}
