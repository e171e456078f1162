//! I/O lists against a model.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portwright_fuzz::iolist_gather(data));
