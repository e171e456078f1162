//! Terms as the arguments of `open_port/2`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portwright_fuzz::port_settings(data));
