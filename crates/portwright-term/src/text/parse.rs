//! Terms from text, as `file:consult/1` and `erl_parse:parse_term/1` read them.
//!
//! Literals only: no variables, no calls, no operators but a sign in front of a
//! number. Nesting costs heap, not stack, so there is no limit to it.

use crate::text::scan::{Position, ScanError, Scanner, Token, TokenKind};
use crate::{Atom, Fun, Pid, PortId, Reference, Term, atoms};

mod bits;

/// What counts as a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseOptions {
    /// Also read `<0.1.0>`, `#Port<0.1>` and `#Ref<0.1.2.3>`, which are no terms
    /// in Erlang's own syntax. Only identifiers of the own node (a 0 in front).
    /// Default: no.
    pub identifiers: bool,
    /// The node of identifiers. Default: `nonode@nohost`.
    pub local_node: Atom,
    /// The creation of identifiers. Default: 0.
    pub local_creation: u32,
    /// Bits that all segments with a size, such as `0:64` in `<<0:64>>`, may have
    /// together, since a few characters ask for any number of them. Default: 2^30.
    pub max_sized_bits: usize,
}

impl Default for ParseOptions {
    fn default() -> ParseOptions {
        ParseOptions {
            identifiers: false,
            local_node: atoms::NONODE_NOHOST,
            local_creation: 0,
            max_sized_bits: 1 << 30,
        }
    }
}

/// Why a text is no term. Displays as `Line:Column: what is wrong`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The text does not split into tokens.
    #[error("{}: {}", .0.position, .0)]
    Scan(#[from] ScanError),
    /// A token stands where it cannot stand.
    #[error("{position}: syntax error before: {token}")]
    Syntax {
        /// Where the token begins.
        position: Position,
        /// The token, as `erl_parse` shows it.
        token: String,
    },
    /// The text ends within a term, or without the full stop that it needs.
    #[error("{position}: the text ends within a term, or without a full stop")]
    End {
        /// Where the text ends.
        position: Position,
    },
    /// An expression, such as a variable, where a term must stand.
    #[error("{position}: bad term: {token} is not part of a constant")]
    BadTerm {
        /// Where the token begins.
        position: Position,
        /// The token, as `erl_parse` shows it.
        token: String,
    },
    /// A segment of a bitstring does not make sense.
    #[error("{position}: bad segment in a bitstring: {why}")]
    BadSegment {
        /// Where the segment begins.
        position: Position,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A pid, port or reference that is not of the own node, or malformed.
    #[error("{position}: bad identifier; only those of the own node, such as <0.1.0>, can be read")]
    BadIdentifier {
        /// Where it begins.
        position: Position,
    },
}

impl ParseError {
    /// Where the text goes wrong.
    pub fn position(&self) -> Position {
        match self {
            ParseError::Scan(error) => error.position,
            ParseError::Syntax { position, .. }
            | ParseError::End { position }
            | ParseError::BadTerm { position, .. }
            | ParseError::BadSegment { position, .. }
            | ParseError::BadIdentifier { position } => *position,
        }
    }

    /// `true` when more text could make it right.
    pub fn is_incomplete(&self) -> bool {
        match self {
            ParseError::Scan(error) => error.is_incomplete(),
            ParseError::End { .. } => true,
            _ => false,
        }
    }
}

/// Reads one term. A full stop may end it; nothing may follow.
///
/// # Errors
///
/// [`ParseError`].
///
/// # Examples
///
/// ```
/// use portwright_term::{Term, atoms, text};
///
/// let term = text::parse_term("{ok, \"abc\"}.").unwrap();
/// assert_eq!(term, Term::tuple([Term::from(atoms::OK), Term::string("abc")]));
/// ```
pub fn parse_term(text: &str) -> Result<Term, ParseError> {
    parse_term_with(text, &ParseOptions::default())
}

/// [`parse_term`] with options.
///
/// # Errors
///
/// [`ParseError`].
pub fn parse_term_with(text: &str, options: &ParseOptions) -> Result<Term, ParseError> {
    let mut parser = Parser::new(text, options);
    let term = parser.term()?;
    parser.take_if(&TokenKind::Dot)?;
    match parser.next()? {
        None => Ok(term),
        Some(token) => Err(syntax(&token)),
    }
}

/// Reads terms that end with a full stop each, as `file:consult/1` does.
///
/// # Errors
///
/// [`ParseError`]; nothing of the text is returned then.
///
/// # Examples
///
/// ```
/// let terms = portwright_term::text::parse_terms("one. % first\n{two, 2}.\n").unwrap();
/// assert_eq!(terms.len(), 2);
/// ```
pub fn parse_terms(text: &str) -> Result<Vec<Term>, ParseError> {
    parse_terms_with(text, &ParseOptions::default())
}

/// [`parse_terms`] with options.
///
/// # Errors
///
/// [`ParseError`].
pub fn parse_terms_with(text: &str, options: &ParseOptions) -> Result<Vec<Term>, ParseError> {
    let mut parser = Parser::new(text, options);
    let mut terms = Vec::new();
    while parser.peek()?.is_some() {
        terms.push(parser.term()?);
        let token = parser.need()?;
        if token.kind != TokenKind::Dot {
            return Err(syntax(&token));
        }
    }
    Ok(terms)
}

fn syntax(token: &Token) -> ParseError {
    ParseError::Syntax {
        position: token.position,
        token: token.kind.to_string(),
    }
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    ahead: Option<Token>,
    options: ParseOptions,
    /// What is left of `max_sized_bits`.
    sized_bits: usize,
}

/// A bracket that is open; its terms gather in one common stack.
struct Open {
    kind: Bracket,
    first: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Bracket {
    List,
    /// Behind the `|`.
    ListTail,
    Tuple,
    /// A key comes next, or `}`.
    MapKey,
    MapValue,
    Parenthesis,
}

/// What a value begins with.
enum Begin {
    Value(Term),
    Open(Bracket),
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, options: &ParseOptions) -> Parser<'a> {
        Parser {
            scanner: Scanner::new(text, Position::START),
            ahead: None,
            options: *options,
            sized_bits: options.max_sized_bits,
        }
    }

    fn next(&mut self) -> Result<Option<Token>, ParseError> {
        match self.ahead.take() {
            Some(token) => Ok(Some(token)),
            None => Ok(self.scanner.next_token()?),
        }
    }

    fn peek(&mut self) -> Result<Option<&TokenKind>, ParseError> {
        if self.ahead.is_none() {
            self.ahead = self.scanner.next_token()?;
        }
        Ok(self.ahead.as_ref().map(|token| &token.kind))
    }

    /// The next token, where there must be one.
    fn need(&mut self) -> Result<Token, ParseError> {
        self.next()?.ok_or(ParseError::End {
            position: self.scanner.position(),
        })
    }

    fn take_if(&mut self, kind: &TokenKind) -> Result<bool, ParseError> {
        let taken = self.peek()? == Some(kind);
        if taken {
            self.ahead = None;
        }
        Ok(taken)
    }

    fn take_symbol(&mut self, symbol: &'static str) -> Result<bool, ParseError> {
        self.take_if(&TokenKind::Symbol(symbol))
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), ParseError> {
        let token = self.need()?;
        if token.kind == TokenKind::Symbol(symbol) {
            Ok(())
        } else {
            Err(syntax(&token))
        }
    }

    fn term(&mut self) -> Result<Term, ParseError> {
        let mut open: Vec<Open> = Vec::new();
        let mut terms: Vec<Term> = Vec::new();
        loop {
            match self.begin()? {
                Begin::Value(term) => terms.push(term),
                Begin::Open(kind) => {
                    open.push(Open {
                        kind,
                        first: terms.len(),
                    });
                    continue;
                }
            }
            // A value is complete; what follows depends on the bracket around it.
            loop {
                let Some(top) = open.last_mut() else {
                    // Without brackets there is exactly the one term.
                    return Ok(terms.pop().unwrap_or(Term::Nil));
                };
                let token = self.need()?;
                let TokenKind::Symbol(symbol) = token.kind else {
                    return Err(syntax(&token));
                };
                let first = top.first;
                let term = match (top.kind, symbol) {
                    (Bracket::List | Bracket::Tuple, ",") => break,
                    (Bracket::List, "|") => {
                        top.kind = Bracket::ListTail;
                        break;
                    }
                    (Bracket::MapKey, "=>") => {
                        top.kind = Bracket::MapValue;
                        break;
                    }
                    (Bracket::MapValue, ",") => {
                        top.kind = Bracket::MapKey;
                        break;
                    }
                    (Bracket::List, "]") => Term::list(terms.drain(first..)),
                    (Bracket::ListTail, "]") => {
                        let tail = terms.pop().unwrap_or(Term::Nil);
                        Term::improper_list(terms.drain(first..), tail)
                    }
                    (Bracket::Tuple, "}") => Term::tuple(terms.drain(first..)),
                    (Bracket::MapValue, "}") => {
                        let mut rest = terms.drain(first..);
                        let mut entries = Vec::new();
                        while let (Some(key), Some(value)) = (rest.next(), rest.next()) {
                            entries.push((key, value));
                        }
                        drop(rest);
                        Term::map(entries)
                    }
                    (Bracket::Parenthesis, ")") => {
                        open.pop();
                        continue;
                    }
                    _ => return Err(syntax(&token)),
                };
                terms.push(term);
                open.pop();
            }
        }
    }

    /// Reads a value, or the bracket it begins with.
    fn begin(&mut self) -> Result<Begin, ParseError> {
        let token = self.need()?;
        let position = token.position;
        let value = match token.kind {
            TokenKind::Atom(atom) => Term::Atom(atom),
            TokenKind::Integer(value) => value,
            TokenKind::Float(value) => Term::Float(value),
            TokenKind::Char(c) => Term::from(u32::from(c)),
            TokenKind::String(text) => Term::string(&self.joined(text)?),
            TokenKind::Symbol("-") => self.signed(true)?,
            TokenKind::Symbol("+") => self.signed(false)?,
            TokenKind::Symbol("[") => {
                if !self.take_symbol("]")? {
                    return Ok(Begin::Open(Bracket::List));
                }
                Term::Nil
            }
            TokenKind::Symbol("{") => {
                if !self.take_symbol("}")? {
                    return Ok(Begin::Open(Bracket::Tuple));
                }
                Term::tuple([])
            }
            TokenKind::Symbol("(") => return Ok(Begin::Open(Bracket::Parenthesis)),
            TokenKind::Symbol("<<") => self.bitstring()?,
            TokenKind::Symbol("<") if self.options.identifiers => {
                let numbers = self.identifier(position)?;
                match numbers[..] {
                    [0, id, serial] => self.pid(id, serial),
                    _ => None,
                }
                .ok_or(ParseError::BadIdentifier { position })?
            }
            TokenKind::Symbol("#") => {
                let token = self.need()?;
                match token.kind {
                    TokenKind::Symbol("{") => {
                        if !self.take_symbol("}")? {
                            return Ok(Begin::Open(Bracket::MapKey));
                        }
                        Term::map([])
                    }
                    TokenKind::Variable(ref kind) if self.options.identifiers => {
                        let is_port = match kind.as_str() {
                            "Port" => true,
                            "Ref" => false,
                            _ => return Err(syntax(&token)),
                        };
                        self.expect("<")?;
                        let numbers = self.identifier(position)?;
                        if is_port {
                            self.port(&numbers)
                        } else {
                            self.reference(&numbers)
                        }
                        .ok_or(ParseError::BadIdentifier { position })?
                    }
                    _ => return Err(syntax(&token)),
                }
            }
            TokenKind::Reserved("fun") => self.fun()?,
            TokenKind::Variable(_) => {
                let token = token.kind.to_string();
                return Err(ParseError::BadTerm { position, token });
            }
            _ => return Err(syntax(&token)),
        };
        Ok(Begin::Value(value))
    }

    /// Joins the strings that follow each other.
    fn joined(&mut self, mut text: String) -> Result<String, ParseError> {
        while let Some(TokenKind::String(more)) = self.peek()? {
            text.push_str(more);
            self.ahead = None;
        }
        Ok(text)
    }

    /// The number behind a sign.
    fn signed(&mut self, minus: bool) -> Result<Term, ParseError> {
        let token = self.need()?;
        let value = match token.kind {
            TokenKind::Integer(value) => value,
            TokenKind::Float(value) => Term::Float(value),
            TokenKind::Char(c) => Term::from(u32::from(c)),
            TokenKind::Variable(_) => {
                let (position, token) = (token.position, token.kind.to_string());
                return Err(ParseError::BadTerm { position, token });
            }
            _ => return Err(syntax(&token)),
        };
        Ok(if minus {
            crate::number::negated(value)
        } else {
            value
        })
    }

    /// `Module:Function/Arity` behind `fun`.
    fn fun(&mut self) -> Result<Term, ParseError> {
        let module = self.atom()?;
        self.expect(":")?;
        let function = self.atom()?;
        self.expect("/")?;
        let token = self.need()?;
        match &token.kind {
            TokenKind::Integer(Term::Integer(arity @ 0..=255)) => Ok(Term::Fun(Fun::External {
                module,
                function,
                arity: *arity as u8,
            })),
            _ => Err(syntax(&token)),
        }
    }

    fn atom(&mut self) -> Result<Atom, ParseError> {
        let token = self.need()?;
        match token.kind {
            TokenKind::Atom(atom) => Ok(atom),
            _ => Err(syntax(&token)),
        }
    }

    /// The numbers of an identifier up to its `>`. Read from the text, because
    /// as tokens `0.10.0` would be a float, a dot and an integer.
    fn identifier(&mut self, position: Position) -> Result<Vec<u64>, ParseError> {
        let bad = ParseError::BadIdentifier { position };
        // No identifier is longer.
        let text: String = self.scanner.rest().chars().take(80).collect();
        let (numbers, _) = text.split_once('>').ok_or(bad.clone())?;
        let parsed: Result<Vec<u64>, _> = numbers.split('.').map(str::parse).collect();
        self.scanner.skip(numbers.len() + 1);
        parsed.map_err(|_| bad)
    }

    fn pid(&self, id: u64, serial: u64) -> Option<Term> {
        let (id, serial) = (u32::try_from(id).ok()?, u32::try_from(serial).ok()?);
        Some(
            Pid::new(
                self.options.local_node,
                id,
                serial,
                self.options.local_creation,
            )
            .into(),
        )
    }

    fn port(&self, numbers: &[u64]) -> Option<Term> {
        let [0, id] = *numbers else { return None };
        Some(PortId::new(self.options.local_node, id, self.options.local_creation).into())
    }

    fn reference(&self, numbers: &[u64]) -> Option<Term> {
        let [0, ids @ ..] = numbers else { return None };
        let ids: Result<Vec<u32>, _> = ids.iter().rev().map(|id| u32::try_from(*id)).collect();
        Reference::new(
            self.options.local_node,
            self.options.local_creation,
            &ids.ok()?,
        )
        .map(Term::Reference)
    }
}

/// One Erlang term, as [`parse_term`] reads it.
impl std::str::FromStr for Term {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse_term(text)
    }
}

#[cfg(test)]
mod tests;
