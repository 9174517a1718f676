//! Settings of a decoder; the Python side gives all of them, with its defaults.

use crate::bpf::Program;

/// What a decoder is told once, at its beginning.
#[derive(Debug, Clone)]
pub struct Options {
    pub ports: Ports,
    /// The programs that frames must pass, by link type; `None` means no filter.
    pub programs: Option<Vec<(u32, Program)>>,
    pub answers: bool,
    pub batch_rows: usize,
    pub max_names: usize,
    pub max_addresses: usize,
    pub max_connections: usize,
    pub max_tcp_bytes: usize,
    pub max_fragment_bytes: usize,
    pub max_fragment_groups: usize,
    pub max_interfaces: usize,
    pub tunnel_depth: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ports: Ports::new(&[53]),
            programs: None,
            answers: false,
            batch_rows: 65_536,
            max_names: 1_000_000,
            max_addresses: 500_000,
            max_connections: 50_000,
            max_tcp_bytes: 64 << 20,
            max_fragment_bytes: 16 << 20,
            max_fragment_groups: 4_096,
            max_interfaces: 4_096,
            tunnel_depth: 8,
        }
    }
}

/// A set of ports, one bit each.
#[derive(Debug, Clone)]
pub struct Ports(Box<[u64; 1024]>);

impl Ports {
    pub fn new(ports: &[u16]) -> Self {
        let mut bits = Box::new([0; 1024]);
        for &port in ports {
            bits[usize::from(port >> 6)] |= 1 << (port & 63);
        }
        Self(bits)
    }

    pub fn has(&self, port: u16) -> bool {
        self.0[usize::from(port >> 6)] >> (port & 63) & 1 == 1
    }

    pub fn either(&self, one: u16, other: u16) -> bool {
        self.has(one) || self.has(other)
    }
}
