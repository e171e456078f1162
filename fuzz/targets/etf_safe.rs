//! Bytes from strangers as a term, compressed or not.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portwright_fuzz::etf_safe(data));
