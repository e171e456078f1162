//! Runs files of cases: sequences of Erlang expressions with the text of their
//! value, as a real OTP gave it.
//!
//! The format is that of [`case`]. Every case runs in an operating system process of
//! its own, so that none sees another's working directory, descriptors or end.

#![forbid(unsafe_code)]

mod case;
mod chain;
mod compare;
mod known;
mod names;
mod otp;
mod ours;
mod record;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Run case files and compare the results with what they expect
#[derive(Parser)]
#[command(
    name = "conformance",
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true
)]
struct Arguments {
    /// Case files: terms {s,Section} and {c,Id,Title,Flags,Code,Result}
    files: Vec<PathBuf>,
    /// Run the cases on an installed OTP too and compare all three results
    #[arg(long)]
    against: Option<Peer>,
    /// Write a file with the results of an installed OTP instead of comparing
    #[arg(long, value_name = "FILE", conflicts_with = "against")]
    record: Option<PathBuf>,
    /// How many cases run at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
    /// Only cases whose identifier contains this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    #[command(subcommand)]
    worker: Option<Worker>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Peer {
    /// The `escript` on the search path
    Erl,
}

#[derive(Subcommand)]
enum Worker {
    /// Evaluate one case; what the runner starts
    #[command(hide = true)]
    Worker {
        /// Holds the expressions
        code: PathBuf,
        /// Takes the result
        result: PathBuf,
        /// The process does not trap exits
        #[arg(long)]
        notrap: bool,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether everything was as expected.
fn run(arguments: &Arguments) -> Result<bool, Error> {
    if let Some(Worker::Worker {
        code,
        result,
        notrap,
    }) = &arguments.worker
    {
        ours::work(code, result, !notrap)?;
        return Ok(true);
    }
    let mut items = Vec::new();
    for file in &arguments.files {
        items.extend(case::read(file)?);
    }
    if let Some(part) = &arguments.only {
        items.retain(|item| item.case().is_none_or(|case| case.id.contains(part)));
    }
    let jobs = usize::from(arguments.jobs);
    match &arguments.record {
        Some(file) => record::record(&items, file, jobs),
        None => compare::compare(&items, jobs, arguments.against.is_some()),
    }
}

/// Why cases could not be run at all.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{}: {source}", file.display())]
    File {
        file: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: {why}", file.display())]
    Format { file: PathBuf, why: String },
    #[error("cannot run `{program}`: {source}; {hint}")]
    Program {
        program: String,
        source: std::io::Error,
        hint: &'static str,
    },
    #[error("the Erlang node ended without a single result; its last words:\n{0}")]
    Erlang(String),
}

impl Error {
    fn file(file: impl Into<PathBuf>, source: std::io::Error) -> Error {
        Error::File {
            file: file.into(),
            source,
        }
    }
}
