//! Captures to columns. The meaning stands in the Python reference (`analyzer/decode/reference*.py`) and in
//! `docs/decoding.md`; this crate is the same, fast, and has no meaning of its own.
#![forbid(unsafe_code)]

pub mod bpf;
pub mod container;
mod decoder;
pub mod dns;
pub mod fragments;
pub mod hash;
mod interfaces;
mod ledger;
mod link;
mod net;
mod options;
pub mod packet;
pub mod table;
mod transport;
mod tunnel;
mod walk;
pub mod wire;
mod writer;

pub use container::{About, NotACapture};
pub use decoder::Decoder;
pub use interfaces::Interface;
pub use ledger::{Fate, Ledger, Note};
pub use options::{Options, Ports};
