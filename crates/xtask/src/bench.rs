//! Measurements beside the peers, see `docs/performance.md`.

use crate::programs::{cargo, succeeds};
use crate::{Outcome, Tally};

/// What the program `bench` is asked for; its `--help` tells.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Lines and options of the program `bench`: `[LINE...] [--json FILE] [--rounds N] [--list]`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    passed_on: Vec<String>,
}

/// Builds with optimisation and measures.
pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let mut command = cargo(&[
        "run",
        "--release",
        "--quiet",
        "--package",
        "portwright-bench",
    ]);
    // Files are named from where the caller stands, not from the root.
    if let Ok(folder) = std::env::current_dir() {
        command
            .arg("--manifest-path")
            .arg(crate::root().join("Cargo.toml"));
        command.current_dir(folder);
    }
    command
        .args(["--bin", "bench", "--"])
        .args(&arguments.passed_on);
    let succeeded = succeeds(&mut command)?;
    Ok(Tally {
        passed: usize::from(succeeded),
        failed: usize::from(!succeeded),
    })
}
