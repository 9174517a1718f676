//! Decoding for the sake of checking: everything that came out, comparable; shared with the fuzz targets.

use dnsloupe_core::table::batch::Batch;
use dnsloupe_core::{Decoder, Options, Ports};

/// Everything that a decoder gave.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub rows: usize,
    pub columns: Vec<u8>,
    pub frames: Vec<(String, u64)>,
    pub notes: Vec<(String, u64)>,
    pub about: String,
    pub error: Option<String>,
}

/// Bounds so small that every one of them is met.
pub fn tight() -> Options {
    Options {
        ports: Ports::new(&[53, 5353]),
        programs: None,
        answers: true,
        batch_rows: 3,
        max_names: 8,
        max_addresses: 4,
        max_connections: 2,
        max_tcp_bytes: 4_096,
        max_fragment_bytes: 2_048,
        max_fragment_groups: 2,
        max_interfaces: 2,
        tunnel_depth: 2,
    }
}

/// The default bounds, with answers.
pub fn wide() -> Options {
    Options { answers: true, ..Options::default() }
}

fn write(batch: &Batch, out: &mut Vec<u8>) {
    let mut column = |name: &'static str, size: usize, write: &dyn Fn(&mut [u8])| {
        out.extend_from_slice(name.as_bytes());
        let at = out.len();
        out.resize(at + size, 0);
        write(&mut out[at..]);
        Ok::<(), ()>(())
    };
    let _ = batch.messages.visit(&mut column);
    let _ = batch.answers.visit(&mut column);
    let _ = batch.connections.visit(&mut column);
    let _ = batch.quotes.visit(&mut column);
    out.extend_from_slice(format!("{:?}{}{:?}", batch.names, batch.first_address, batch.addresses).as_bytes());
    out.extend_from_slice(&batch.wire);
}

/// Decodes one file fed in pieces of `chunk` octets. Every frame must have one fate.
///
/// # Panics
/// When the ledger does not add up.
pub fn decode(data: &[u8], chunk: usize, options: Options) -> Outcome {
    let mut decoder = Decoder::new(options);
    let mut batches = Vec::new();
    let result = decoder.open(0).and_then(|()| {
        for piece in data.chunks(chunk.max(1)) {
            batches.extend(decoder.feed(piece)?);
        }
        batches.extend(decoder.finish()?);
        Ok(())
    });
    let mut columns = Vec::new();
    for batch in &batches {
        write(batch, &mut columns);
    }
    let ledger = decoder.ledger();
    let (frames, notes) = (ledger.frames(), ledger.notes());
    assert_eq!(frames.iter().map(|(_, count)| count).sum::<u64>(), ledger.total(), "the ledger adds up");
    let rows = batches.iter().map(|batch| batch.messages.len()).sum();
    let about = format!("{:?}{:?}", decoder.captures(), decoder.interfaces());
    Outcome { rows, columns, frames, notes, about, error: result.err().map(|error| error.0) }
}

/// The same input twice, and in any chunks, gives the same; under wide and tight bounds.
///
/// # Panics
/// When it does not.
pub fn check(data: &[u8], chunks: &[usize]) {
    for options in [wide, tight] {
        let whole = decode(data, usize::MAX, options());
        assert_eq!(whole, decode(data, usize::MAX, options()), "the same input gives the same output");
        for &chunk in chunks {
            assert_eq!(whole, decode(data, chunk, options()), "chunks of {chunk}");
        }
    }
}
