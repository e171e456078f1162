//! Development tasks: `cargo xtask <task>`.
//!
//! `cargo xtask test` is what a newcomer and CI run alike; `cargo xtask ci` adds
//! the checks of form. Each task prints what it runs, and what it had to leave out.

#![forbid(unsafe_code)]

mod bench;
mod ci;
mod conformance;
mod fuzz;
mod loom;
mod packages;
mod programs;
mod rules;
mod sanitize;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development tasks of this workspace
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Compare the rules with the tests that cite them
    Rules(rules::Arguments),
    /// Run all tests, the rules and the tidy checks
    Test,
    /// Run everything that CI runs
    Ci,
    /// Measure every line beside its peers
    Bench(bench::Arguments),
    /// Run case files as on a real OTP and compare
    Conformance(conformance::Arguments),
    /// Check the arrows between crates and the length of files
    Tidy,
    /// Run the fuzz targets
    Fuzz(fuzz::Arguments),
    /// Run tests under the thread or the address sanitizer, or valgrind
    Sanitize(sanitize::Arguments),
    /// Check the locks of ports and mailboxes in every interleaving
    Loom,
}

/// What a task counted. It has failed when `failed` is not 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

type Outcome = Result<Tally, String>;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Rules(arguments) => rules::run(&arguments),
        Task::Test => test::run(),
        Task::Ci => ci::run(),
        Task::Tidy => tidy::run(),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Conformance(arguments) => {
            return conformance::run(&arguments).unwrap_or_else(|why| {
                eprintln!("xtask: {why}");
                ExitCode::FAILURE
            });
        }
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::Sanitize(arguments) => sanitize::run(&arguments),
        Task::Loom => loom::run(),
    };
    match outcome {
        Ok(tally) => {
            println!("{tally}");
            if tally.failed == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("xtask lies in crates/")
        .to_owned()
}

/// All files under `folder`, in order; nothing when it does not exist.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
