//! A stream in any chunks as `{line,L}`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portwright::fuzzing::framing_line(data));
