//! The text of commands: where one ends, and the parts of it that are about text.

use portwright_term::text::{Position, Scanner, Token, TokenKind};

use super::Transcript;

/// What the start of a text is.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed<'a> {
    /// Nothing but space and comments.
    Nothing,
    /// The full stop is still to come.
    Part,
    /// A command with its full stop, and what stands behind it.
    Whole(&'a str, &'a str),
}

/// Whether a text begins with a whole command.
///
/// A text that cannot be split into tokens is taken whole: more of it would not
/// make it right.
///
/// # Examples
///
/// ```
/// use portwright_shell::shell::{Typed, typed};
///
/// assert_eq!(typed("X = 1. Y"), Typed::Whole("X = 1.", " Y"));
/// assert_eq!(typed("X = \"a.\n"), Typed::Part);
/// ```
pub fn typed(text: &str) -> Typed<'_> {
    let mut scanner = Scanner::new(text, Position::START);
    let mut empty = true;
    loop {
        match scanner.next_token() {
            Ok(Some(token)) if token.kind == TokenKind::Dot => {
                let end = text.len() - scanner.rest().len();
                // The newline or space of the full stop may be part of its token.
                let whole = text[..end].trim_end();
                return Typed::Whole(whole, &text[whole.len()..]);
            }
            Ok(Some(_)) => empty = false,
            Ok(None) if empty => return Typed::Nothing,
            Ok(None) => return Typed::Part,
            Err(error) if error.is_incomplete() => return Typed::Part,
            Err(_) => return Typed::Whole(text, ""),
        }
    }
}

/// A command that cannot be used: `e(N)` or `v(N)` for a command that is not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}: command not found")]
pub struct CommandNotFound(pub String);

/// Replaces what is about the text: `e(N)` becomes the command that it names,
/// `f(X)` something that can be called with an unbound `X`.
///
/// # Errors
///
/// [`CommandNotFound`] when `e(N)` or `v(N)` names a command that is not kept.
pub fn prepare(text: &str, transcript: &Transcript) -> Result<String, CommandNotFound> {
    let mut scanner = Scanner::new(text, Position::START);
    let mut tokens: Vec<(Token, std::ops::Range<usize>)> = Vec::new();
    let offset = |scanner: &Scanner<'_>| text.len() - scanner.rest().len();
    // Faults of the text are for the parser to report.
    while let Ok(Some(token)) = scanner.next_token() {
        let end = offset(&scanner);
        let start = tokens.last().map_or(0, |(_, range)| range.end);
        tokens.push((token, start..end));
    }
    let mut prepared = String::with_capacity(text.len());
    let mut copied = 0;
    let mut index = 0;
    while index < tokens.len() {
        let qualified = index > 0 && is_symbol(&tokens[index - 1].0, &[":", "fun", "#", "?"]);
        let Some(call) = (!qualified).then(|| text_call(&tokens[index..])).flatten() else {
            index += 1;
            continue;
        };
        let length = call.length;
        let end = tokens[index + length - 1].1.end;
        let replacement = match call.what {
            What::Repeat(number) => {
                let text = number
                    .parse()
                    .ok()
                    .and_then(|number| transcript.text(number))
                    .ok_or_else(|| CommandNotFound(number.clone()))?;
                Some(format!("begin {text} end"))
            }
            What::Value(number) => {
                let found = number
                    .parse()
                    .ok()
                    .and_then(|number| transcript.value(number));
                if found.is_none() {
                    return Err(CommandNotFound(number));
                }
                None
            }
            What::Nothing => {
                let argument = tokens[index + 2].1.clone();
                return Err(CommandNotFound(text[argument].trim().to_owned()));
            }
            What::Forget(name) => Some(format!("f({{var,'{name}'}})")),
        };
        if let Some(replacement) = replacement {
            let start = tokens[index].1.clone();
            // Space before the name belongs to its range and stays.
            let space = text[start.clone()].len() - text[start.clone()].trim_start().len();
            prepared.push_str(&text[copied..start.start + space]);
            prepared.push_str(&replacement);
            copied = end;
        }
        index += length;
    }
    prepared.push_str(&text[copied..]);
    Ok(prepared)
}

struct TextCall {
    what: What,
    /// Tokens.
    length: usize,
}

enum What {
    Repeat(String),
    Value(String),
    /// `e` or `v` of what is no number.
    Nothing,
    Forget(String),
}

/// `e(N)`, `v(N)`, `f(X)` at the start of these tokens.
fn text_call(tokens: &[(Token, std::ops::Range<usize>)]) -> Option<TextCall> {
    let kind = |index: usize| tokens.get(index).map(|(token, _)| &token.kind);
    let TokenKind::Atom(name) = kind(0)? else {
        return None;
    };
    if !is_symbol(&tokens.get(1)?.0, &["("]) {
        return None;
    }
    let negative = is_symbol(&tokens.get(2)?.0, &["-"]);
    let at = if negative { 3 } else { 2 };
    if !is_symbol(&tokens.get(at + 1)?.0, &[")"]) {
        return None;
    }
    let what = match (name.as_str(), kind(at)?) {
        ("f", TokenKind::Variable(variable)) if !negative => What::Forget(variable.to_string()),
        (command @ ("e" | "v"), TokenKind::Integer(number)) => {
            let sign = if negative { "-" } else { "" };
            let number = format!("{sign}{number}");
            if command == "e" {
                What::Repeat(number)
            } else {
                What::Value(number)
            }
        }
        ("e" | "v", argument) if !negative => match argument {
            TokenKind::Atom(_)
            | TokenKind::Variable(_)
            | TokenKind::Float(_)
            | TokenKind::String(_) => What::Nothing,
            _ => return None,
        },
        _ => return None,
    };
    Some(TextCall {
        what,
        length: at + 2,
    })
}

fn is_symbol(token: &Token, wanted: &[&str]) -> bool {
    match &token.kind {
        TokenKind::Symbol(text) | TokenKind::Reserved(text) => wanted.contains(text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use portwright_term::Term;

    use super::*;

    #[test]
    fn a_command_ends_at_its_full_stop() {
        for (text, expected) in [
            ("", Typed::Nothing),
            ("  % only a comment\n", Typed::Nothing),
            ("foo", Typed::Part),
            ("foo(\n", Typed::Part),
            ("\"a. b", Typed::Part),
            ("'a. b", Typed::Part),
            ("1.5", Typed::Part),
            ("a.\n", Typed::Whole("a.", "\n")),
            ("a. % b.\nc.\n", Typed::Whole("a.", " % b.\nc.\n")),
            ("foo bar.", Typed::Whole("foo bar.", "")),
            (".", Typed::Whole(".", "")),
            ("$", Typed::Part),
        ] {
            assert_eq!(typed(text), expected, "{text:?}");
        }
    }

    #[track_caller]
    fn check_prepared(text: &str, expected: Result<&str, &str>) {
        let transcript = Transcript::default();
        transcript.remember("X = 1, Y".to_owned(), Term::from(1_i64));
        let got = prepare(text, &transcript).map_err(|error| error.0);
        assert_eq!(got.as_deref().map_err(String::as_str), expected, "{text}");
    }

    #[test]
    fn commands_about_the_text_are_replaced() {
        check_prepared("f(X), 1.", Ok("f({var,'X'}), 1."));
        check_prepared("f(x).", Ok("f(x)."));
        check_prepared("lists:f(X).", Ok("lists:f(X)."));
        check_prepared("e(1).", Ok("begin X = 1, Y end."));
        check_prepared("{a, e( -1 )}.", Ok("{a, begin X = 1, Y end}."));
        check_prepared("v(1) + v(-1).", Ok("v(1) + v(-1)."));
        check_prepared("e(7).", Err("7"));
        check_prepared("1 + v(-7).", Err("-7"));
        check_prepared("v(99999999999999999999).", Err("99999999999999999999"));
        check_prepared("v(N).", Err("N"));
        check_prepared("e(foo).", Err("foo"));
        check_prepared("v(\"a\").", Err("\"a\""));
        check_prepared("\"f(X)\".", Ok("\"f(X)\"."));
        check_prepared("f(X", Ok("f(X"));
    }
}
