//! `portwright run` against real programs.

mod ending;
mod format;
mod interrupts;
mod programs;
mod settings;

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

/// How a command ended, and what it printed.
#[derive(Debug, PartialEq, Eq)]
struct End {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// `portwright run` with these arguments, in an environment that tests know. A test that hangs ends at
/// a deadline, unless it has one of its own.
fn run(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portwright"));
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .arg("run");
    if !arguments.contains(&"--deadline") {
        command.args(["--deadline", "60s"]);
    }
    command.args(arguments);
    command
}

/// Runs a command to its end, feeding it `input`.
fn end(command: &mut Command, input: impl Into<Vec<u8>>) -> End {
    let (code, stdout, stderr) = end_bytes(command, input);
    End {
        code,
        stdout: String::from_utf8(stdout).expect("output is UTF-8"),
        stderr,
    }
}

fn end_bytes(command: &mut Command, input: impl Into<Vec<u8>>) -> (Option<i32>, Vec<u8>, String) {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.into();
    // Nobody may read it: what is wanted is how the command ends.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let stderr = String::from_utf8(output.stderr).expect("complaints are UTF-8");
    (output.status.code(), output.stdout, stderr)
}

#[track_caller]
fn check(arguments: &[&str], input: &str, code: i32, stdout: &str, stderr: &str) {
    let got = end(&mut run(arguments), input);
    let expect = End {
        code: Some(code),
        stdout: stdout.into(),
        stderr: stderr.into(),
    };
    assert_eq!(got, expect, "portwright run {arguments:?}");
}

/// Reads one line of a running command's output.
fn read_line(child: &mut Child) -> String {
    let stdout = child.stdout.as_mut().unwrap();
    let mut line = Vec::new();
    let mut byte = [0];
    while stdout.read(&mut byte).unwrap() == 1 {
        line.push(byte[0]);
        if byte[0] == b'\n' {
            break;
        }
    }
    String::from_utf8(line).unwrap()
}

/// Whether a program that a test talks with is there; says so if not.
fn is_installed(program: &str) -> bool {
    let found = ["/usr/local/bin", "/usr/bin", "/bin"]
        .iter()
        .any(|directory| std::path::Path::new(directory).join(program).exists());
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

/// A new directory that goes away with the value.
struct Directory(std::path::PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("portwright-{name}-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
