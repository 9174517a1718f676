//! Headers that the capturing system made up: Linux cooked capture, raw IP, NULL and LOOP.

use super::ethertype;
use crate::ledger::Fate;
use crate::packet::{Layer, Packet, Step, Walk};

const BAD: Fate = Fate::MalformedLink;

/// LINKTYPE_LINUX_SLL: packet type, hardware type, address length, address, protocol.
#[inline]
pub fn sll<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, rest) = packet.head::<16>(data, BAD)?;
    packet.direction = Some(header[1]);
    cooked(packet, u16::from_be_bytes([header[14], header[15]]), rest)
}

/// LINKTYPE_LINUX_SLL2: protocol, reserved, interface index, hardware type, packet type, address length, address.
#[inline]
pub fn sll2<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, rest) = packet.head::<20>(data, BAD)?;
    packet.direction = Some(header[10]);
    packet.ifindex = Some(u32::from_be_bytes([header[4], header[5], header[6], header[7]]));
    cooked(packet, u16::from_be_bytes([header[0], header[1]]), rest)
}

/// Linux writes kernel numbers where there is no Ethernet type: 4 is 802.2.
fn cooked<'a>(packet: &mut Packet, protocol: u16, data: &'a [u8]) -> Walk<'a> {
    match protocol {
        4 => Ok(Step::Next(Layer::Llc, data)),
        0..1536 => Err(Fate::Other),
        _ => ethertype(packet, protocol, data),
    }
}

/// LINKTYPE_RAW: an IP header.
pub fn raw<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    match packet.head::<1>(data, BAD)?.0[0] >> 4 {
        4 => Ok(Step::Next(Layer::Ipv4, data)),
        6 => Ok(Step::Next(Layer::Ipv6, data)),
        _ => Err(Fate::MalformedIp),
    }
}

/// LINKTYPE_NULL and LOOP: a protocol family in either byte order.
pub fn null<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (family, rest) = packet.head::<4>(data, BAD)?;
    for number in [u32::from_le_bytes(*family), u32::from_be_bytes(*family)] {
        match number {
            2 => return Ok(Step::Next(Layer::Ipv4, rest)),
            10 | 23 | 24 | 28 | 30 => return Ok(Step::Next(Layer::Ipv6, rest)),
            _ => {}
        }
    }
    // Some writers leave an Ethernet type in the second half.
    match family[2..] {
        [0x08, 0x00] => Ok(Step::Next(Layer::Ipv4, rest)),
        [0x86, 0xdd] => Ok(Step::Next(Layer::Ipv6, rest)),
        _ => Err(Fate::Other),
    }
}
