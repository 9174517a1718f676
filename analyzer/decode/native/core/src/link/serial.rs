//! PPP, Cisco HDLC and Frame Relay.

use super::ethertype;
use crate::ledger::Fate;
use crate::packet::{Layer, Packet, Step, Walk};

const BAD: Fate = Fate::MalformedLink;

/// PPP: address and control may be there or not, the protocol may be one octet if that is odd.
pub fn ppp<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let data = data.strip_prefix(&[0xff, 3]).unwrap_or(data);
    let ([first], rest) = packet.head::<1>(data, BAD)?;
    let (protocol, rest) = if first & 1 == 1 {
        (u16::from(*first), rest)
    } else {
        let (protocol, rest) = packet.head::<2>(data, BAD)?;
        (u16::from_be_bytes(*protocol), rest)
    };
    let layer = match protocol {
        0x0021 => Layer::Ipv4,
        0x0057 => Layer::Ipv6,
        0x0281 | 0x0283 => Layer::Mpls,
        _ => return Err(Fate::Other),
    };
    Ok(Step::Next(layer, rest))
}

/// Cisco HDLC: address, control, Ethernet type.
pub fn chdlc<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let (header, rest) = packet.head::<4>(data, BAD)?;
    ethertype(packet, u16::from_be_bytes([header[2], header[3]]), rest)
}

/// LINKTYPE_PPP_HDLC: Cisco HDLC where its addresses stand, else PPP.
pub fn ppp_or_chdlc<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    match data.first() {
        Some(0x0f | 0x8f) => chdlc(packet, data),
        _ => ppp(packet, data),
    }
}

/// Frame Relay: an address of two to four octets, control 3, NLPID; or Cisco's form with an Ethernet type.
pub fn frame_relay<'a>(packet: &mut Packet, data: &'a [u8]) -> Walk<'a> {
    let last = data.iter().take(4).position(|octet| octet & 1 == 1).ok_or_else(|| packet.short(BAD))?;
    let ([control, nlpid], mut rest) = packet.head::<2>(&data[last + 1..], BAD)?;
    if *control != 3 {
        let kind = u16::from_be_bytes([*control, *nlpid]);
        return if kind >= 1536 { ethertype(packet, kind, rest) } else { Err(Fate::Other) };
    }
    let mut nlpid = *nlpid;
    if nlpid == 0 {
        let ([after], behind) = packet.head::<1>(rest, BAD)?;
        (nlpid, rest) = (*after, behind);
    }
    match nlpid {
        0xcc => Ok(Step::Next(Layer::Ipv4, rest)),
        0x8e => Ok(Step::Next(Layer::Ipv6, rest)),
        0x80 => {
            let (snap, rest) = packet.head::<5>(rest, BAD)?;
            let kind = u16::from_be_bytes([snap[3], snap[4]]);
            if snap[..3] == [0, 0, 0] && kind >= 1536 { ethertype(packet, kind, rest) } else { Err(Fate::Other) }
        }
        _ => Err(Fate::Other),
    }
}
