//! Ethernet, its tags, LLC, MPLS and PPPoE.

use crate::ledger::Fate;
use crate::packet::{Layer, Packet, Step, Walk};

const BAD: Fate = Fate::MalformedLink;

/// What an Ethernet type field says comes next; tags of any depth are taken off here.
#[inline]
pub fn ethertype<'a>(packet: &mut Packet, kind: u16, data: &'a [u8]) -> Walk<'a> {
    let (mut kind, mut data) = (kind, data);
    while matches!(kind, 0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300) {
        let (tag, rest) = packet.head::<4>(data, BAD)?;
        kind = u16::from_be_bytes([tag[2], tag[3]]);
        data = rest;
    }
    let layer = match kind {
        0x0800 => Layer::Ipv4,
        0x86dd => Layer::Ipv6,
        0x8847 | 0x8848 => Layer::Mpls,
        0x8864 => Layer::Pppoe,
        0x6558 => Layer::Ethernet,
        0x88e7 => {
            packet.level()?;
            data = packet.past(data, 4, BAD)?;
            Layer::Ethernet
        }
        0 => Layer::Llc,
        1..1536 => {
            data = &data[..data.len().min(usize::from(kind))];
            Layer::Llc
        }
        _ => return Err(Fate::Other),
    };
    Ok(Step::Next(layer, data))
}

/// IEEE 802.3.
#[inline]
pub fn ethernet<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, rest) = packet.head::<14>(data, BAD)?;
    ethertype(packet, u16::from_be_bytes([header[12], header[13]]), rest)
}

/// IEEE 802.2 and SNAP.
pub fn llc<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, rest) = packet.head::<3>(data, BAD)?;
    if *header == [0xaa, 0xaa, 3] {
        let (snap, rest) = packet.head::<5>(rest, BAD)?;
        let kind = u16::from_be_bytes([snap[3], snap[4]]);
        if !matches!(snap[..3], [0, 0, 0 | 0xf8]) || kind < 1536 {
            return Err(Fate::Other);
        }
        return ethertype(packet, kind, rest);
    }
    if header[..2] == [6, 6] { Ok(Step::Next(Layer::Ipv4, rest)) } else { Err(Fate::Other) }
}

/// Labels up to the bottom of the stack; what follows is told by its first nibble.
pub fn mpls<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let mut data = data;
    loop {
        let (label, rest) = packet.head::<4>(data, BAD)?;
        data = rest;
        if label[2] & 1 == 1 {
            break;
        }
    }
    match packet.head::<1>(data, BAD)?.0[0] >> 4 {
        4 => Ok(Step::Next(Layer::Ipv4, data)),
        6 => Ok(Step::Next(Layer::Ipv6, data)),
        0 => {
            packet.level()?;
            Ok(Step::Next(Layer::Ethernet, packet.past(data, 4, BAD)?))
        }
        _ => Err(Fate::Other),
    }
}

/// A PPPoE session.
pub fn pppoe<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, rest) = packet.head::<6>(data, BAD)?;
    match header {
        [0x11, 0, ..] => Ok(Step::Next(Layer::Ppp, rest)),
        [0x11, ..] => Err(Fate::Other),
        _ => Err(BAD),
    }
}
