//! Captures to columns. The meaning stands in the Python reference (`analyzer/decode/reference*.py`) and in
//! `docs/decoding.md`; this crate is the same, fast, and has no meaning of its own.
#![forbid(unsafe_code)]

mod bpf;
mod container;
mod decoder;
mod dns;
mod fragments;
mod hash;
mod interfaces;
mod layers;
mod ledger;
mod link;
mod net;
mod options;
mod packet;
mod plain;
pub mod table;
mod transport;
mod tunnel;
mod walk;
mod wire;
mod writer;

pub use bpf::Program;
pub use container::{About, NotACapture};
pub use decoder::Decoder;
pub use interfaces::Interface;
pub use ledger::{Fate, Ledger, Note};
pub use options::{Options, Ports};
