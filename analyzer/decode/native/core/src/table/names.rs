//! The tree of names: every name seen is a node, the root is id 0, compared without regard to ASCII case.

use super::index::Index;
use crate::dns::name::Name;
use crate::wire::Order;

const OTHERS: &[u8] = b"(others)";
/// Full names remembered under one hash neighbourhood; beyond it the walk through the tree answers.
const PROBES: usize = 32;
const FORM: usize = 12;
/// Octets of full names kept; names beyond are found by the walk.
const MOST_FORMS: usize = 64 << 20;

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
    /// Full names by their `qname_hash`, the short way past the walk: places in `forms`.
    whole: Index,
    /// Hash, id and lower-case wire form of such names, side by side: one look at memory answers.
    forms: Vec<u8>,
    cap: usize,
    new: NewNames,
    /// Where the labels of the name at hand begin.
    starts: Vec<usize>,
}

impl Names {
    pub fn new(cap: usize) -> Self {
        Self {
            nodes: vec![Node { parent: 0, at: 0, length: 0 }],
            lower: Vec::new(),
            children: Index::default(),
            whole: Index::default(),
            forms: Vec::new(),
            cap,
            new: NewNames { first: 1, ..NewNames::default() },
            starts: Vec::new(),
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

    /// The id of a name with its hash, and whether the cap ended it early.
    #[inline]
    pub fn id(&mut self, name: &Name, hash: u64) -> (u32, bool) {
        let wire = name.lower();
        // A form ends with the root's zero, and no label before it has length zero: no form is another's beginning.
        let same = |at: u32| self.forms.get(at as usize + FORM..).is_some_and(|form| form.starts_with(wire));
        match self.whole.find(hash, PROBES, same) {
            Some(at) => (number(&self.forms, at as usize + 8) as u32, false),
            None => self.walk(name, hash),
        }
    }

    /// As `Index::touch`.
    #[inline]
    pub fn touch(&self, hash: u64) -> u32 {
        self.whole.touch(hash)
    }

    /// Asks memory for the form of the name that was last entered under a hash like this.
    #[inline]
    pub fn touch_form(&self, hash: u64) -> u8 {
        self.forms.get(self.whole.touch(hash) as usize + FORM).copied().unwrap_or_default()
    }

    fn walk(&mut self, name: &Name, hash: u64) -> (u32, bool) {
        let mut starts = std::mem::take(&mut self.starts);
        starts.clear();
        let (lower, sent) = (name.lower(), name.sent());
        let mut at = 0;
        while lower[at] != 0 {
            starts.push(at);
            at += usize::from(lower[at]) + 1;
        }
        let (mut node, mut capped) = (0, false);
        for start in starts.drain(..).rev() {
            let range = start + 1..=start + usize::from(lower[start]);
            let label = &lower[range.clone()];
            node = match self.child(node, label) {
                Some(child) => child,
                None if self.nodes.len() < self.cap => self.add(node, label, &sent[range]),
                None => {
                    capped = true;
                    node = self.others(node);
                    break;
                }
            };
        }
        self.starts = starts;
        if capped {
            return (node, true);
        }
        let (at, size) = (self.forms.len(), FORM + lower.len());
        let forms = &self.forms;
        let known = |_: &Index, at: u32| number(forms, at as usize) | number(forms, at as usize + 4) << 32;
        if at + size <= MOST_FORMS && self.whole.insert(hash, at as u32, PROBES, known) {
            self.forms.extend_from_slice(&hash.to_le_bytes());
            self.forms.extend_from_slice(&node.to_le_bytes());
            self.forms.extend_from_slice(lower);
        }
        (node, false)
    }

    /// The one child of a node that stands for all that no longer fit.
    fn others(&mut self, parent: u32) -> u32 {
        if parent != 0 && self.label(parent) == OTHERS {
            return parent;
        }
        self.child(parent, OTHERS).unwrap_or_else(|| self.add(parent, OTHERS, OTHERS))
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

/// The 32 bits at `at`.
#[inline]
fn number(forms: &[u8], at: usize) -> u64 {
    Order::Little.u32(forms, at).map_or(0, u64::from)
}
