//! UDP, TCP and ICMP headers, and what becomes of their payloads.

mod headers;
mod messages;
mod plausible;
pub mod stream;
pub mod tcp;

pub use headers::{icmp, icmpv6, tcp, udp};
