//! Text as a term, and its printed forms as the same term.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portwright_fuzz::text_parse(data));
