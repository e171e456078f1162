//! File names: strings, atoms and binaries as paths, and back.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use portwright_term::Term;

use super::argument::binary_term;

/// The path that a file name argument means. Deep lists of characters and
/// atoms are taken, as OTP's `filename:flatten/1` does; `None` for anything
/// else and for names with NUL.
pub(crate) fn path(term: &Term) -> Option<PathBuf> {
    let bytes = match term {
        Term::Binary(bytes) => bytes.to_vec(),
        _ => flat_name(term)?.into_bytes(),
    };
    if bytes.contains(&0) {
        None
    } else {
        Some(PathBuf::from(OsString::from_vec(bytes)))
    }
}

/// A name of characters, atoms and lists of these.
pub(crate) fn flat_name(term: &Term) -> Option<String> {
    let mut name = String::new();
    let mut open = vec![term.clone()];
    let mut is_top = true;
    while let Some(next) = open.pop() {
        match next {
            Term::Nil => {}
            Term::Atom(a) => name.push_str(a.as_str()),
            Term::Integer(code) if !is_top => name.push(char::from_u32(u32::try_from(code).ok()?)?),
            Term::List(cell) => {
                open.push(cell.tail().clone());
                open.push(cell.head().clone());
            }
            _ => return None,
        }
        is_top = false;
    }
    Some(name)
}

/// A name from the system: a string, or the raw bytes when they are no UTF-8.
pub(crate) fn name_term(name: &OsStr) -> Term {
    match name.to_str() {
        Some(text) => Term::string(text),
        None => binary_term(name.as_bytes().to_vec()),
    }
}

/// A path from the system.
pub(crate) fn path_term(path: &Path) -> Term {
    name_term(path.as_os_str())
}
