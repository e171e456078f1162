//! The tokens of Erlang.
//!
//! Follows `erl_scan` of OTP 25: the same tokens, positions and errors. Text
//! comes in whole; that it ends too early shows in
//! [`ScanError::is_incomplete`].

use std::fmt;

use unicode_segmentation::UnicodeSegmentation;

use crate::text::print::quoted;
use crate::{Atom, Term};

mod number;

/// Where something stands in a text. Both count from 1; columns are
/// characters (code points).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

impl Position {
    /// Line 1, column 1.
    pub const START: Position = Position { line: 1, column: 1 };
}

impl Default for Position {
    fn default() -> Position {
        Position::START
    }
}

/// `Line:Column`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One token and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its first character.
    pub position: Position,
    /// The character after its last one.
    pub end: Position,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenKind {
    /// An atom, bare or quoted.
    Atom(Atom),
    /// A variable, `_` too.
    Variable(String),
    /// An integer in any base.
    Integer(Term),
    /// A float.
    Float(f64),
    /// A character, `$c`.
    Char(char),
    /// A string; what it means is the list of its characters.
    String(String),
    /// A reserved word, one of [`RESERVED_WORDS`]: `case`, `end`, `div` ...
    Reserved(&'static str),
    /// An operator or a bracket, one of [`SYMBOLS`].
    Symbol(&'static str),
    /// A character of Latin-1 that means nothing in the language.
    Stray(char),
    /// The full stop: a dot before white space, a comment or the end.
    Dot,
}

/// The text the token stands for in a message, as `erl_parse` shows it.
impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenKind::Atom(atom) => write!(f, "{atom:?}"),
            TokenKind::Variable(name) => f.write_str(name),
            TokenKind::Integer(value) => write!(f, "{value:?}"),
            TokenKind::Float(value) => write!(f, "{:?}", Term::Float(*value)),
            TokenKind::Char(' ') => f.write_str("$\\s"),
            TokenKind::Char(c) => {
                // Escaped as in a quoted text, but without the quotes.
                let shown = quoted(c.encode_utf8(&mut [0; 4]), '"');
                let inner = &shown[1..shown.len() - 1];
                write!(f, "${}", if inner == "\\\"" { "\"" } else { inner })
            }
            TokenKind::String(text) => f.write_str(&quoted(text, '"')),
            TokenKind::Reserved(word) => write!(f, "'{word}'"),
            TokenKind::Symbol(symbol) => write!(f, "'{symbol}'"),
            TokenKind::Stray(c) => write!(f, "'{c}'"),
            TokenKind::Dot => f.write_str("'.'"),
        }
    }
}

/// The words that cannot be bare atoms.
pub const RESERVED_WORDS: [&str; 27] = [
    "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case",
    "catch", "cond", "div", "end", "fun", "if", "let", "not", "of", "or", "orelse", "receive",
    "rem", "try", "when", "xor",
];

/// Operators and brackets, longer ones before their beginnings.
pub const SYMBOLS: [&str; 49] = [
    "...", "=:=", "=/=", "..", "?=", "<<", "<-", "<=", ">>", ">=", "->", "--", "++", "=<", "=>",
    "==", "/=", "||", ":=", "::", ",", "(", ")", "{", "}", "[", "]", ";", ".", "=", ":", "|", "#",
    "/", "?", "-", "+", "*", "<", ">", "!", "@", "\\", "^", "`", "~", "&", "$", "\"",
];

/// Why a text cannot be split into tokens. Displays as `erl_scan` words it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct ScanError {
    /// Where the faulty token begins; within strings, where the escape does.
    pub position: Position,
    /// What is wrong.
    pub kind: ScanErrorKind,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanErrorKind {
    /// A string or a quoted atom does not end.
    #[error(
        "unterminated {} starting with {}",
        if *.quote == '\'' { "atom" } else { "string" },
        quoted(.head, *.quote)
    )]
    Unterminated {
        /// The quote that is missing, `"` or `'`.
        quote: char,
        /// Its first 16 characters (grapheme clusters).
        head: String,
    },
    /// The text ends within `$c`.
    #[error("unterminated character")]
    Char,
    /// A character that has no place there, or a bad escape.
    #[error("illegal character")]
    IllegalCharacter,
    /// An atom of more than 255 characters, or the atom table is full.
    #[error("illegal atom")]
    IllegalAtom,
    /// A variable of more than 255 characters.
    #[error("illegal var")]
    IllegalVariable,
    /// A base without digits, or an integer beyond what Erlang takes.
    #[error("illegal integer")]
    IllegalInteger,
    /// A float beyond the range of floats, or without digits in the exponent.
    #[error("illegal float")]
    IllegalFloat,
    /// A base that is not 2 to 36.
    #[error("illegal base '{base}'")]
    IllegalBase {
        /// The base, as digits.
        base: String,
    },
}

impl ScanError {
    /// `true` when more text could make it right: a string or a character is
    /// open. A shell then asks for another line.
    pub fn is_incomplete(&self) -> bool {
        matches!(
            self.kind,
            ScanErrorKind::Unterminated { .. } | ScanErrorKind::Char
        )
    }
}

/// Splits a text into tokens.
///
/// # Examples
///
/// ```
/// use portwright_term::text::{Position, Scanner, TokenKind};
///
/// let mut scanner = Scanner::new("X = {ok, 16#ff}.", Position::START);
/// let first = scanner.next_token().unwrap().unwrap();
/// assert_eq!(first.kind, TokenKind::Variable("X".into()));
/// let second = scanner.next_token().unwrap().unwrap();
/// assert_eq!((second.kind, second.position.column), (TokenKind::Symbol("="), 3));
/// ```
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    rest: &'a str,
    position: Position,
}

impl<'a> Scanner<'a> {
    /// A scanner of `text`, whose first character stands at `start`.
    pub fn new(text: &'a str, start: Position) -> Scanner<'a> {
        Scanner {
            rest: text,
            position: start,
        }
    }

    /// Where the next character stands.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The text that has not been scanned yet.
    pub fn rest(&self) -> &'a str {
        self.rest
    }

    /// The next token, or `None` at the end of the text.
    ///
    /// # Errors
    ///
    /// [`ScanError`]. The scanner then stands behind what it had to give up.
    pub fn next_token(&mut self) -> Result<Option<Token>, ScanError> {
        self.skip_blank()?;
        let position = self.position;
        let Some(first) = self.peek() else {
            return Ok(None);
        };
        let kind = match first {
            'a'..='z' | 'ß'..='ö' | 'ø'..='ÿ' => self.atom()?,
            'A'..='Z' | '_' | 'À'..='Ö' | 'Ø'..='Þ' => self.variable()?,
            '0'..='9' => self.number()?,
            '"' => TokenKind::String(self.quoted_text('"')?),
            '\'' => {
                let text = self.quoted_text('\'')?;
                let atom =
                    Atom::new(&text).map_err(|_| fault(position, ScanErrorKind::IllegalAtom))?;
                TokenKind::Atom(atom)
            }
            '$' => self.character()?,
            '.' if self.at_full_stop() => {
                self.advance();
                // The white space behind belongs to it, so that a second
                // scanner can go on with the rest.
                if self.peek().is_some_and(is_blank) {
                    self.advance();
                }
                return Ok(Some(Token {
                    kind: TokenKind::Dot,
                    position,
                    end: self.position,
                }));
            }
            other => match SYMBOLS
                .iter()
                .find(|symbol| self.rest.starts_with(**symbol))
            {
                Some(symbol) => {
                    symbol.chars().for_each(|_| self.advance());
                    TokenKind::Symbol(symbol)
                }
                None => {
                    self.advance();
                    if u32::from(other) > 0xff {
                        return Err(fault(position, ScanErrorKind::IllegalCharacter));
                    }
                    TokenKind::Stray(other)
                }
            },
        };
        Ok(Some(Token {
            kind,
            position,
            end: self.position,
        }))
    }

    /// Leaves out the next `count` characters.
    pub(super) fn skip(&mut self, count: usize) {
        (0..count).for_each(|_| self.advance());
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Takes one character, if there is one.
    fn advance(&mut self) {
        let mut chars = self.rest.chars();
        match chars.next() {
            Some('\n') => {
                self.position.line = self.position.line.saturating_add(1);
                self.position.column = 1;
            }
            Some(_) => self.position.column = self.position.column.saturating_add(1),
            None => {}
        }
        self.rest = chars.as_str();
    }

    /// Takes the characters that `belongs` accepts and returns them.
    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let whole = self.rest;
        while self.peek().is_some_and(&belongs) {
            self.advance();
        }
        &whole[..whole.len() - self.rest.len()]
    }

    fn skip_blank(&mut self) -> Result<(), ScanError> {
        loop {
            self.take_while(is_blank);
            if self.peek() != Some('%') {
                return Ok(());
            }
            let start = self.position;
            self.take_while(|c| c != '\n' && is_text(c));
            if self.peek().is_some_and(|c| c != '\n') {
                self.advance();
                return Err(fault(start, ScanErrorKind::IllegalCharacter));
            }
        }
    }

    fn at_full_stop(&self) -> bool {
        self.rest[1..]
            .chars()
            .next()
            .is_none_or(|next| next == '%' || is_blank(next))
    }

    fn atom(&mut self) -> Result<TokenKind, ScanError> {
        let position = self.position;
        let name = self.take_while(is_name);
        if let Ok(word) = RESERVED_WORDS.binary_search(&name) {
            return Ok(TokenKind::Reserved(RESERVED_WORDS[word]));
        }
        let atom = Atom::new(name).map_err(|_| fault(position, ScanErrorKind::IllegalAtom))?;
        Ok(TokenKind::Atom(atom))
    }

    fn variable(&mut self) -> Result<TokenKind, ScanError> {
        let position = self.position;
        let name = self.take_while(is_name);
        if name.chars().count() > Atom::MAX_CHARS {
            return Err(fault(position, ScanErrorKind::IllegalVariable));
        }
        Ok(TokenKind::Variable(name.to_owned()))
    }

    fn character(&mut self) -> Result<TokenKind, ScanError> {
        let position = self.position;
        self.advance();
        let value = match self.peek() {
            None => return Err(fault(position, ScanErrorKind::Char)),
            Some('\\') => match self.escape() {
                Ok(value) => value,
                Err(Escape::End) => return Err(fault(position, ScanErrorKind::Char)),
                Err(Escape::Illegal) => {
                    return Err(fault(position, ScanErrorKind::IllegalCharacter));
                }
            },
            Some(c) => {
                self.advance();
                if !is_text(c) {
                    return Err(fault(position, ScanErrorKind::IllegalCharacter));
                }
                c
            }
        };
        Ok(TokenKind::Char(value))
    }

    /// What stands between two quotes, escapes resolved.
    fn quoted_text(&mut self, quote: char) -> Result<String, ScanError> {
        let start = self.position;
        self.advance();
        let mut text = String::new();
        loop {
            let position = self.position;
            match self.peek() {
                Some(c) if c == quote => {
                    self.advance();
                    return Ok(text);
                }
                Some('\\') => match self.escape() {
                    Ok(value) => text.push(value),
                    Err(Escape::End) => return Err(unterminated(start, quote, &text)),
                    Err(Escape::Illegal) => {
                        return Err(fault(position, ScanErrorKind::IllegalCharacter));
                    }
                },
                Some(c) => {
                    self.advance();
                    if !is_text(c) {
                        return Err(fault(position, ScanErrorKind::IllegalCharacter));
                    }
                    text.push(c);
                }
                None => return Err(unterminated(start, quote, &text)),
            }
        }
    }

    /// Takes an escape from its backslash on.
    fn escape(&mut self) -> Result<char, Escape> {
        self.advance();
        let Some(c) = self.peek() else {
            return Err(Escape::End);
        };
        self.advance();
        match c {
            '0'..='7' => {
                let mut value = u32::from(c) - u32::from('0');
                for _ in 0..2 {
                    match self.peek().and_then(|c| c.to_digit(8)) {
                        Some(digit) => {
                            self.advance();
                            value = value * 8 + digit;
                        }
                        None => break,
                    }
                }
                char::from_u32(value).ok_or(Escape::Illegal)
            }
            'x' => self.hexadecimal(),
            '^' => {
                let Some(c) = self.peek() else {
                    return Err(Escape::End);
                };
                self.advance();
                // `\^` before a line end is that line end.
                if c == '\n' {
                    return Ok(c);
                }
                char::from_u32(u32::from(c) & 31).ok_or(Escape::Illegal)
            }
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\u{b}'),
            'b' => Ok('\u{8}'),
            'f' => Ok('\u{c}'),
            'e' => Ok('\u{1b}'),
            's' => Ok(' '),
            'd' => Ok('\u{7f}'),
            c if is_text(c) => Ok(c),
            _ => Err(Escape::Illegal),
        }
    }

    /// Takes what follows `\x`: two digits, or any number of them in braces.
    fn hexadecimal(&mut self) -> Result<char, Escape> {
        if self.rest.is_empty() {
            return Err(Escape::End);
        }
        if self.peek() == Some('{') {
            self.advance();
            let digits = self.take_while(|c| c.is_ascii_hexdigit());
            match self.peek() {
                None => return Err(Escape::End),
                Some('}') => self.advance(),
                Some(_) => return Err(Escape::Illegal),
            }
            return u32::from_str_radix(digits, 16)
                .ok()
                .and_then(char::from_u32)
                .filter(|c| is_text(*c))
                .ok_or(Escape::Illegal);
        }
        let mut value = 0;
        for _ in 0..2 {
            let digit = self
                .peek()
                .and_then(|c| c.to_digit(16))
                .ok_or(Escape::Illegal)?;
            self.advance();
            value = value * 16 + digit;
        }
        char::from_u32(value).ok_or(Escape::Illegal)
    }
}

/// Why an escape yields no character.
enum Escape {
    End,
    Illegal,
}

fn fault(position: Position, kind: ScanErrorKind) -> ScanError {
    ScanError { position, kind }
}

fn unterminated(position: Position, quote: char, text: &str) -> ScanError {
    let head = text.graphemes(true).take(16).collect();
    fault(position, ScanErrorKind::Unterminated { quote, head })
}

/// White space: the control characters up to space, and those up to 160.
fn is_blank(c: char) -> bool {
    matches!(c, '\0'..=' ' | '\u{80}'..='\u{a0}')
}

/// What may stand in strings and comments.
fn is_text(c: char) -> bool {
    !matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// What may follow in a name.
pub(crate) fn is_name(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '@' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ÿ')
}

/// `true` when a bare word is reserved and thus no atom.
pub fn is_reserved_word(word: &str) -> bool {
    RESERVED_WORDS.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests;
