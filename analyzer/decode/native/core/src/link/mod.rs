//! Link layers.

mod cooked;
mod ethernet;
mod serial;
mod wireless;
mod wrapped;

pub use cooked::{null, raw, sll, sll2};
pub use ethernet::{ethernet, ethertype, llc, mpls, pppoe};
pub use serial::{chdlc, frame_relay, ppp, ppp_or_chdlc};
pub use wireless::{radiotap, wlan};
pub use wrapped::{nflog, pktap, ppi};

use crate::ledger::Fate;
use crate::packet::Layer;

/// The layer that frames of a link type begin with.
///
/// # Errors
/// The fate of frames of any other.
pub fn layer(linktype: u32) -> Result<Layer, Fate> {
    Ok(match linktype {
        0 | 108 => Layer::Null,
        1 => Layer::Ethernet,
        9 => Layer::Ppp,
        12 | 14 | 101 => Layer::Raw,
        50 => Layer::PppOrChdlc,
        51 => Layer::Pppoe,
        104 => Layer::Chdlc,
        105 => Layer::Wlan,
        107 => Layer::FrameRelay,
        113 => Layer::Sll,
        127 => Layer::Radiotap,
        149 | 258 => Layer::Pktap,
        192 => Layer::Ppi,
        228 => Layer::Ipv4,
        229 => Layer::Ipv6,
        239 => Layer::Nflog,
        253 => Layer::Netlink,
        276 => Layer::Sll2,
        _ => return Err(Fate::LinkType(linktype)),
    })
}
