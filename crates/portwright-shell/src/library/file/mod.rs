//! `file(3)`: whole files, directories, open files.

mod directory;
mod info;
mod open;
mod wildcard;

use std::io;
use std::path::PathBuf;

use portwright_term::Term;

use super::argument::{atom, error_tuple, ok};
use super::path::path;
use super::posix;

pub(crate) use directory::{DIRECTORIES, WHOLE_FILES, error_text};
pub(crate) use info::INFO;
pub(crate) use open::{
    HANDLES, is_file, read as read_handle, read_line as read_handle_line, write as write_handle,
};
pub(crate) use wildcard::FILELIB;

/// `ok` or `{error, Reason}`.
fn done(result: io::Result<()>) -> Term {
    answer(result.map(|()| ok()))
}

/// The value, or `{error, Reason}`.
fn answer(result: io::Result<Term>) -> Term {
    result.unwrap_or_else(|error| error_tuple(posix::reason(&error)))
}

/// `{error, badarg}`, what `file` answers to a bad name.
fn bad_name() -> Term {
    error_tuple(atom("badarg"))
}

/// Does something with a file name, or answers `{error, badarg}`.
fn with_path(name: &Term, action: impl FnOnce(PathBuf) -> Term) -> Term {
    path(name).map_or_else(bad_name, action)
}
