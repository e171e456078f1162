//! A stream in any chunks as `{packet,N}`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portwright::fuzzing::framing_packet(data));
