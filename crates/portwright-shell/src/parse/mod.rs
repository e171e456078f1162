//! From text to syntax trees.

pub(crate) mod ast;
mod clause;
mod expression;
mod forms;
pub(crate) mod token;

use std::fmt;

use portwright_term::Atom;
use portwright_term::text::{Position, Scanner};

pub use ast::Place;
use ast::{Expr, Form};
use token::Sequence;

/// Deeper nesting than this is a syntax error.
///
/// Enough for generated text; the compiler recurses as deep and runs on a
/// stack that holds it.
pub(crate) const MAX_DEPTH: u32 = 4_000;

/// A text that is no Erlang. Displays as `Line:Column: Text`, worded as OTP
/// words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub place: Place,
    /// What: `syntax error before: ','`.
    pub text: String,
    /// Whether more text could make it right (an open string).
    pub incomplete: bool,
}

impl SyntaxError {
    pub(crate) fn new(place: Place, text: String) -> SyntaxError {
        SyntaxError {
            place,
            text,
            incomplete: false,
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}",
            self.place.line, self.place.column, self.text
        )
    }
}

impl std::error::Error for SyntaxError {}

/// Parses `Expr, Expr, ... .`
pub(crate) fn expressions(sequence: &Sequence) -> Result<Vec<Expr>, SyntaxError> {
    let mut parser = expression::Parser::new(&sequence.tokens, sequence.end);
    let list = parser.expressions()?;
    // erl_parse takes expressions as the body of a function; behind a semicolon
    // it wants the name of the next clause.
    if parser.eat(";") {
        let _ = parser.atom();
        return parser.unexpected();
    }
    parser.expect_dot()?;
    Ok(list)
}

/// Parses the forms of a module or script. `file` is what `?FILE` gives,
/// `module` is `?MODULE` until a `-module` attribute says otherwise.
pub(crate) fn forms(text: &str, file: &str, module: Atom) -> Result<Vec<Form>, Vec<SyntaxError>> {
    forms::parse(text, file, module)
}

/// A scanner that starts at line 1.
pub(crate) fn scanner(text: &str) -> Scanner<'_> {
    Scanner::new(text, Position::START)
}
