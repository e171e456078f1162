//! Texts of values in which ports, pids and references carry the names of the
//! variables that hold them: their numbers differ from run to run.

use portwright_term::Term;
use portwright_term::text::{Encoding, PrintOptions};

/// The text of a term as `~0tp` prints it.
pub(crate) fn text(term: &Term) -> String {
    PrintOptions::default()
        .encoding(Encoding::Unicode)
        .line_length(0)
        .to_string(term)
}

/// The same with identifiers replaced: by the first of `names` that holds the
/// identifier, else by `PORT`, `PID` or `REF`.
pub(crate) fn named(term: &Term, names: &[(String, Term)]) -> String {
    let names: Vec<(&str, String)> = names
        .iter()
        .filter(|(_, value)| value.is_port() || value.is_pid() || value.is_reference())
        .map(|(name, value)| (name.as_str(), text(value)))
        .collect();
    let printed = text(term);
    let mut out = String::with_capacity(printed.len());
    let mut rest = printed.as_str();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => quoted(rest, first),
            _ => match identifier(rest) {
                Some((length, kind)) => {
                    let found = names.iter().find(|(_, text)| *text == rest[..length]);
                    out.push_str(found.map_or(kind, |(name, _)| name));
                    rest = &rest[length..];
                    continue;
                }
                None => first.len_utf8(),
            },
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// The length of the quoted text that `text` starts with.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length and kind of the identifier that `text` starts with.
fn identifier(text: &str) -> Option<(usize, &'static str)> {
    for (prefix, kind, numbers) in [("#Port<", "PORT", 2), ("#Ref<", "REF", 4), ("<", "PID", 3)] {
        let Some(rest) = text.strip_prefix(prefix) else {
            continue;
        };
        let end = rest.find('>')?;
        let parts: Vec<&str> = rest[..end].split('.').collect();
        let all_numbers = parts
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        return (parts.len() == numbers && all_numbers).then_some((prefix.len() + end + 1, kind));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use portwright::Node;

    #[test]
    fn identifiers_are_named_outside_of_quotes_only() {
        let node = Node::new();
        let (one, other) = (node.attach(), node.attach());
        let (one, other) = (Term::Pid(one.pid()), Term::Pid(other.pid()));
        let names = [
            ("Self".to_owned(), one.clone()),
            ("S".to_owned(), one.clone()),
        ];
        let reference = Term::Reference(node.make_reference());
        let inside = Term::string(&format!("{} \" \\", text(&one)));
        let value = Term::tuple([
            one.clone(),
            other,
            reference,
            inside,
            Term::binary("<1.2.3>"),
        ]);
        assert_eq!(
            named(&value, &names),
            format!(
                "{{Self,PID,REF,\"{} \\\" \\\\\",<<\"<1.2.3>\">>}}",
                text(&one)
            )
        );
        assert_eq!(
            named(&Term::list([Term::binary(vec![1, 2])]), &names),
            "[<<1,2>>]"
        );
    }
}
