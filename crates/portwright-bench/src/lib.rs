//! Measures Portwright beside its peers: bare system calls, tokio and the BEAM.
//!
//! Each measurement is a process of its own (`bench measure LINE PEER`), so that
//! none inherits another's heap, threads or luck; [`main`] runs them interleaved and
//! compares. [`allocations`] counts what a message allocates, which unlike time is
//! the same on every machine.
//!
//! Method and results stand in `docs/performance.md`.

#![deny(unsafe_code)]

pub mod allocations;

mod compare;
mod host;
mod line;
mod peer;
mod report;
mod sample;
mod system_calls;
mod workshop;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use system_calls::{SystemCalls, count as count_system_calls};

/// Measure Portwright beside bare system calls, tokio and the BEAM
#[derive(Parser)]
#[command(name = "bench", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Lines to measure [default: all]
    lines: Vec<String>,
    /// Write the results to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How often each peer is measured [default: 15, for some lines fewer or more]
    #[arg(long)]
    rounds: Option<usize>,
    /// Measure these peers only
    #[arg(long, value_name = "PEER")]
    peer: Vec<String>,
    /// List the lines and stop
    #[arg(long)]
    list: bool,
}

#[derive(Subcommand)]
enum Part {
    /// Measure one peer once and print the sample; what a run is made of
    #[command(hide = true)]
    Measure {
        line: String,
        peer: String,
        /// How many messages
        count: Option<u64>,
    },
}

/// The program `bench`.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.part {
        Some(Part::Measure { line, peer, count }) => measure(&line, &peer, count),
        None if arguments.list => {
            list();
            Ok(())
        }
        None => compare::run(&compare::Wanted {
            lines: arguments.lines,
            peers: arguments.peer,
            rounds: arguments.rounds,
            json: arguments.json,
        }),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    for line in line::LINES {
        println!("{:22} {} [{}]", line.name, line.title, line.unit);
        println!("{:22}   peers: {}", "", line.peers.join(", "));
        println!("{:22}   goal: {}", "", line.goal);
    }
}

fn measure(line: &str, peer: &str, count: Option<u64>) -> Result<(), String> {
    let line = line::find(line)?;
    if line.pinned {
        host::pin_to_one_cpu().map_err(|error| format!("cannot pin to one CPU: {error}"))?;
    }
    if peer == "beam" {
        return peer::beam::measure(line, count.unwrap_or(line.count));
    }
    let sample = peer::measure(line.name, peer, count.unwrap_or(line.count))?;
    println!("{}", sample.to_json());
    Ok(())
}
