//! `portwright eval`: evaluates expressions and prints only what they print.

use std::fmt::Display;
use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use portwright::{ExitReason, Node};
use portwright_shell::evaluator::Reader;
use portwright_shell::shell::Show;
use portwright_shell::{EvalError, Evaluator, Mode, Standard, SyntaxError, System};
use tokio::runtime::Runtime;

use crate::arguments::EvalArguments;
use crate::complaint::Failure;

/// The expressions failed.
const FAILED: u8 = 1;

/// Evaluates what the arguments name.
pub(crate) fn eval(arguments: &EvalArguments) -> Result<u8, Failure> {
    let (text, file) = match (&arguments.expressions, &arguments.file) {
        (_, Some(path)) => match read_text(path) {
            Ok(text) => (text, Some(path.as_path())),
            Err(error) => {
                return Err(Failure {
                    message: format!("cannot read {}: {error}", path.display()),
                    code: FAILED,
                });
            }
        },
        (Some(text), None) => (text.clone(), None),
        // The command line demands one of them.
        (None, None) => {
            return Err(Failure::own(
                "nothing to evaluate: give EXPRESSIONS or --file",
            ));
        }
    };
    let runtime = runtime()?;
    // The runtime becomes the node's.
    let within = runtime.enter();
    let system = System::new(Node::new(), Arc::new(Standard)).with_exit(exit_at_once);
    let system = Arc::new(system);
    if prints_unicode() {
        system.set_unicode_output(true);
    }
    let ended = runtime.block_on(until_halted(&system, evaluate(&system, &text, file)));
    system.wind_up();
    drop(within);
    // Processes that are still running are not waited for.
    runtime.shutdown_background();
    Ok(ended)
}

async fn evaluate(system: &Arc<System>, text: &str, file: Option<&Path>) -> u8 {
    let process = system.node().attach();
    let mut evaluator = Evaluator::in_process(process, system.clone(), Mode::File);
    let mut reader = Reader::new(text);
    while let Some(sequence) = reader.next_sequence() {
        let result = match sequence {
            Ok(sequence) => evaluator.evaluate_sequence(&sequence).await,
            Err(fault) => Err(EvalError::Syntax(fault)),
        };
        match result {
            Ok(_) => {}
            Err(EvalError::Halted(status)) => return exit_code(status),
            Err(error) => {
                complain_of(&error, file);
                end(evaluator, &error);
                return FAILED;
            }
        }
    }
    // The process ends before we do: its ports see it.
    evaluator.into_process().exit(ExitReason::normal());
    0
}

/// Ends the process as an exception that nobody caught does.
fn end(evaluator: Evaluator, error: &EvalError) {
    let reason = match error {
        EvalError::Raised(exception) => ExitReason::from(exception.exit_reason()),
        _ => ExitReason::normal(),
    };
    evaluator.into_process().exit(reason);
}

/// Writes an error to standard error as the shell of OTP words it.
fn complain_of(error: &EvalError, file: Option<&Path>) {
    match (error, file) {
        (EvalError::Syntax(fault), Some(file)) => say(place_in(file, fault)),
        (EvalError::Check(faults), Some(file)) => {
            faults.iter().for_each(|fault| say(place_in(file, fault)));
        }
        _ => say(Show::default().error(error)),
    }
}

/// `FILE:LINE:COLUMN: TEXT`, as compilers have it.
pub(crate) fn place_in(file: &Path, fault: &SyntaxError) -> String {
    format!("{}:{fault}", file.display())
}

/// Writes a line to standard error. Nobody may read it: then so be it.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// The threads that processes run on.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::own(format!(
                "cannot start the threads of the evaluator: {error}"
            ))
        })
}

/// Runs `work` to its end, or until some process halts everything.
pub(crate) async fn until_halted(system: &System, work: impl Future<Output = u8>) -> u8 {
    let mut work = std::pin::pin!(work);
    let mut halted = std::pin::pin!(system.wait_halted());
    std::future::poll_fn(|context| {
        if let std::task::Poll::Ready(status) = halted.as_mut().poll(context) {
            return std::task::Poll::Ready(exit_code(status));
        }
        work.as_mut().poll(context)
    })
    .await
}

/// Ends the program without a word to anybody's driver.
pub(crate) fn exit_at_once(status: i32) -> ! {
    let _ = io::stdout().flush();
    std::process::exit(exit_code(status).into())
}

/// The low byte of a status, which is what a parent sees of it.
pub(crate) fn exit_code(status: i32) -> u8 {
    status.to_le_bytes()[0]
}

/// Whether standard output is a terminal that takes UTF-8: anything else gets latin1, as in OTP.
pub(crate) fn prints_unicode() -> bool {
    io::stdout().is_terminal() && locale_is_unicode()
}

/// Whether the locale's encoding is UTF-8.
pub(crate) fn locale_is_unicode() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}

/// A file as text: UTF-8, or latin1 if one of its first two lines says `coding: latin-1`.
///
/// # Errors
///
/// What the system says, or that the bytes are no text.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    let bytes = std::fs::read(path)?;
    let head: Vec<&[u8]> = bytes.splitn(3, |byte| *byte == b'\n').take(2).collect();
    let latin1 = head.iter().any(|line| {
        let line = String::from_utf8_lossy(line).to_ascii_lowercase();
        line.trim_start().starts_with('%')
            && line.split_once("coding").is_some_and(|(_, rest)| {
                rest.trim_start_matches([':', '=', ' '])
                    .starts_with("latin-1")
            })
    });
    if latin1 {
        return Ok(bytes.iter().copied().map(char::from).collect());
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
        let text = format!("line {line} is not UTF-8; a first line `%% coding: latin-1` would say that it is latin1");
        io::Error::new(io::ErrorKind::InvalidData, text)
    })
}
