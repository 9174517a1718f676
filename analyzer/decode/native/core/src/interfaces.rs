//! Capture interfaces of all files.

use std::collections::{BTreeMap, HashMap};

/// Where frames were captured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    pub id: u32,
    pub file: u16,
    pub linktype: u32,
    pub snaplen: u32,
    pub name: String,
    pub description: String,
    pub filter: String,
    pub ifindex: Option<u32>,
    pub drops: BTreeMap<&'static str, u64>,
}

/// All of them, bounded.
#[derive(Debug)]
pub struct Interfaces {
    cap: usize,
    all: Vec<Interface>,
    by_index: HashMap<(u32, u32), u32>,
}

impl Interfaces {
    pub fn new(cap: usize) -> Self {
        Self { cap: cap.max(1), all: Vec::new(), by_index: HashMap::new() }
    }

    pub fn all(&self) -> &[Interface] {
        &self.all
    }

    /// The id of a new interface, or `None` where the table is full.
    pub fn declare(&mut self, mut interface: Interface) -> Option<u32> {
        if self.all.len() >= self.cap {
            return None;
        }
        interface.id = self.all.len() as u32;
        self.all.push(interface);
        Some(self.all.len() as u32 - 1)
    }

    /// The id that was given last.
    pub fn last(&self) -> u32 {
        self.all.len().saturating_sub(1) as u32
    }

    /// The interface that SLL2 names by kernel index, made on first use; past the cap the base.
    pub fn indexed(&mut self, base: u32, ifindex: u32) -> u32 {
        if let Some(&known) = self.by_index.get(&(base, ifindex)) {
            return known;
        }
        if self.all.len() >= self.cap {
            return base;
        }
        let of = &self.all[base as usize];
        let made = Interface {
            id: self.all.len() as u32,
            file: of.file,
            linktype: of.linktype,
            snaplen: of.snaplen,
            name: format!("{}:{ifindex}", of.name),
            ifindex: Some(ifindex),
            ..Interface::default()
        };
        self.by_index.insert((base, ifindex), made.id);
        self.all.push(made);
        self.all.len() as u32 - 1
    }

    /// Takes over a counter; its last value counts.
    pub fn count(&mut self, id: u32, counter: &'static str, value: u64) {
        self.all[id as usize].drops.insert(counter, value);
    }
}
