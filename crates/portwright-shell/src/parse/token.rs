//! Tokens as the parser wants them, and where sequences of them end.

use portwright_term::text::{Position, Scanner, TokenKind as Scanned};
use portwright_term::{Atom, Term};

use super::SyntaxError;
use super::ast::Place;

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) place: Place,
    pub(crate) kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    Atom(Atom),
    Variable(Atom),
    Integer(Term),
    Float(f64),
    Char(u32),
    String(Box<[u32]>),
    /// Reserved words, operators and brackets.
    Symbol(&'static str),
    Stray(char),
    Dot,
}

impl TokenKind {
    /// The token as it is written.
    pub(crate) fn text(&self) -> String {
        match self {
            TokenKind::Symbol(symbol) => (*symbol).to_owned(),
            other => other.error_text(),
        }
    }

    /// The token as `erl_parse` shows it in a message.
    pub(crate) fn error_text(&self) -> String {
        let scanned = match self {
            TokenKind::Atom(atom) => Scanned::Atom(*atom),
            TokenKind::Variable(name) => return name.as_str().to_owned(),
            TokenKind::Integer(value) => Scanned::Integer(value.clone()),
            TokenKind::Float(value) => Scanned::Float(*value),
            TokenKind::Char(value) => {
                Scanned::Char(char::from_u32(*value).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            TokenKind::String(text) => Scanned::String(
                text.iter()
                    .filter_map(|point| char::from_u32(*point))
                    .collect(),
            ),
            TokenKind::Symbol(symbol) => return quoted(symbol),
            TokenKind::Stray(c) => Scanned::Stray(*c),
            TokenKind::Dot => Scanned::Dot,
        };
        scanned.to_string()
    }
}

/// A symbol as an atom that always has quotes.
fn quoted(symbol: &str) -> String {
    format!("'{}'", symbol.replace('\\', "\\\\"))
}

impl From<Position> for Place {
    fn from(position: Position) -> Place {
        Place {
            line: position.line,
            column: position.column,
        }
    }
}

/// The tokens up to and with the next full stop.
pub(crate) struct Sequence {
    pub(crate) tokens: Vec<Token>,
    /// Where the text goes on after it.
    pub(crate) end: Place,
    /// Whether a full stop ended it, not the end of the text.
    pub(crate) complete: bool,
}

/// Reads up to the next full stop; `None` when nothing but space is left.
///
/// After an error the scanner stands behind the faulty token.
pub(crate) fn next_sequence(scanner: &mut Scanner<'_>) -> Result<Option<Sequence>, SyntaxError> {
    let mut tokens = Vec::new();
    loop {
        let scanned = scanner.next_token().map_err(|error| {
            let mut syntax = SyntaxError::new(error.position.into(), error.kind.to_string());
            syntax.incomplete = error.is_incomplete();
            syntax
        })?;
        let Some(token) = scanned else {
            let end = scanner.position().into();
            return Ok((!tokens.is_empty()).then_some(Sequence {
                tokens,
                end,
                complete: false,
            }));
        };
        let place = token.position.into();
        let kind = match token.kind {
            Scanned::Atom(atom) => TokenKind::Atom(atom),
            Scanned::Variable(name) => TokenKind::Variable(
                Atom::new(&name).map_err(|_| SyntaxError::new(place, "illegal var".to_owned()))?,
            ),
            Scanned::Integer(value) => TokenKind::Integer(value),
            Scanned::Float(value) => TokenKind::Float(value),
            Scanned::Char(value) => TokenKind::Char(u32::from(value)),
            Scanned::String(text) => TokenKind::String(text.chars().map(u32::from).collect()),
            Scanned::Reserved(word) => TokenKind::Symbol(word),
            Scanned::Symbol(symbol) => TokenKind::Symbol(symbol),
            Scanned::Stray(c) => TokenKind::Stray(c),
            Scanned::Dot => TokenKind::Dot,
        };
        let dot = kind == TokenKind::Dot;
        tokens.push(Token { place, kind });
        if dot {
            let end = scanner.position().into();
            return Ok(Some(Sequence {
                tokens,
                end,
                complete: true,
            }));
        }
    }
}
