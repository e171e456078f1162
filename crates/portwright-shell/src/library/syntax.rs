//! `erl_scan(3)` and `erl_parse(3)`: what turns text into terms.

use portwright_term::text::parse::parse_terms;
use portwright_term::{Atom, Term};

use super::argument::{
    Answer, atom, atom_text, chardata, flat_text, function_clause, ok_tuple, pure,
};
use crate::native::NativeModule;
use crate::parse::ast::Place;
use crate::parse::scanner;
use crate::parse::token::{Sequence, Token, TokenKind, next_sequence};

/// What this file registers of `erl_scan`.
pub(crate) const ERL_SCAN: NativeModule = NativeModule::new(
    "erl_scan",
    &[pure!("string", 1, scan), pure!("format_error", 1, message)],
);

/// What this file registers of `erl_parse`.
pub(crate) const ERL_PARSE: NativeModule = NativeModule::new(
    "erl_parse",
    &[
        pure!("parse_term", 1, parse_term),
        pure!("format_error", 1, message),
    ],
);

/// `{ok,Tokens,EndLine}` or `{error,ErrorInfo,Line}`.
fn scan(args: &[Term]) -> Answer {
    let text = flat_text(&args[0]).ok_or_else(function_clause)?;
    let mut scanned = scanner(&text);
    let mut tokens = Vec::new();
    loop {
        match next_sequence(&mut scanned) {
            Ok(Some(sequence)) => tokens.extend(sequence.tokens.iter().map(token_term)),
            Ok(None) => break,
            Err(error) => {
                let line = line(error.place);
                return Ok(Term::tuple([
                    atom("error"),
                    error_info(&line, "erl_scan", Term::string(&error.text)),
                    line,
                ]));
            }
        }
    }
    let end = line(scanned.position().into());
    Ok(Term::tuple([atom("ok"), Term::list(tokens), end]))
}

fn line(place: Place) -> Term {
    Term::from(i64::from(place.line))
}

fn error_info(line: &Term, module: &'static str, text: Term) -> Term {
    Term::tuple([line.clone(), atom(module), text])
}

/// `{Category,Line}` or `{Category,Line,Value}`.
fn token_term(token: &Token) -> Term {
    let points = |text: &[u32]| Term::list(text.iter().map(|point| Term::from(*point)));
    let (category, value) = match &token.kind {
        TokenKind::Atom(name) => ("atom", Term::Atom(*name)),
        TokenKind::Variable(name) => ("var", Term::Atom(*name)),
        TokenKind::Integer(value) => ("integer", value.clone()),
        TokenKind::Float(value) => ("float", Term::Float(*value)),
        TokenKind::Char(value) => ("char", Term::from(*value)),
        TokenKind::String(text) => ("string", points(text)),
        TokenKind::Symbol(symbol) => {
            return Term::tuple([Term::Atom(Atom::literal(symbol)), line(token.place)]);
        }
        TokenKind::Stray(c) => {
            let name = Atom::new(&c.to_string()).unwrap_or(Atom::literal("char"));
            return Term::tuple([Term::Atom(name), line(token.place)]);
        }
        TokenKind::Dot => return Term::tuple([atom("dot"), line(token.place)]),
    };
    Term::tuple([atom(category), line(token.place), value])
}

/// A token of `erl_scan` as the parser here has it.
fn token(term: &Term) -> Option<Token> {
    let (category, rest) = term.as_tuple()?.split_first()?;
    let (at, value) = rest.split_first()?;
    let place = Place {
        line: u32::try_from(at.as_i64()?).ok()?,
        ..Place::default()
    };
    let kind = match (atom_text(category)?, value) {
        ("dot", []) => TokenKind::Dot,
        ("atom", [Term::Atom(name)]) => TokenKind::Atom(*name),
        ("var", [Term::Atom(name)]) => TokenKind::Variable(*name),
        ("integer", [value]) if value.is_integer() => TokenKind::Integer(value.clone()),
        ("float", [Term::Float(value)]) => TokenKind::Float(*value),
        ("char", [value]) => TokenKind::Char(u32::try_from(value.as_i64()?).ok()?),
        ("string", [text]) => {
            let text = flat_text(text)?;
            TokenKind::String(text.chars().map(u32::from).collect())
        }
        // The scanner knows its symbols.
        (symbol, []) => match next_sequence(&mut scanner(symbol)) {
            Ok(Some(mut sequence)) if sequence.tokens.len() == 1 => sequence.tokens.remove(0).kind,
            _ => return None,
        },
        _ => return None,
    };
    Some(Token { place, kind })
}

/// `{ok,Term}` or `{error,ErrorInfo}`.
fn parse_term(args: &[Term]) -> Answer {
    let given = args[0].to_vec().ok_or_else(function_clause)?;
    let tokens: Option<Vec<Token>> = given.iter().map(token).collect();
    let tokens = tokens.ok_or_else(function_clause)?;
    let end = tokens.last().map_or(Place::default(), |last| last.place);
    let failed = |place: Place, text: Term| {
        Term::tuple([atom("error"), error_info(&line(place), "erl_parse", text)])
    };
    let words = tokens.iter().map(|token| match token.kind {
        TokenKind::Dot => ".\n".to_owned(),
        _ => token.kind.text(),
    });
    let text = words.collect::<Vec<_>>().join(" ");
    let sequence = Sequence {
        complete: tokens
            .last()
            .is_some_and(|last| last.kind == TokenKind::Dot),
        tokens,
        end,
    };
    if !sequence.complete {
        let parts = [Term::string("syntax error before: "), Term::Nil];
        return Ok(failed(end, Term::list(parts)));
    }
    if let Err(error) = crate::parse::expressions(&sequence) {
        let text = match error.text.strip_prefix("syntax error before: ") {
            Some(token) => Term::list([Term::string("syntax error before: "), Term::string(token)]),
            None => Term::string(&error.text),
        };
        return Ok(failed(error.place, text));
    }
    Ok(match parse_terms(&text).as_deref() {
        Ok([term]) => ok_tuple(term.clone()),
        _ => failed(sequence.tokens[0].place, Term::string("bad term")),
    })
}

/// The text of an error's description, which is one already.
fn message(args: &[Term]) -> Answer {
    // The scanner's own descriptions in OTP are terms.
    let text = chardata(&args[0]).unwrap_or_else(|| args[0].to_string());
    Ok(Term::string(&text))
}
