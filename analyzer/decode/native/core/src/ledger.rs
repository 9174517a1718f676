//! What became of every frame: each has exactly one fate, so the counts always add up to the frames seen.

use std::collections::BTreeMap;

/// What one frame came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Message,
    Part,
    TcpControl,
    IcmpQuote,
    Mdns,
    Llmnr,
    Nbns,
    Other,
    Filtered,
    Snaplen,
    FragmentMissing,
    FragmentOverlap,
    TcpGap,
    MalformedLink,
    MalformedIp,
    MalformedTransport,
    MalformedTunnel,
    TunnelDepth,
    DnsHeader,
    FilterLinkType,
    Encrypted,
    LinkType(u32),
}

const WORDS: [&str; 21] = [
    "message",
    "part",
    "tcp-control",
    "icmp-quote",
    "mdns",
    "llmnr",
    "nbns",
    "other",
    "filtered",
    "skipped.snaplen",
    "skipped.fragment-missing",
    "skipped.fragment-overlap",
    "skipped.tcp-gap",
    "skipped.malformed-link",
    "skipped.malformed-ip",
    "skipped.malformed-transport",
    "skipped.malformed-tunnel",
    "skipped.tunnel-depth",
    "skipped.dns-header",
    "skipped.filter-link-type",
    "skipped.encrypted",
];

impl Fate {
    fn slot(self) -> Option<usize> {
        Some(match self {
            Self::Message => 0,
            Self::Part => 1,
            Self::TcpControl => 2,
            Self::IcmpQuote => 3,
            Self::Mdns => 4,
            Self::Llmnr => 5,
            Self::Nbns => 6,
            Self::Other => 7,
            Self::Filtered => 8,
            Self::Snaplen => 9,
            Self::FragmentMissing => 10,
            Self::FragmentOverlap => 11,
            Self::TcpGap => 12,
            Self::MalformedLink => 13,
            Self::MalformedIp => 14,
            Self::MalformedTransport => 15,
            Self::MalformedTunnel => 16,
            Self::TunnelDepth => 17,
            Self::DnsHeader => 18,
            Self::FilterLinkType => 19,
            Self::Encrypted => 20,
            Self::LinkType(_) => return None,
        })
    }
}

/// Things counted that are no frames; the discriminant is the place in `NOTES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    CappedNames,
    CappedAddresses,
    TcpEvicted,
    TcpDroppedOctets,
    FragmentEvicted,
    FragmentTimeout,
    ZeroLengthMessages,
}

const NOTES: [&str; 7] = [
    "capped-names",
    "capped-addresses",
    "tcp-evicted",
    "tcp-dropped-octets",
    "fragment-evicted",
    "fragment-timeout",
    "zero-length-messages",
];

/// The account of all frames of all files so far.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    total: u64,
    counts: [u64; WORDS.len()],
    link_types: BTreeMap<u32, u64>,
    notes: [u64; NOTES.len()],
}

impl Ledger {
    /// Enters a frame.
    #[inline]
    pub fn enter(&mut self, fate: Fate) {
        self.total += 1;
        self.add(fate, 1);
    }

    /// As `enter` with `Fate::Message`.
    #[inline]
    pub fn enter_message(&mut self) {
        self.total += 1;
        self.counts[0] += 1;
    }

    /// Gives frames that were entered before another fate.
    pub fn shift(&mut self, from: Fate, to: Fate, frames: u64) {
        if from == to || frames == 0 {
            return;
        }
        if let Some(slot) = from.slot() {
            self.counts[slot] -= frames;
            self.add(to, frames);
        }
    }

    fn add(&mut self, fate: Fate, frames: u64) {
        match (fate.slot(), fate) {
            (Some(slot), _) => self.counts[slot] += frames,
            (None, Fate::LinkType(number)) => *self.link_types.entry(number).or_default() += frames,
            (None, _) => {}
        }
    }

    pub fn note(&mut self, note: Note, count: u64) {
        self.notes[note as usize] += count;
    }

    pub fn total(&self) -> u64 {
        self.total
    }

    /// Every count that is not zero, by its word in the contract.
    pub fn frames(&self) -> Vec<(String, u64)> {
        let fixed = WORDS.iter().zip(self.counts).map(|(word, count)| ((*word).to_owned(), count));
        let links = self.link_types.iter().map(|(number, count)| (format!("skipped.link-type-{number}"), *count));
        fixed.chain(links).filter(|(_, count)| *count > 0).collect()
    }

    /// Every note that is not zero.
    pub fn notes(&self) -> Vec<(String, u64)> {
        let all = NOTES.iter().zip(self.notes).map(|(word, count)| ((*word).to_owned(), count));
        all.filter(|(_, count)| *count > 0).collect()
    }
}
