//! Why `re(3)` refused: what is wrong with a subject, a pattern or options.

use portwright_term::Term;

use super::explain::{Note, push};
use crate::library::regex::{Fault, are_options, pattern_fault, text_fault};

const NOT_TEXT: &str = "not an iodata term";

/// `re:Function(Arguments)`.
pub(super) fn explain(function: &str, arguments: &[Term]) -> Vec<Note> {
    let mut notes = Vec::new();
    let options = match (function, arguments) {
        ("compile", [_, options])
        | ("run" | "split", [_, _, options])
        | ("replace", [_, _, _, options]) => options,
        _ => &Term::Nil,
    };
    match (function, arguments) {
        ("compile", [pattern, ..]) => text(&mut notes, 1, pattern, options),
        ("inspect", [pattern, _]) => {
            if pattern.is_tuple() {
                push(&mut notes, 2, "not a valid item");
            } else {
                push(&mut notes, 1, "not a compiled regular expression");
            }
        }
        ("run" | "split" | "replace", [subject, pattern, ..]) => {
            text(&mut notes, 1, subject, options);
            match pattern_fault(pattern, options) {
                None => {}
                Some(Fault::Text) => {
                    let wrong = "neither an iodata term nor a compiled regular expression";
                    push(&mut notes, 2, wrong);
                }
                Some(Fault::Pattern(what, place)) => {
                    let first = "could not parse regular expression";
                    push(
                        &mut notes,
                        2,
                        &format!("{first}\n{what} on character {place}"),
                    );
                }
            }
            if let ("replace", [_, _, replacement, ..]) = (function, arguments) {
                text(&mut notes, 3, replacement, options);
            }
        }
        _ => {}
    }
    if !are_options(options) && wants_note(function, options, &notes) {
        let last = u8::try_from(arguments.len()).unwrap_or(u8::MAX);
        push(&mut notes, usize::from(last), "invalid options");
    }
    notes
}

/// OTP looks at the options of `replace` and `split` in parts, and says nothing of
/// options that it does not know.
fn wants_note(function: &str, options: &Term, notes: &[Note]) -> bool {
    match function {
        "replace" | "split" => {
            let unknown = options
                .list_iter()
                .any(|option| option.is_atom() && !are_options(&Term::list([option.clone()])));
            !unknown && notes.is_empty()
        }
        _ => true,
    }
}

fn text(notes: &mut Vec<Note>, argument: usize, term: &Term, options: &Term) {
    if text_fault(term, options).is_some() {
        push(notes, argument, NOT_TEXT);
    }
}
