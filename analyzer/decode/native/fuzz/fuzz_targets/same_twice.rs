//! The same octets give the same output, whatever the keys of this process's hash tables.
#![no_main]

#[path = "../../core/tests/replay/mod.rs"]
#[allow(dead_code)]
mod replay;

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::check(data, &[]));
