//! IEEE 802.11, bare and behind radiotap.

use crate::ledger::Fate;
use crate::packet::{Layer, Packet, Step, Walk};
use crate::wire::Order;

const BAD: Fate = Fate::MalformedLink;

/// Data frames: addresses by the DS bits, `QoS` and HT fields by subtype and order bit, then LLC.
pub fn wlan<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let ([control, flags], _) = packet.head::<2>(data, BAD)?;
    if control >> 2 & 3 != 2 || control >> 4 & 4 != 0 {
        return Err(Fate::Other);
    }
    if flags & 0x40 != 0 {
        return Err(Fate::Encrypted);
    }
    let mut size = if flags & 3 == 3 { 30 } else { 24 };
    if control >> 4 & 8 != 0 {
        let ([qos, _], _) = packet.head::<2>(packet.past(data, size, BAD)?, BAD)?;
        // An A-MSDU: the first subframe counts, after its header of 14 octets.
        size += if qos & 0x80 != 0 { 14 } else { 0 };
        size += if flags & 0x80 != 0 { 6 } else { 2 };
    }
    Ok(Step::Next(Layer::Llc, packet.past(data, size, BAD)?))
}

/// Radiotap: version 0, pad, length, presence bits; the flags field tells of padding after the 802.11 header.
pub fn radiotap<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, _) = packet.head::<8>(data, BAD)?;
    let size = usize::from(u16::from_le_bytes([header[2], header[3]]));
    let present = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    if header[0] != 0 || size < 8 {
        return Err(BAD);
    }
    let inside = packet.past(data, size, BAD)?;
    let (mut at, mut more) = (8, present);
    while more >> 31 == 1 && at + 4 <= size {
        more = Order::Little.u32(data, at).unwrap_or(0);
        at += 4;
    }
    if present & 1 == 1 {
        at = at.next_multiple_of(8) + 8;
    }
    let padded = present & 2 != 0 && at < size && data[at] & 0x20 != 0;
    if padded && inside.len() > 26 && inside[0] & 0x8c == 0x88 {
        let header = if inside[1] & 3 == 3 { 32 } else { 26 } + if inside[1] & 0x80 != 0 { 4 } else { 0 };
        return unpadded(packet, inside, header);
    }
    wlan(packet, inside)
}

/// The 802.11 header is filled up to a multiple of 4 octets; what `wlan` reads of it stands before that.
fn unpadded<'a>(packet: &mut Packet, data: &'a [u8], header: usize) -> Walk<'a> {
    let padding = header.next_multiple_of(4) - header;
    match wlan(packet, data)? {
        Step::Next(layer, rest) => Ok(Step::Next(layer, packet.past(rest, padding, BAD)?)),
        step => Ok(step),
    }
}
