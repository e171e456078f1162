//! `portwright shell`: expressions typed one after the other.
//!
//! [`session`] evaluates and prints; [`terminal`] and [`piped`] say where the text comes from.

mod completion;
mod piped;
mod session;
mod terminal;

use std::io::{self, IsTerminal, Write};

use crate::arguments::ShellArguments;
use crate::complaint::Failure;

/// What the shell says first.
fn banner() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("Portwright {version} · Erlang expressions, ports and drivers · help(). for help\n")
}

/// What stands behind a full stop and the space that belongs to it: the next command has lines and
/// columns of its own.
fn behind_full_stop(rest: &str) -> &str {
    rest.strip_prefix(char::is_whitespace).unwrap_or(rest)
}

/// Runs the shell, or prints what it can call.
pub(crate) fn shell(arguments: &ShellArguments) -> Result<u8, Failure> {
    if arguments.functions {
        print_functions()
    } else if io::stdin().is_terminal() && io::stdout().is_terminal() {
        terminal::converse()
    } else {
        piped::converse()
    }
}

/// Prints every function as `module:name/arity`; a reader that goes away has seen enough.
fn print_functions() -> Result<u8, Failure> {
    let mut text = String::new();
    for (module, name, arity) in portwright_shell::functions() {
        text.push_str(&format!("{module}:{name}/{arity}\n"));
    }
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::own(format!("cannot write the output: {error}")))
        }
        _ => Ok(0),
    }
}
