//! Headers that name the link type within, and NFLOG.

use super::layer;
use crate::ledger::Fate;
use crate::packet::{Layer, Packet, Step, Walk};
use crate::wire::Order;

const BAD: Fate = Fate::MalformedLink;

/// Per-Packet Information: version, flags, length, inner LINKTYPE.
pub fn ppi<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, _) = packet.head::<8>(data, BAD)?;
    let size = usize::from(u16::from_le_bytes([header[2], header[3]]));
    inner(packet, u32::from_le_bytes([header[4], header[5], header[6], header[7]]), size, data)
}

/// Apple's PKTAP: header length, record type, inner LINKTYPE.
pub fn pktap<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, _) = packet.head::<12>(data, BAD)?;
    let word = |at| Order::Little.u32(header, at).unwrap_or(0);
    inner(packet, word(8), word(0) as usize, data)
}

fn inner<'a>(packet: &mut Packet, link: u32, size: usize, data: &'a [u8]) -> Walk<'a> {
    if size < 8 {
        return Err(BAD);
    }
    packet.level()?;
    Ok(Step::Next(layer(link)?, packet.past(data, size, BAD)?))
}

/// NFLOG: family, version, resource, then type-length-values in the machine's order; type 9 is the packet.
pub fn nflog<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, mut rest) = packet.head::<4>(data, BAD)?;
    while rest.len() >= 4 {
        let fits = |order: &Order| {
            let (size, kind) = (usize::from(order.u16(rest, 0)?), order.u16(rest, 2)? & 0x3fff);
            (size >= 4 && size <= rest.len() && kind < 64).then_some((size, kind))
        };
        let found = [Order::Little, Order::Big].iter().find_map(fits);
        let (size, kind) = found.ok_or_else(|| packet.short(BAD))?;
        if kind == 9 {
            let layer = match header[0] {
                2 => Layer::Ipv4,
                10 => Layer::Ipv6,
                _ => return Err(Fate::Other),
            };
            return Ok(Step::Next(layer, &rest[4..size]));
        }
        rest = rest.get(size.next_multiple_of(4)..).unwrap_or(&[]);
    }
    Err(Fate::Other)
}
