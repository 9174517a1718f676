//! Tunnels. A payload that is no valid header of the tunnel whose port it uses is no DNS: a port alone proves nothing.

mod gre;
mod udp;

pub use gre::gre;
pub use udp::udp_tunnel;
