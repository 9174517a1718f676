//! GRE, PPTP's kind of it, and ERSPAN.

use crate::ledger::Fate;
use crate::link::ethertype;
use crate::packet::{Encap, Layer, Packet, Step, Walk};
use crate::wire::u32_at;

const BAD: Fate = Fate::MalformedTunnel;

/// GRE: checksum, key and sequence as the flags say; version 1 is PPTP's.
pub fn gre<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, _) = packet.head::<4>(data, BAD)?;
    let (flags, kind) = (u16::from_be_bytes([header[0], header[1]]), u16::from_be_bytes([header[2], header[3]]));
    let version = flags & 7;
    if version > 1 || flags & 0x4000 != 0 {
        return Err(BAD);
    }
    let mut at = if flags & 0x8000 == 0 { 4 } else { 8 };
    let mut key = None;
    if flags & 0x2000 != 0 {
        key = Some(u32_at(data, at).ok_or_else(|| packet.short(BAD))?);
        at += 4;
    }
    at += if flags & 0x1000 != 0 { 4 } else { 0 };
    at += if version == 1 && flags & 0x0080 != 0 { 4 } else { 0 };
    let rest = packet.past(data, at, BAD)?;
    if version == 1 {
        packet.enter(Encap::Gre, key.map(|key| key & 0xffff))?;
        let carries = kind == 0x880b && !rest.is_empty();
        return if carries { Ok(Step::Next(Layer::Ppp, rest)) } else { Err(Fate::Other) };
    }
    if matches!(kind, 0x88be | 0x22eb) {
        return erspan(packet, kind, flags & 0x1000 != 0, rest);
    }
    packet.enter(Encap::Gre, key)?;
    match kind {
        0x880b => Ok(Step::Next(Layer::Ppp, rest)),
        // WCCP version 2: a redirect header of 4 octets.
        0x883e if rest.first().is_some_and(|octet| octet >> 4 != 4) => {
            Ok(Step::Next(Layer::Ipv4, packet.past(rest, 4, BAD)?))
        }
        0x883e => Ok(Step::Next(Layer::Ipv4, rest)),
        0..1536 => Err(Fate::Other),
        _ => ethertype(packet, kind, rest),
    }
}

/// ERSPAN: type I has no header, II has 8 octets, III has 12 and with the O bit 8 more; then Ethernet.
fn erspan<'a>(packet: &mut Packet, kind: u16, numbered: bool, data: &'a [u8]) -> Walk<'a> {
    if kind == 0x88be && !numbered {
        packet.enter(Encap::Erspan, None)?;
        return Ok(Step::Next(Layer::Ethernet, data));
    }
    let third = kind == 0x22eb;
    packet.need(data, if third { 12 } else { 8 }, BAD)?;
    let session = u32::from(u16::from_be_bytes([data[2], data[3]]) & 0x3ff);
    let size = match third {
        false => 8,
        true if data[11] & 1 == 1 => 20,
        true => 12,
    };
    let rest = packet.past(data, size, BAD)?;
    packet.enter(Encap::Erspan, Some(session))?;
    Ok(Step::Next(Layer::Ethernet, rest))
}
