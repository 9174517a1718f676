//! No octets make the decoder panic, and every frame has one fate.
#![no_main]

#[path = "../../core/tests/replay/mod.rs"]
#[allow(dead_code)]
mod replay;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    replay::decode(data, usize::MAX, replay::wide());
    replay::decode(data, usize::MAX, replay::tight());
});
