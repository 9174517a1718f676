//! The short way for what nearly every frame is. It reads nothing that the long way would read otherwise.

use crate::hash::plain_ipv4;
use crate::options::Ports;
use crate::packet::Packet;
use crate::table::addresses::pack_v4;

const MDNS: u16 = 5353;
/// Ethernet, IPv4 and UDP.
const HEADERS: usize = 14 + 20 + 8;

/// A whole UDP datagram of a DNS port in IPv4, without options or fragmentation, in Ethernet without tags: its payload,
/// and the UDP header's length. `None` where anything is not so; `packet` is as before then.
#[inline]
pub fn datagram<'a>(packet: &mut Packet, ports: &Ports, data: &'a [u8]) -> Option<(&'a [u8], u16)> {
    let header = data.first_chunk::<HEADERS>()?;
    let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let (more_fragments, offset) = (word(20) & 0x2000, word(20) & 0x1fff);
    let plain = word(12) == 0x0800 && header[14] == 0x45 && (more_fragments, offset) == (0, 0) && header[23] == 17;
    let (total, length) = (usize::from(word(16)), word(38));
    let whole = (8..=total.saturating_sub(20)).contains(&usize::from(length)) && 14 + total <= data.len();
    let (src_port, dst_port) = (word(34), word(36));
    if !plain || !whole || dst_port == MDNS || !ports.either(src_port, dst_port) {
        return None;
    }
    let payload = data.get(HEADERS..HEADERS - 8 + usize::from(length))?;
    let ip = header[14..].first_chunk::<20>()?;
    packet.src = pack_v4([ip[12], ip[13], ip[14], ip[15]]);
    packet.dst = pack_v4([ip[16], ip[17], ip[18], ip[19]]);
    (packet.src_port, packet.dst_port) = (src_port, dst_port);
    packet.ip_id = Some(word(18));
    packet.ip_ttl = ip[8];
    packet.ip_hash = plain_ipv4(*ip);
    packet.room = total - 20;
    Some((payload, length))
}
