//! Erlang expressions: parser, compiler, machine, and the library that
//! expressions call. No terminal in here.
#![forbid(unsafe_code)]

mod bif;
mod code;
mod compile;
mod evaluation;
pub mod evaluator;
pub mod exception;
mod library;
mod machine;
pub mod native;
mod parse;
mod process;
mod registry;
pub mod shell;
mod source;
pub mod system;

pub use evaluator::{Bindings, EvalError, Evaluator, Mode, Program};
pub use exception::{Class, Exception};
pub use machine::StackLimit;
pub use parse::{Place, SyntaxError};
pub use registry::{functions, is_library_module};
pub use system::{Captured, Output, Standard, Stream, System};
