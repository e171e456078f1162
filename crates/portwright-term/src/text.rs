//! Erlang's syntax: scanning, parsing and printing.
//!
//! * [`scan`] turns text into tokens. It knows the whole language, so it also
//!   serves a parser of expressions.
//! * [`parse`] turns tokens into terms, as `file:consult/1` does.
//! * [`mod@print`] writes terms as `io_lib:format/2` does with `~w` and `~p`.

pub mod parse;
pub mod print;
pub mod scan;

pub use parse::{
    ParseError, ParseOptions, parse_term, parse_term_with, parse_terms, parse_terms_with,
};
pub use print::{
    Encoding, PrintOptions, PrintableRange, chars_w, format_p, format_w, repeated_chars,
    write_atom, write_p, write_w,
};
pub use scan::{Position, ScanError, ScanErrorKind, Scanner, Token, TokenKind};
