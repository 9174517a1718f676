//! However the octets are cut on their way in, the output is the same. The first octet says how.
#![no_main]

#[path = "../../core/tests/replay/mod.rs"]
#[allow(dead_code)]
mod replay;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((size, data)) = data.split_first() {
        replay::check(data, &[usize::from(*size) + 1]);
    }
});
