//! Running other programs.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;

/// `cargo`, in the root of the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(crate::root());
    command
}

/// Prints the command, runs it and says whether it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool, String> {
    announce(command);
    let status = command.status();
    Ok(status
        .map_err(|error| cannot_run(command, &error))?
        .success())
}

/// Runs the command, passes its output through line by line to `line` and to our own,
/// and says whether it succeeded.
pub(crate) fn watch(
    command: &mut Command,
    mut line: impl FnMut(&str) + Send,
) -> Result<bool, String> {
    announce(command);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_run(command, &error))?;
    let output = child.stdout.take().expect("it is piped");
    let errors = child.stderr.take().expect("it is piped");
    let (sender, lines) = mpsc::channel();
    let second = sender.clone();
    let passed = thread::scope(|scope| {
        let output = scope.spawn(move || pass_on(output, io::stdout(), &sender));
        let errors = scope.spawn(move || pass_on(errors, io::stderr(), &second));
        lines.into_iter().for_each(|text: String| line(&text));
        [output, errors].map(|thread| thread.join().expect("it does not panic"))
    });
    let status = child.wait();
    for result in passed {
        // A full disk, say, or a pager that was left.
        result.map_err(|error| format!("cannot pass on what it says: {error}"))?;
    }
    Ok(status
        .map_err(|error| cannot_run(command, &error))?
        .success())
}

/// Until the program closes its end, or nobody takes what it says: then it cannot go on either.
fn pass_on(from: impl Read, mut to: impl Write, lines: &Sender<String>) -> io::Result<()> {
    for text in BufReader::new(from).split(b'\n') {
        let text = String::from_utf8_lossy(&text?).into_owned();
        writeln!(to, "{text}")?;
        let _ = lines.send(text);
    }
    Ok(())
}

/// Whether there is an executable file of that name along `PATH`.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn announce(command: &Command) {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    println!("$ {}", words.join(" "));
}

fn cannot_run(command: &Command, error: &std::io::Error) -> String {
    format!("cannot run {}: {error}", command.get_program().display())
}
