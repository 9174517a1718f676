//! A frame's way through its layers: what is known of it so far, and how a layer hands on.

use crate::container::Record;
use crate::ledger::Fate;
use crate::table::addresses::{Packed, UNSPECIFIED};

/// The innermost tunnel around a message, as the contract numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encap {
    None = 0,
    Vxlan = 1,
    VxlanGpe = 2,
    Geneve = 3,
    Gre = 4,
    Erspan = 5,
    Ipip = 6,
    Sit = 7,
    Gtpu = 8,
    Teredo = 9,
    L2tp = 10,
}

/// A header that may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    Chdlc,
    Ethernet,
    FrameRelay,
    Gre,
    Icmp,
    Icmpv6,
    Ipip,
    Ipv4,
    Ipv6,
    Llc,
    Mpls,
    MplsInIp,
    Netlink,
    Nflog,
    Null,
    Pktap,
    Ppi,
    Ppp,
    PppOrChdlc,
    Pppoe,
    Radiotap,
    Raw,
    Sit,
    Sll,
    Sll2,
    Tcp,
    Udp,
    Wlan,
}

/// What a layer found.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// Another header.
    Next(Layer, &'a [u8]),
    /// A UDP payload of a DNS port, and the UDP header's length.
    Datagram(&'a [u8], u16),
    /// A TCP header and payload of a DNS port.
    Segment(&'a [u8], &'a [u8]),
    /// A part of an IP packet.
    Fragment(Fragment<'a>),
    /// An ICMP error: IP version, type, code and the packet that it quotes.
    Quote(u8, u8, u8, &'a [u8]),
}

/// A part of an IP packet.
#[derive(Debug, Clone, Copy)]
pub struct Fragment<'a> {
    /// IPv4: identification and protocol; IPv6: identification.
    pub ident: (u32, u8),
    pub protocol: u8,
    pub offset: usize,
    pub more: bool,
    pub data: &'a [u8],
    pub cut: bool,
}

/// The next step, or what the frame comes to.
pub type Walk<'a> = Result<Step<'a>, Fate>;

/// One frame and, from the outside inwards, what its headers said.
#[derive(Debug, Clone, Copy)]
pub struct Packet {
    pub frame: u64,
    pub file: u16,
    pub interface: u32,
    pub time_ns: i64,
    /// Fewer octets captured than were on the wire.
    pub cut: bool,
    pub direction: Option<u8>,
    pub ifindex: Option<u32>,
    pub src: Packed,
    pub dst: Packed,
    pub src_port: u16,
    pub dst_port: u16,
    pub ip_id: Option<u16>,
    pub ip_ttl: u8,
    pub ip_hash: u64,
    pub outer: Option<(Packed, Packed)>,
    pub encap: Encap,
    pub vni: Option<u32>,
    /// Octets of the IP payload, as claimed.
    pub room: usize,
    pub levels: u32,
    pub most_levels: u32,
    pub first_fragment: bool,
    /// How many frames the decoder saw before.
    pub order: u64,
}

impl Packet {
    pub fn new(record: &Record, interface: u32, frame: u64, file: u16, order: u64, most_levels: u32) -> Self {
        Self {
            frame,
            file,
            interface,
            time_ns: record.time_ns,
            cut: record.data.len() < record.length as usize,
            direction: None,
            ifindex: None,
            src: UNSPECIFIED,
            dst: UNSPECIFIED,
            src_port: 0,
            dst_port: 0,
            ip_id: None,
            ip_ttl: 0,
            ip_hash: 0,
            outer: None,
            encap: Encap::None,
            vni: None,
            room: 0,
            levels: 0,
            most_levels,
            first_fragment: false,
            order,
        }
    }

    /// Why a header is not there whole: the snap length, or the frame itself.
    pub fn short(&self, otherwise: Fate) -> Fate {
        if self.cut { Fate::Snaplen } else { otherwise }
    }

    /// The octets themselves, if there are so many.
    #[inline]
    pub fn need<'a>(&self, data: &'a [u8], octets: usize, otherwise: Fate) -> Result<&'a [u8], Fate> {
        if data.len() < octets { Err(self.short(otherwise)) } else { Ok(data) }
    }

    /// What follows `octets`, if they are there.
    #[inline]
    pub fn past<'a>(&self, data: &'a [u8], octets: usize, otherwise: Fate) -> Result<&'a [u8], Fate> {
        data.get(octets..).ok_or_else(|| self.short(otherwise))
    }

    /// The first `N` octets, and what follows them.
    #[inline]
    pub fn head<'a, const N: usize>(&self, data: &'a [u8], otherwise: Fate) -> Result<(&'a [u8; N], &'a [u8]), Fate> {
        data.split_first_chunk().ok_or_else(|| self.short(otherwise))
    }

    /// One more header that holds a whole packet.
    pub fn level(&mut self) -> Result<(), Fate> {
        self.levels += 1;
        if self.levels > self.most_levels { Err(Fate::TunnelDepth) } else { Ok(()) }
    }

    /// Into a tunnel: the addresses so far are the outer ones.
    pub fn enter(&mut self, encap: Encap, vni: Option<u32>) -> Result<(), Fate> {
        self.level()?;
        self.outer = self.outer.or(Some((self.src, self.dst)));
        self.encap = encap;
        self.vni = vni.or(self.vni);
        Ok(())
    }
}
