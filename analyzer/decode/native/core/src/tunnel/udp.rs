//! Tunnels over UDP.

use super::gre;
use crate::ledger::Fate;
use crate::link::ethertype;
use crate::packet::{Encap, Layer, Packet, Step, Walk};
use crate::wire::u16_at;

const BAD: Fate = Fate::MalformedTunnel;

/// The tunnel that a UDP port stands for: the destination's, else the source's.
pub fn udp_tunnel<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    for port in [packet.dst_port, packet.src_port] {
        return match port {
            1701 => l2tp(packet, data),
            2152 => gtpu(packet, data),
            3544 => teredo(packet, data),
            4754 => gre(packet, data),
            4789 | 8472 => vxlan(packet, data),
            4790 => vxlan_gpe(packet, data),
            6081 => geneve(packet, data),
            _ => continue,
        };
    }
    Err(Fate::Other)
}

fn vni(header: [u8; 8]) -> u32 {
    u32::from_be_bytes([0, header[4], header[5], header[6]])
}

fn vxlan<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, rest) = packet.head::<8>(data, BAD)?;
    if header[0] & 8 == 0 {
        return Err(Fate::Other);
    }
    packet.enter(Encap::Vxlan, Some(vni(*header)))?;
    Ok(Step::Next(Layer::Ethernet, rest))
}

/// VXLAN-GPE: the last octet of the first word names what follows.
fn vxlan_gpe<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, rest) = packet.head::<8>(data, BAD)?;
    if header[0] & 8 == 0 {
        return Err(Fate::Other);
    }
    // Some writers name what follows without setting P.
    let layer = match (header[0] & 4, header[3]) {
        (0, 0) | (_, 3) => Layer::Ethernet,
        (_, 1) => Layer::Ipv4,
        (_, 2) => Layer::Ipv6,
        _ => return Err(Fate::Other),
    };
    packet.enter(Encap::VxlanGpe, Some(vni(*header)))?;
    Ok(Step::Next(layer, rest))
}

/// Geneve: version 0, length of options in words, protocol as Ethernet type, VNI.
fn geneve<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, _) = packet.head::<8>(data, BAD)?;
    if header[0] >> 6 != 0 {
        return Err(Fate::Other);
    }
    let rest = packet.past(data, 8 + usize::from(header[0] & 0x3f) * 4, BAD)?;
    packet.enter(Encap::Geneve, Some(vni(*header)))?;
    match u16::from_be_bytes([header[2], header[3]]) {
        0..1536 => Err(Fate::Other),
        kind => ethertype(packet, kind, rest),
    }
}

/// GTP-U: version 1, protocol type 1, message 255; optional fields; extension headers.
fn gtpu<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, _) = packet.head::<8>(data, BAD)?;
    if header[0] >> 4 != 3 || header[1] != 255 {
        return Err(Fate::Other);
    }
    let teid = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    let mut at = 8;
    if header[0] & 7 != 0 {
        packet.need(data, 12, BAD)?;
        let mut following = if header[0] & 4 == 0 { 0 } else { data[11] };
        at = 12;
        while following != 0 {
            packet.need(data, at + 1, BAD)?;
            let size = usize::from(data[at]) * 4;
            if size == 0 {
                return Err(BAD);
            }
            packet.need(data, at + size, BAD)?;
            at += size;
            following = data[at - 1];
        }
    }
    packet.need(data, at + 1, BAD)?;
    let layer = match data[at] >> 4 {
        4 => Layer::Ipv4,
        6 => Layer::Ipv6,
        _ => return Err(Fate::Other),
    };
    packet.enter(Encap::Gtpu, Some(teid))?;
    Ok(Step::Next(layer, &data[at..]))
}

/// Teredo: authentication and origin indications may come before the IPv6 packet.
fn teredo<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let mut at = 0;
    if data.len() >= 4 && data.starts_with(&[0, 1]) {
        at = 4 + usize::from(data[2]) + usize::from(data[3]) + 9;
    }
    if data.get(at..).is_some_and(|rest| rest.starts_with(&[0, 0])) {
        at += 8;
    }
    match data.get(at) {
        Some(octet) if octet >> 4 == 6 => {
            packet.enter(Encap::Teredo, None)?;
            Ok(Step::Next(Layer::Ipv6, &data[at..]))
        }
        _ => Err(Fate::Other),
    }
}

/// L2TP: flags T L S O, version 2; tunnel and session; PPP.
fn l2tp<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    packet.need(data, 6, BAD)?;
    let flags = u16::from_be_bytes([data[0], data[1]]);
    if flags & 15 != 2 || flags & 0x8000 != 0 {
        return Err(Fate::Other);
    }
    let mut at = if flags & 0x4000 == 0 { 6 } else { 8 };
    packet.need(data, at, BAD)?;
    let session = u16_at(data, at - 2).map(u32::from);
    at += if flags & 0x0800 == 0 { 0 } else { 4 };
    if flags & 0x0200 != 0 {
        at += 2 + usize::from(u16_at(data, at).ok_or_else(|| packet.short(BAD))?);
    }
    let rest = packet.past(data, at, BAD)?;
    packet.enter(Encap::L2tp, session)?;
    Ok(Step::Next(Layer::Ppp, rest))
}
