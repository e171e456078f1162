//! Names of drivers and paths as Erlang gives them: atoms, strings, binaries, nested lists.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use portwright::{Atom, Term};

/// The name of a driver as an atom, or as a string when no atom can have it.
pub(crate) fn atom_of(name: &str) -> Term {
    Atom::new(name).map_or_else(|_| Term::string(name), Term::Atom)
}

/// `Path/Name`: trailing slashes and backslashes of the path go, nothing else is changed (L-1.5).
pub(crate) fn path_of(directory: &[u8], name: &str) -> OsString {
    let end = directory
        .iter()
        .rposition(|byte| !matches!(byte, b'/' | b'\\'))
        .map_or(0, |last| last + 1);
    let mut path = directory[..end].to_vec();
    path.push(b'/');
    path.extend_from_slice(name.as_bytes());
    OsString::from_vec(path)
}

/// The text of an atom, string, binary or nested list of characters; `None` for anything else, and for `''`.
pub(crate) fn text_of(term: &Term) -> Option<String> {
    match term {
        Term::Atom(atom) => (!atom.as_str().is_empty()).then(|| atom.as_str().to_owned()),
        _ => String::from_utf8(bytes_of(term)?).ok(),
    }
}

/// The bytes of a string (in UTF-8), binary or nested list; `None` for anything else.
pub(crate) fn bytes_of(term: &Term) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut later = vec![term];
    while let Some(term) = later.pop() {
        match term {
            Term::Nil => {}
            Term::Binary(binary) => bytes.extend_from_slice(binary),
            Term::List(list) => {
                later.push(list.tail());
                match list.head() {
                    Term::Integer(code) => {
                        let code = u32::try_from(*code).ok().and_then(char::from_u32)?;
                        bytes.extend_from_slice(code.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    nested => later.push(nested),
                }
            }
            _ => return None,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    // L-1.4 and L-1.5.
    #[test]
    fn names_and_paths_are_taken_as_erlang_writes_them() {
        for text in [
            "swiss",
            "\"swiss\"",
            "<<\"swiss\">>",
            "[\"sw\",[<<\"is\">>],$s]",
        ] {
            let term: Term = text.parse().unwrap();
            assert_eq!(text_of(&term).as_deref(), Some("swiss"), "{text}");
        }
        for text in ["''", "12", "{a}", "[a]", "[-1]"] {
            assert_eq!(text_of(&text.parse().unwrap()), None, "{text}");
        }
        assert_eq!(path_of(b"/so//", "x"), OsString::from("/so/x"));
        assert_eq!(path_of(b"so\\", "x"), OsString::from("so/x"));
        assert_eq!(path_of(b"", "Name"), OsString::from("/Name"));
        assert_eq!(path_of(b"/", "Name"), OsString::from("/Name"));
    }
}
