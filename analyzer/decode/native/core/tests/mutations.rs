//! The corpus of `tests/corpus`, as it is and with seeded damage: never a panic, always the same, in any chunks.

mod replay;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Captures by name.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../tests/corpus");
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).expect("the corpus stands beside the Python tests") {
        let path = entry.expect("a readable folder").path();
        if path.extension().is_some_and(|extension| extension == "hex") {
            let text = fs::read_to_string(&path).expect("a readable file");
            found.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), octets(&text)));
        }
    }
    found.sort();
    assert!(found.len() > 20, "the corpus is there");
    found
}

/// Hex text with comment lines to octets.
fn octets(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::chars)
        .filter_map(|digit| digit.to_digit(16).map(|value| value as u8))
        .collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A small generator of numbers (SplitMix64): the same seed gives the same damage everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }
}

/// Flips bits, overwrites, cuts, repeats and removes.
fn damaged(data: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    const TELLING: [u8; 8] = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff];
    let mut data = data.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(data.len());
        let end = (at + 1 + numbers.below(40)).min(data.len());
        match numbers.below(6) {
            0 => data.truncate(at),
            1 => drop(data.drain(at..end)),
            2 => data.splice(at..at, data[at..end].to_vec()).for_each(drop),
            3 if at < data.len() => data[at] ^= 1 << numbers.below(8),
            _ if at < data.len() => data[at] = TELLING[numbers.below(8)],
            _ => {}
        }
    }
    data
}

#[test]
fn corpus_in_any_chunks() {
    for (_, data) in corpus() {
        replay::check(&data, &[1, 7, 61]);
    }
}

#[test]
fn corpus_holds_messages() {
    let rows: usize = corpus().iter().map(|(_, data)| replay::decode(data, usize::MAX, replay::wide()).rows).sum();
    assert!(rows > 50, "{rows} messages in the corpus");
}

#[test]
fn corpus_damaged() {
    for (number, (_, data)) in corpus().iter().enumerate() {
        let mut numbers = Numbers(number as u64);
        for _ in 0..200 {
            replay::check(&damaged(data, &mut numbers), &[13]);
        }
    }
}

#[test]
fn corpus_cut_at_every_length() {
    for (_, data) in corpus().iter().filter(|(_, data)| data.len() < 1_000) {
        for length in 0..data.len() {
            replay::decode(&data[..length], usize::MAX, replay::wide());
        }
    }
}

/// Ten minutes of damage; `make fuzz` runs it where cargo-fuzz is not installed.
#[test]
#[ignore = "takes ten minutes"]
fn fuzz_corpus() {
    let (corpus, mut numbers) = (corpus(), Numbers(0x5eed));
    let (started, mut executions) = (Instant::now(), 0u64);
    while started.elapsed() < Duration::from_secs(600) {
        for (_, data) in &corpus {
            let one = damaged(data, &mut numbers);
            replay::check(&damaged(&one, &mut numbers), &[1 + numbers.below(64)]);
            executions += 1;
        }
    }
    println!("{executions} executions");
}
