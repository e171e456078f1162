//! `portwright shell`: expressions typed one after the other.

use std::io::{self, Write};

use crate::arguments::ShellArguments;
use crate::complaint::Failure;

/// Runs the shell.
pub(crate) fn shell(arguments: &ShellArguments) -> Result<u8, Failure> {
    if arguments.functions {
        return print_functions();
    }
    Ok(0)
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
