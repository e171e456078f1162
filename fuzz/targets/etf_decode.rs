//! Bytes as a term of the external format.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portwright_fuzz::etf_decode(data));
