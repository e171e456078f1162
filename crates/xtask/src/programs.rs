//! Running other programs.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
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
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    let errors = BufReader::new(child.stderr.take().expect("it is piped"));
    let (sender, lines) = std::sync::mpsc::channel();
    let second = sender.clone();
    thread::scope(|scope| {
        scope.spawn(move || {
            for text in output.lines().map_while(Result::ok) {
                println!("{text}");
                let _ = sender.send(text);
            }
        });
        scope.spawn(move || {
            for text in errors.lines().map_while(Result::ok) {
                eprintln!("{text}");
                let _ = second.send(text);
            }
        });
        lines.into_iter().for_each(|text| line(&text));
    });
    let status = child.wait();
    Ok(status
        .map_err(|error| cannot_run(command, &error))?
        .success())
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
