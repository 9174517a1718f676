//! Which reader takes which layer.

use crate::interfaces::Interfaces;
use crate::ledger::Fate;
use crate::options::Ports;
use crate::packet::{Layer, Packet, Walk};
use crate::{link, net, transport, tunnel};

/// One header, and what it hands on.
#[inline]
pub fn read<'a>(packet: &mut Packet, ports: &Ports, layer: Layer, data: &'a [u8], names: &mut Interfaces) -> Walk<'a> {
    match layer {
        Layer::Ethernet => link::ethernet(packet, data),
        Layer::Ipv4 => net::ipv4(packet, data),
        Layer::Ipv6 => net::ipv6(packet, data),
        Layer::Udp => transport::udp(packet, ports, data),
        Layer::Tcp => transport::tcp(packet, ports, data),
        Layer::Sll => link::sll(packet, data),
        Layer::Sll2 => {
            let step = link::sll2(packet, data);
            if let Some(ifindex) = packet.ifindex.take() {
                packet.interface = names.indexed(packet.interface, ifindex);
            }
            step
        }
        Layer::Chdlc => link::chdlc(packet, data),
        Layer::FrameRelay => link::frame_relay(packet, data),
        Layer::Gre => tunnel::gre(packet, data),
        Layer::Icmp => transport::icmp(packet, data),
        Layer::Icmpv6 => transport::icmpv6(packet, data),
        Layer::Ipip => net::ipip(packet, data),
        Layer::Llc => link::llc(packet, data),
        Layer::Mpls => link::mpls(packet, data),
        Layer::MplsInIp => net::mpls_in_ip(packet, data),
        Layer::Netlink => Err(Fate::Other),
        Layer::Nflog => link::nflog(packet, data),
        Layer::Null => link::null(packet, data),
        Layer::Pktap => link::pktap(packet, data),
        Layer::Ppi => link::ppi(packet, data),
        Layer::Ppp => link::ppp(packet, data),
        Layer::PppOrChdlc => link::ppp_or_chdlc(packet, data),
        Layer::Pppoe => link::pppoe(packet, data),
        Layer::Radiotap => link::radiotap(packet, data),
        Layer::Raw => link::raw(packet, data),
        Layer::Sit => net::sit(packet, data),
        Layer::Wlan => link::wlan(packet, data),
    }
}
