//! UDP, TCP and ICMP headers: which ports mean what.

use crate::ledger::Fate;
use crate::options::Ports;
use crate::packet::{Packet, Step, Walk};
use crate::table::addresses::Packed;
use crate::tunnel::udp_tunnel;

const BAD: Fate = Fate::MalformedTransport;
const MDNS_V4: Packed = [4, 224, 0, 0, 251, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const MDNS_V6: Packed = [6, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb];

/// UDP: DNS ports first, so that a resolver may use a tunnel's port as its own.
#[inline]
pub fn udp<'a>(packet: &mut Packet, ports: &Ports, data: &'a [u8]) -> Walk<'a> {
    let (header, rest) = packet.head::<8>(data, BAD)?;
    packet.src_port = u16::from_be_bytes([header[0], header[1]]);
    packet.dst_port = u16::from_be_bytes([header[2], header[3]]);
    let length = u16::from_be_bytes([header[4], header[5]]);
    // Over IPv6 a length of 0 means that of the IP payload.
    let payload = match length {
        0 if packet.src[0] == 6 => rest,
        _ => &rest[..rest.len().min(usize::from(length).saturating_sub(8))],
    };
    if packet.dst_port == 5353 && (packet.dst == MDNS_V4 || packet.dst == MDNS_V6) {
        return Err(Fate::Mdns);
    }
    if ports.either(packet.src_port, packet.dst_port) {
        return Ok(Step::Datagram(payload, length));
    }
    for (port, fate) in [(5353, Fate::Mdns), (5355, Fate::Llmnr), (137, Fate::Nbns)] {
        if packet.src_port == port || packet.dst_port == port {
            return Err(fate);
        }
    }
    udp_tunnel(packet, payload)
}

/// TCP.
pub fn tcp<'a>(packet: &mut Packet, ports: &Ports, data: &'a [u8]) -> Walk<'a> {
    let (header, _) = packet.head::<20>(data, BAD)?;
    packet.src_port = u16::from_be_bytes([header[0], header[1]]);
    packet.dst_port = u16::from_be_bytes([header[2], header[3]]);
    if !ports.either(packet.src_port, packet.dst_port) {
        let llmnr = packet.src_port == 5355 || packet.dst_port == 5355;
        return Err(if llmnr { Fate::Llmnr } else { Fate::Other });
    }
    let size = usize::from(header[12] >> 4) * 4;
    if size < 20 {
        return Err(BAD);
    }
    let payload = packet.past(data, size, BAD)?;
    Ok(Step::Segment(&data[..size], payload))
}

/// ICMP: the types that quote a packet.
pub fn icmp<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, rest) = packet.head::<8>(data, BAD)?;
    match header[0] {
        3 | 4 | 5 | 11 | 12 => Ok(Step::Quote(4, header[0], header[1], rest)),
        _ => Err(Fate::Other),
    }
}

/// `ICMPv6`: the types that quote a packet.
pub fn icmpv6<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, rest) = packet.head::<8>(data, BAD)?;
    match header[0] {
        1..=4 => Ok(Step::Quote(6, header[0], header[1], rest)),
        _ => Err(Fate::Other),
    }
}
