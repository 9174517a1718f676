//! IPv4, IPv6 and their extension headers.

use crate::hash;
use crate::ledger::Fate;
use crate::packet::{Encap, Fragment, Layer, Packet, Step, Walk};
use crate::table::addresses::{Packed, pack};
use crate::wire::u16_at;

const BAD: Fate = Fate::MalformedIp;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;

/// Hop-by-hop, routing, destination, mobility, HIP, shim6.
fn is_extension(protocol: u8) -> bool {
    matches!(protocol, 0 | 43 | 60 | 135 | 139 | 140)
}

/// An IPv4 packet.
#[inline]
pub fn ipv4<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, _) = packet.head::<20>(data, BAD)?;
    let (size, total) = (usize::from(header[0] & 15) * 4, usize::from(u16::from_be_bytes([header[2], header[3]])));
    if header[0] >> 4 != 4 || size < 20 || (total != 0 && total < size) {
        return Err(BAD);
    }
    let rest = packet.past(data, size, BAD)?;
    packet.src = pack(&header[12..16]);
    packet.dst = pack(&header[16..20]);
    let ident = u16::from_be_bytes([header[4], header[5]]);
    packet.ip_id = Some(ident);
    packet.ip_ttl = header[8];
    packet.ip_hash = hash::ip_header(&data[..size]);
    // A total length of 0 is what segmentation offload leaves: to the end of the frame.
    let claimed = if total == 0 { rest.len() } else { total - size };
    let body = &rest[..rest.len().min(claimed)];
    let place = u16::from_be_bytes([header[6], header[7]]);
    let (offset, more, protocol) = (usize::from(place & 0x1fff) * 8, place & 0x2000 != 0, header[9]);
    if offset != 0 || more {
        let cut = body.len() < claimed;
        let ident = (u32::from(ident), protocol);
        return Ok(Step::Fragment(Fragment { ident, protocol, offset, more, data: body, cut }));
    }
    upper(packet, protocol, body, claimed)
}

/// An IPv6 packet; a payload length of 0 means to the end of the frame.
#[inline]
pub fn ipv6<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, rest) = packet.head::<40>(data, BAD)?;
    if header[0] >> 4 != 6 {
        return Err(BAD);
    }
    packet.src = pack(&header[8..24]);
    packet.dst = pack(&header[24..40]);
    packet.ip_id = None;
    packet.ip_ttl = header[7];
    packet.ip_hash = hash::ip_header(header);
    let claimed = match u16::from_be_bytes([header[4], header[5]]) {
        0 => rest.len(),
        length => usize::from(length),
    };
    extension(packet, header[6], &rest[..rest.len().min(claimed)], claimed)
}

/// Extension headers in any order, and AH in both families.
fn extension<'a>(packet: &mut Packet, protocol: u8, data: &'a [u8], claimed: usize) -> Walk<'a> {
    let (mut protocol, mut data, mut claimed) = (protocol, data, claimed);
    loop {
        let size = if is_extension(protocol) {
            (usize::from(packet.head::<2>(packet.need(data, 8, BAD)?, BAD)?.0[1]) + 1) * 8
        } else if protocol == AUTHENTICATION {
            (usize::from(packet.head::<2>(packet.need(data, 8, BAD)?, BAD)?.0[1]) + 2) * 4
        } else if protocol == FRAGMENT && packet.src[0] == 6 {
            let (header, rest) = packet.head::<8>(data, BAD)?;
            let place = u16::from_be_bytes([header[2], header[3]]);
            let (offset, more) = (usize::from(place & 0xfff8), place & 1 == 1);
            if offset != 0 || more {
                let ident = (u32::from_be_bytes([header[4], header[5], header[6], header[7]]), 0);
                let cut = data.len() < claimed;
                return Ok(Step::Fragment(Fragment { ident, protocol: header[0], offset, more, data: rest, cut }));
            }
            8 // an atomic fragment is whole
        } else {
            return transport(packet, protocol, data, claimed);
        };
        let rest = packet.past(data, size, BAD)?;
        protocol = data[0];
        data = rest;
        claimed = claimed.saturating_sub(size);
    }
}

/// What an IPv4 header's protocol field says comes next.
pub fn upper<'a>(packet: &mut Packet, protocol: u8, data: &'a [u8], claimed: usize) -> Walk<'a> {
    if protocol == AUTHENTICATION {
        return extension(packet, protocol, data, claimed);
    }
    transport(packet, protocol, data, claimed)
}

/// What comes next in an IP packet put together from fragments.
pub fn reassembled<'a>(packet: &mut Packet, protocol: u8, data: &'a [u8]) -> Walk<'a> {
    if packet.src[0] == 6 {
        return extension(packet, protocol, data, data.len());
    }
    upper(packet, protocol, data, data.len())
}

/// The layer of an IP protocol number.
#[inline]
fn transport<'a>(packet: &mut Packet, protocol: u8, data: &'a [u8], claimed: usize) -> Walk<'a> {
    packet.room = claimed;
    let layer = match protocol {
        1 => Layer::Icmp,
        4 => Layer::Ipip,
        6 => Layer::Tcp,
        17 => Layer::Udp,
        41 => Layer::Sit,
        47 => Layer::Gre,
        58 => Layer::Icmpv6,
        137 => Layer::MplsInIp,
        _ => return Err(Fate::Other),
    };
    Ok(Step::Next(layer, data))
}

/// An IPv4 packet in an IP packet.
pub fn ipip<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    packet.enter(Encap::Ipip, None)?;
    Ok(Step::Next(Layer::Ipv4, data))
}

/// An IPv6 packet in an IP packet.
pub fn sit<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    packet.enter(Encap::Sit, None)?;
    Ok(Step::Next(Layer::Ipv6, data))
}

/// MPLS in an IP packet.
pub fn mpls_in_ip<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    packet.enter(Encap::Ipip, None)?;
    Ok(Step::Next(Layer::Mpls, data))
}

/// Source, destination, protocol, and what follows.
pub type Quoted<'a> = (Packed, Packed, u8, &'a [u8]);

/// A quoted IP packet down to its transport header; `None` where it cannot be read that far.
pub fn quoted(data: &[u8]) -> Option<Quoted<'_>> {
    match data.first()? >> 4 {
        4 if data.len() >= 20 => {
            let size = usize::from(data[0] & 15) * 4;
            if size < 20 || data.len() < size || u16_at(data, 6)? & 0x1fff != 0 {
                return None;
            }
            past_extensions(pack(&data[12..16]), pack(&data[16..20]), data[9], &data[size..])
        }
        6 if data.len() >= 40 => past_extensions(pack(&data[8..24]), pack(&data[24..40]), data[6], &data[40..]),
        _ => None,
    }
}

fn past_extensions(src: Packed, dst: Packed, protocol: u8, data: &[u8]) -> Option<Quoted<'_>> {
    let (mut protocol, mut data) = (protocol, data);
    while is_extension(protocol) || matches!(protocol, FRAGMENT | AUTHENTICATION) {
        let header = data.first_chunk::<8>()?;
        let size = match protocol {
            FRAGMENT if u16_at(header, 2)? & 0xfff8 != 0 => return None,
            FRAGMENT => 8,
            AUTHENTICATION => (usize::from(header[1]) + 2) * 4,
            _ => (usize::from(header[1]) + 1) * 8,
        };
        protocol = header[0];
        data = data.get(size..).unwrap_or(&[]);
    }
    Some((src, dst, protocol, data))
}
