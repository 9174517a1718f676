//! The tree of names: every name seen is a node, the root is id 0, compared without regard to ASCII case.

use super::index::Index;
use crate::dns::name::Name;

const OTHERS: &[u8] = b"(others)";
/// Full names remembered under one hash neighbourhood; beyond it the walk through the tree answers.
const PROBES: usize = 32;

#[derive(Debug, Clone, Copy)]
struct Node {
    parent: u32,
    at: u32,
    length: u8,
}

/// What a batch adds to the tree.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct NewNames {
    pub first: u32,
    pub parent: Vec<u32>,
    pub ends: Vec<u32>,
    pub labels: Vec<u8>,
}

/// Every name seen, bounded.
#[derive(Debug)]
pub struct Names {
    nodes: Vec<Node>,
    /// Lower-case labels of all nodes, one after another.
    lower: Vec<u8>,
    children: Index,
    /// Full names by their `qname_hash`, the short way past the walk.
    whole: Index,
    hashes: Vec<u64>,
    cap: usize,
    new: NewNames,
}

impl Names {
    pub fn new(cap: usize) -> Self {
        Self {
            nodes: vec![Node { parent: 0, at: 0, length: 0 }],
            lower: Vec::new(),
            children: Index::default(),
            whole: Index::default(),
            hashes: vec![0],
            cap,
            new: NewNames { first: 1, ..NewNames::default() },
        }
    }

    fn label(&self, id: u32) -> &[u8] {
        let node = &self.nodes[id as usize];
        let at = node.at as usize;
        &self.lower[at..at + usize::from(node.length)]
    }

    fn child(&self, parent: u32, lower: &[u8]) -> Option<u32> {
        let hash = self.children.hash(parent, lower);
        let same = |id: u32| self.nodes[id as usize].parent == parent && self.label(id) == lower;
        self.children.find(hash, usize::MAX, same)
    }

    fn add(&mut self, parent: u32, lower: &[u8], sent: &[u8]) -> u32 {
        let id = self.nodes.len() as u32;
        self.nodes.push(Node { parent, at: self.lower.len() as u32, length: lower.len() as u8 });
        self.hashes.push(0);
        self.lower.extend_from_slice(lower);
        let hash = self.children.hash(parent, lower);
        let (nodes, labels) = (&self.nodes, &self.lower);
        self.children.insert(hash, id, usize::MAX, |index, id| {
            let node = &nodes[id as usize];
            let at = node.at as usize;
            index.hash(node.parent, &labels[at..at + usize::from(node.length)])
        });
        self.new.parent.push(parent);
        self.new.labels.extend_from_slice(sent);
        self.new.ends.push(self.new.labels.len() as u32);
        id
    }

    /// Whether node `id` is the name, label by label.
    #[inline]
    fn is(&self, id: u32, wire: &[u8]) -> bool {
        let (mut id, mut at) = (id, 0);
        while id != 0 {
            let node = &self.nodes[id as usize];
            let length = usize::from(node.length);
            if usize::from(wire[at]) != length || self.label(id) != &wire[at + 1..=at + length] {
                return false;
            }
            at += length + 1;
            id = node.parent;
        }
        wire[at] == 0
    }

    /// The id of a name with its hash, and whether the cap ended it early.
    #[inline]
    pub fn id(&mut self, name: &Name, hash: u64) -> (u32, bool) {
        let wire = name.lower();
        match self.whole.find(hash, PROBES, |id| self.is(id, wire)) {
            Some(id) => (id, false),
            None => self.walk(name, hash),
        }
    }

    fn walk(&mut self, name: &Name, hash: u64) -> (u32, bool) {
        let mut starts = [0u8; 128];
        let mut count = 0;
        let (lower, sent) = (name.lower(), name.sent());
        let mut at = 0;
        while lower[at] != 0 {
            starts[count] = at as u8;
            count += 1;
            at += usize::from(lower[at]) + 1;
        }
        let mut node = 0;
        for &start in starts[..count].iter().rev() {
            let start = usize::from(start);
            let range = start + 1..=start + usize::from(lower[start]);
            let label = &lower[range.clone()];
            node = match self.child(node, label) {
                Some(child) => child,
                None if self.nodes.len() < self.cap => self.add(node, label, &sent[range]),
                None if node != 0 && self.label(node) == OTHERS => return (node, true),
                None => return (self.child(node, OTHERS).unwrap_or_else(|| self.add(node, OTHERS, OTHERS)), true),
            };
        }
        if self.hashes[node as usize] == 0 {
            self.hashes[node as usize] = hash;
            let hashes = &self.hashes;
            self.whole.insert(hash, node, PROBES, |_, id| hashes[id as usize]);
        }
        (node, false)
    }

    /// What was added since the last call.
    pub fn take_new(&mut self) -> NewNames {
        let next = NewNames { first: self.nodes.len() as u32, ..NewNames::default() };
        std::mem::replace(&mut self.new, next)
    }

    pub fn any_new(&self) -> bool {
        !self.new.parent.is_empty()
    }
}
