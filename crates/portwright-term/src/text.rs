//! Erlang's syntax: scanning, parsing and printing.
//!
//! * [`scan`] turns text into tokens. It knows the whole language, so it also
//!   serves a parser of expressions.
//! * [`parse`] turns tokens into terms, as `file:consult/1` does.
//! * [`print`] writes terms as `io_lib:format/2` does with `~w` and `~p`.

pub mod print;
pub mod scan;

pub use print::{Encoding, PrintOptions, format_p, format_w};
pub use scan::{Position, ScanError, Scanner, Token, TokenKind};
