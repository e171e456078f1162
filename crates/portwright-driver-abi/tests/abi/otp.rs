//! Finds the C compiler and Erlang/OTP, and runs the compiler.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Where Erlang/OTP usually is, for when `erl` is not in the path.
const USUAL_ROOTS: [&str; 4] = [
    "/usr/lib/erlang",
    "/usr/local/lib/erlang",
    "/usr/lib64/erlang",
    "/opt/homebrew/lib/erlang",
];

/// What the tests compare with.
pub(crate) struct Otp {
    root: PathBuf,
    include: PathBuf,
}

impl Otp {
    /// Finds header and compiler; `None`, after having said so, means: skip.
    pub(crate) fn find(test: &str) -> Option<Self> {
        let found = Self::look();
        if let Err(missing) = &found {
            skip(test, missing);
        }
        found.ok()
    }

    fn look() -> Result<Self, String> {
        match Command::new(compiler())
            .arg("--version")
            .stdin(Stdio::null())
            .output()
        {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                return Err(format!(
                    "the C compiler {:?} does not work: {}",
                    compiler(),
                    output.status
                ));
            }
            Err(error) => return Err(format!("no C compiler {:?}: {error}", compiler())),
        }
        let asked = root_of_erl();
        let root = asked
            .iter()
            .map(PathBuf::as_path)
            .chain(USUAL_ROOTS.map(Path::new))
            .find(|root| root.join("usr/include/erl_driver.h").is_file())
            .ok_or_else(|| {
                format!("no usr/include/erl_driver.h in {asked:?} or {USUAL_ROOTS:?}")
            })?;
        Ok(Self {
            root: root.to_path_buf(),
            include: root.join("usr/include"),
        })
    }

    /// The emulator's executable.
    pub(crate) fn emulator(&self, test: &str) -> Option<PathBuf> {
        let emulator = fs::read_dir(&self.root)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("erts-"))
            .map(|entry| entry.path().join("bin/beam.smp"))
            .find(|path| path.is_file());
        if emulator.is_none() {
            skip(test, &format!("no erts-*/bin/beam.smp in {:?}", self.root));
        }
        emulator
    }

    /// The header after the preprocessor, with line markers that tell which file each part comes from.
    pub(crate) fn preprocessed_header(&self) -> String {
        let source = Scratch::new("header.c", "#include <erl_driver.h>\n");
        stdout(self.compile(&source.0, &["-E"]))
    }

    /// All macros that the header leaves defined.
    pub(crate) fn macros_of_header(&self) -> String {
        let source = Scratch::new("macros.c", "#include <erl_driver.h>\n");
        stdout(self.compile(&source.0, &["-E", "-dM"]))
    }

    /// Compiles a C program, with further arguments for the compiler, runs it and returns what it prints.
    pub(crate) fn run_program(&self, name: &str, source: &str, arguments: &[&str]) -> String {
        let source = Scratch::new(&format!("{name}.c"), source);
        let program = Scratch::new(name, "");
        let path = program
            .0
            .to_str()
            .expect("the target directory has a UTF-8 path");
        stdout(self.compile(&source.0, &[arguments, &["-o", path]].concat()));
        let run = Command::new(&program.0).stdin(Stdio::null()).output();
        stdout(run.expect("the compiled program starts"))
    }

    /// Only checks a C file: `Err` is what the compiler has to say.
    pub(crate) fn check(&self, name: &str, source: &str) -> Result<(), String> {
        let source = Scratch::new(&format!("{name}.c"), source);
        let output = self.compile(&source.0, &["-fsyntax-only"]);
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Runs the compiler on a file; it finds the header and takes warnings seriously.
    fn compile(&self, source: &Path, arguments: &[&str]) -> Output {
        Command::new(compiler())
            .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror"])
            .args(["-Wno-deprecated-declarations", "-I"])
            .arg(&self.include)
            .args(arguments)
            .arg(source)
            // What the tests look for in messages is English.
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .expect("the compiler starts")
    }
}

/// Says that a test does not run, past the test harness's capture; fails where Erlang is required.
pub(crate) fn skip(test: &str, missing: &str) {
    let required = env::var_os("PORTWRIGHT_REQUIRE_ERL").is_some_and(|value| value == "1");
    assert!(!required, "{missing} (and PORTWRIGHT_REQUIRE_ERL=1)");
    // In one piece, because other tests write as well.
    let line = format!("skipped: {test}: {missing}\n");
    io::stderr()
        .write_all(line.as_bytes())
        .expect("standard error can be written");
}

/// The standard output of a command that must have succeeded.
#[track_caller]
pub(crate) fn stdout(output: Output) -> String {
    assert!(
        output.status.success(),
        "{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("the output is UTF-8")
}

fn compiler() -> OsString {
    env::var_os("CC").unwrap_or_else(|| "cc".into())
}

fn root_of_erl() -> Option<PathBuf> {
    let mut erl = Command::new("erl");
    erl.args([
        "-noshell",
        "-boot",
        "start_clean",
        "-eval",
        "io:put_chars(code:root_dir()), halt().",
    ]);
    let output = erl.stdin(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned().into())
}

/// A file with a name of its own, for tests run at the same time, in this process and in others.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, text: &str) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{}-{number}-{name}", process::id()));
        fs::write(&path, text).expect("the target directory can be written");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A test that fails leaves its files, to be looked at. One that cannot be removed harms nobody.
        if !thread::panicking() {
            let _ = fs::remove_file(&self.0);
        }
    }
}
