//! How the command says that something is wrong.

use std::fmt::Display;
use std::io::Write;

use crate::OWN_FAILURE;

/// Why a subcommand did not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What is wrong, and what to try.
    pub(crate) message: String,
    /// The exit code.
    pub(crate) code: u8,
}

impl Failure {
    /// A failure of ours, or of how we were used.
    pub(crate) fn own(message: impl Display) -> Self {
        Self {
            message: message.to_string(),
            code: OWN_FAILURE,
        }
    }
}

/// Writes one line to standard error. Nobody may read it: then so be it.
pub(crate) fn complain(message: &dyn Display) {
    let _ = writeln!(std::io::stderr(), "portwright: {message}");
}
