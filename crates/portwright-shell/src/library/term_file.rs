//! The terms of a file, as `file:consult/1` answers them.

use portwright_term::Term;
use portwright_term::text::parse::{ParseError, parse_terms};

use super::argument::{atom, error_tuple, ok_tuple};

/// `{ok, Terms}` or `{error, {Line, Module, Description}}`.
pub(crate) fn consulted(text: &str) -> Term {
    match parse_terms(text) {
        Ok(terms) => ok_tuple(Term::list(terms)),
        Err(error) => {
            let line = Term::from(error.position().line);
            error_tuple(Term::tuple([line, module(&error), description(&error)]))
        }
    }
}

fn module(error: &ParseError) -> Term {
    atom(if matches!(error, ParseError::Scan(_)) {
        "erl_scan"
    } else {
        "erl_parse"
    })
}

fn description(error: &ParseError) -> Term {
    let syntax = |token: Term| Term::list([Term::string("syntax error before: "), token]);
    match error {
        ParseError::Syntax { token, .. } => syntax(Term::string(token)),
        ParseError::End { .. } => syntax(Term::Nil),
        ParseError::BadTerm { .. } => Term::string("bad term"),
        other => Term::string(&other.to_string()),
    }
}
