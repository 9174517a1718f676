//! Whether a DNS message with its length prefix may begin somewhere in a TCP stream.

use crate::wire::u16_at;

/// Whether a message begins here; `None` where there are not octets enough to know.
pub fn plausible(octets: &[u8]) -> Option<bool> {
    if octets.len() < 14 {
        return None;
    }
    let word = |at| u16_at(octets, at).unwrap_or(0);
    let (size, flags, questions) = (usize::from(word(0)), word(4), usize::from(word(6)));
    let (answers, records) = (word(8), usize::from(word(8)) + usize::from(word(10)) + usize::from(word(12)));
    let (response, opcode) = (flags >> 15 == 1, flags >> 11 & 15);
    let assigned = matches!(opcode, 0 | 4 | 5) && flags & 0x0040 == 0;
    if !assigned || questions > 1 || size < 12 + 5 * questions + 11 * records {
        return Some(false);
    }
    if questions == 0 && !(response && opcode == 0 && answers > 0) || !response && opcode == 0 && answers > 0 {
        return Some(false);
    }
    let name = match plain_name(&octets[14..]) {
        Some(0) => return Some(false),
        found => found?,
    };
    let at = 14 + name;
    if octets.len() < at + if questions > 0 { 4 } else { 10 } {
        return None;
    }
    let class = word(at + 2);
    if questions > 0 {
        return Some(matches!(class, 1 | 3 | 4 | 254 | 255));
    }
    Some(matches!(class, 1 | 3 | 4) && at + 10 + usize::from(word(at + 8)) <= 2 + size)
}

/// Octets of a name without pointers; 0 where it is none, `None` where it does not end here.
fn plain_name(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let label = usize::from(*octets.get(at)?);
        if label > 63 || at + label + 1 > 255 {
            return Some(0);
        }
        at += label + 1;
        if label == 0 {
            return Some(at);
        }
    }
}
