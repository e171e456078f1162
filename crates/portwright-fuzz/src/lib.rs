//! What must hold for any input whatever: one function for each fuzz target.
//!
//! The targets in `fuzz/targets` call these functions with what libFuzzer makes up;
//! `tests/seeds.rs` calls them with the seeds and with every input that once failed,
//! on stable Rust. The two targets of framing are in `portwright::fuzzing`, next to
//! the private modules that they test. A check fails by a panic.
#![forbid(unsafe_code)]

mod iolist;
mod settings;
mod shell;
mod term;
mod text;

pub use iolist::iolist_gather;
pub use settings::port_settings;
pub use shell::shell_parse;
pub use term::{etf_decode, etf_safe};
pub use text::{scan, text_parse};
