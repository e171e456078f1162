//! The `portwright` command.
//!
//! [`arguments`] holds every definition of the command line; help, completions and the
//! manual page are made from it. Each subcommand is a module of its own.

#![forbid(unsafe_code)]

mod arguments;
mod complaint;
mod driver;
mod escript;
mod eval;
mod reference;
mod run;
mod shell;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use complaint::complain;

/// We broke, or were used wrongly, as `env` and `timeout` have it. The code of a program that `run`
/// ran is passed on, so this must be one that programs seldom use.
const OWN_FAILURE: u8 = 125;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and the version are no errors; a closed pipe behind them neither.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(OWN_FAILURE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let result = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Driver(arguments) => driver::driver(&arguments),
        Command::Eval(arguments) => eval::eval(&arguments),
        Command::Escript(arguments) => escript::escript(&arguments),
        Command::Shell(arguments) => shell::shell(&arguments),
        Command::Completions { shell } => reference::completions(shell),
        Command::Man { directory } => reference::manual(directory.as_deref()),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            complain(&failure.message);
            ExitCode::from(failure.code)
        }
    }
}
