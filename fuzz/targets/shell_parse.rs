//! Text as expressions and as a script.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portwright_fuzz::shell_parse(data));
