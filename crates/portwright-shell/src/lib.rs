//! Erlang expressions: parser, compiler, machine, and the library that
//! expressions call. No terminal in here.
#![forbid(unsafe_code)]

pub mod exception;
mod library;
pub mod native;
pub mod system;

pub use exception::{Class, Exception};
pub use system::{Captured, Output, Standard, Stream, System};
