//! Why `io(3)` refused to write: what is wrong with a device, a format or its arguments.

use portwright_term::Term;

use super::explain::{Note, push};
use crate::library::chardata;

/// What a directive wants of one argument.
#[derive(Clone, Copy)]
enum Wanted {
    Any,
    Integer,
    Number,
    Text,
}

impl Wanted {
    /// What the argument should have been.
    fn fault(self, given: &Term) -> Option<&'static str> {
        match self {
            Wanted::Any => None,
            Wanted::Integer => (!given.is_integer()).then_some("integer"),
            Wanted::Number => (!given.is_number()).then_some("float"),
            Wanted::Text => {
                let text = matches!(given, Term::Atom(_) | Term::Binary(_));
                (!text && chardata(given).is_none()).then_some("string")
            }
        }
    }
}

/// `io:format/1,2,3`.
pub(super) fn format(arguments: &[Term]) -> Vec<Note> {
    let mut notes = Vec::new();
    let (at, format, given) = match arguments {
        [format] => (1, format, &Term::Nil),
        [format, given] => (1, format, given),
        [device, format, given] => {
            if is_missing(device) {
                push(&mut notes, 1, NO_DEVICE);
                return notes;
            }
            (2, format, given)
        }
        _ => return notes,
    };
    let text = match format {
        Term::Atom(atom) => Some(atom.as_str().to_owned()),
        Term::Binary(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => format.to_text(),
    };
    match (text.as_deref().map(wanted), given.to_vec()) {
        (None, _) => push(&mut notes, at, "not a valid format string"),
        (_, None) => push(&mut notes, at + 1, "not a list"),
        (Some(Err(why)), Some(_)) => {
            push(&mut notes, at, &format!("format string invalid ({why})"));
        }
        (Some(Ok(wanted)), Some(given)) if wanted.len() != given.len() => {
            push(&mut notes, at, "wrong number of arguments");
        }
        (Some(Ok(wanted)), Some(given)) => {
            let faults: Vec<String> = (1..)
                .zip(wanted.iter().zip(&given))
                .filter_map(|(number, (wanted, given))| {
                    let kind = wanted.fault(given)?;
                    Some(format!("element {number} must be of type {kind}"))
                })
                .collect();
            if faults.is_empty() {
                push(&mut notes, at, "failed to format string");
            } else {
                push(&mut notes, at + 1, &faults.join("\n"));
            }
        }
    }
    notes
}

/// `io:put_chars/1,2`, `io:nl/1` and others that take a device first.
pub(super) fn write(name: &str, arguments: &[Term]) -> Vec<Note> {
    let mut notes = Vec::new();
    match arguments {
        [device, ..] if (arguments.len() > 1 || name == "nl") && is_missing(device) => {
            push(&mut notes, 1, NO_DEVICE);
        }
        [.., data] if name == "put_chars" && chardata(data).is_none() => push(
            &mut notes,
            arguments.len(),
            "not valid character data (an iodata term)",
        ),
        _ => {}
    }
    notes
}

const NO_DEVICE: &str = "the device does not exist";

/// Whether a device is the name of nothing.
fn is_missing(device: &Term) -> bool {
    matches!(device, Term::Atom(name)
        if !matches!(name.as_str(), "standard_io" | "standard_error" | "user"))
}

/// What the directives of a format want, in order, or what is wrong with the format.
fn wanted(format: &str) -> Result<Vec<Wanted>, String> {
    let truncated = || "truncated".to_owned();
    let mut wanted = Vec::new();
    let mut characters = format.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '~' {
            continue;
        }
        // Field width, precision and padding, at most one of each.
        if characters.peek() == Some(&'-') {
            characters.next();
        }
        for part in 0..3 {
            if part > 0 && characters.next_if_eq(&'.').is_none() {
                break;
            }
            if part == 2 {
                characters.next().ok_or_else(truncated)?;
            } else if characters.next_if_eq(&'*').is_some() {
                wanted.push(Wanted::Integer);
            } else {
                while characters.next_if(char::is_ascii_digit).is_some() {}
            }
        }
        while characters.next_if(|c| matches!(c, 't' | 'l')).is_some() {}
        match characters.next().ok_or_else(truncated)? {
            'n' | '~' => {}
            's' => wanted.push(Wanted::Text),
            'c' | 'b' | 'B' => wanted.push(Wanted::Integer),
            'f' | 'e' | 'g' => wanted.push(Wanted::Number),
            'w' | 'p' | 'i' | '#' | '+' => wanted.push(Wanted::Any),
            'W' | 'P' => wanted.extend([Wanted::Any, Wanted::Integer]),
            'x' | 'X' => wanted.extend([Wanted::Integer, Wanted::Any]),
            control => return Err(format!("invalid control ~{control}")),
        }
    }
    Ok(wanted)
}
