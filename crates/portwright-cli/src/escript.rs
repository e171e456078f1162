//! `portwright escript`: runs an Erlang script, as OTP's escript does.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use portwright::{ExitReason, Node};
use portwright_shell::shell::Show;
use portwright_shell::{EvalError, Evaluator, Exception, Mode, Program, Standard, Stream, System};
use portwright_term::{Atom, Term};

use crate::arguments::EscriptArguments;
use crate::complaint::Failure;
use crate::eval::{place_in, prints_unicode, read_text, runtime, say, until_halted};

/// The script does not compile, or nobody caught its exception: escript's code.
const SCRIPT_FAILED: u8 = 127;

/// The script cannot be read, or an exit signal ended it.
const ENDED: u8 = 1;

/// How deep the terms of an exception are shown.
const DEPTH: usize = 50;

/// Column at which an exception starts: its further lines are two less indented than the shell's.
const COLUMN: usize = 1;

/// Runs a script.
pub(crate) fn escript(arguments: &EscriptArguments) -> Result<u8, Failure> {
    let path = arguments.file.as_path();
    let text = match read_text(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            say(format_args!("escript: {}: {error}", path.display()));
            return Ok(SCRIPT_FAILED);
        }
        Err(_) => {
            say(format_args!(
                "escript: Failed to open file: {}",
                path.display()
            ));
            return Ok(ENDED);
        }
    };
    // What stands behind the `#!` line is the script.
    if text
        .split_once('\n')
        .is_none_or(|(_, rest)| rest.is_empty())
    {
        say("escript: Premature end of file reached");
        return Ok(SCRIPT_FAILED);
    }
    let program = match compile(path, &text) {
        Ok(program) => program,
        Err(lines) => {
            lines.iter().for_each(say);
            say("escript: There were compilation errors.");
            return Ok(SCRIPT_FAILED);
        }
    };
    let name = path.to_string_lossy().into_owned();
    let words: Vec<String> = arguments
        .arguments
        .iter()
        .map(|word| text_of(word))
        .collect();
    let runtime = runtime()?;
    // The runtime becomes the node's.
    let within = runtime.enter();
    let system = System::new(Node::new(), Arc::new(Standard))
        .with_script(name, words.clone())
        .with_exit(crate::eval::exit_at_once);
    let system = Arc::new(system);
    if prints_unicode() {
        system.set_unicode_output(true);
    }
    let code = runtime.block_on(until_halted(&system, call_main(&system, &program, &words)));
    system.wind_up();
    drop(within);
    // Processes that are still running are not waited for.
    runtime.shutdown_background();
    Ok(code)
}

/// The program, or the lines that say what is wrong with it.
fn compile(path: &Path, text: &str) -> Result<Program, Vec<String>> {
    let stem = path.file_stem().unwrap_or(OsStr::new("escript"));
    let mut name = stem.to_string_lossy().into_owned();
    if portwright_shell::is_library_module(&name) {
        // The script would hide the library's module from itself. OTP's names end so too.
        name.push_str("__escript");
    }
    let module = Atom::new(&name).unwrap_or(Atom::literal("escript"));
    let program = Program::parse(text, &path.to_string_lossy(), module).map_err(|faults| {
        faults
            .iter()
            .map(|fault| place_in(path, fault))
            .collect::<Vec<_>>()
    })?;
    if program.has_function(Atom::literal("main"), 1) {
        Ok(program)
    } else {
        Err(vec![format!(
            "{}:0: function main/1 undefined",
            path.display()
        )])
    }
}

/// An argument as text; bytes that are no UTF-8 are taken for latin1.
fn text_of(word: &OsStr) -> String {
    match word.to_str() {
        Some(text) => text.to_owned(),
        None => word.as_bytes().iter().copied().map(char::from).collect(),
    }
}

async fn call_main(system: &Arc<System>, program: &Program, words: &[String]) -> u8 {
    program.load(system);
    let mut evaluator = Evaluator::in_process(system.node().attach(), system.clone(), Mode::File);
    let argument = Term::list(words.iter().map(|word| Term::string(word)));
    let main = Atom::literal("main");
    let result = evaluator
        .apply(program.module(), main, vec![argument])
        .await;
    let process = evaluator.into_process();
    match result {
        Ok(_) => {
            // The end of a script is a halt in OTP.
            system.halt(0);
            process.exit(ExitReason::normal());
            0
        }
        Err(EvalError::Raised(exception)) if exception.is_uncatchable() => {
            say_terminating(system, exception.reason());
            ENDED
        }
        Err(EvalError::Raised(exception)) => {
            say_exception(&exception);
            process.exit(ExitReason::from(exception.exit_reason()));
            SCRIPT_FAILED
        }
        Err(EvalError::Halted(status)) => crate::eval::exit_code(status),
        Err(error @ (EvalError::Syntax(_) | EvalError::Check(_))) => {
            say(format_args!("escript: {error}"));
            SCRIPT_FAILED
        }
    }
}

fn say_exception(exception: &Exception) {
    let show = Show {
        depth: Some(DEPTH),
        ..Show::default()
    };
    let text = show.plain_exception(exception, COLUMN);
    say(format_args!("escript: {text}"));
}

/// What OTP's first process says when an exit signal ends it, which runs the script.
fn say_terminating(system: &System, reason: &Term) {
    let line = Term::tuple([Term::string("init terminating in do_boot"), reason.clone()]);
    // `erlang:display/1` ends its lines so. Nobody is left to tell that it could not be written.
    let _ = system.write(Stream::Output, format!("{line}\r\n").as_bytes());
    say(format_args!("init terminating in do_boot ({reason})"));
}
