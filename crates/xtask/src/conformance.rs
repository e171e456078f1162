//! Cases recorded on a real OTP.

use std::process::ExitCode;

use crate::programs::cargo;

/// What the runner understands; `--help` is its own.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Case files and options: see `cargo xtask conformance -- --help`
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "FILE..."
    )]
    rest: Vec<std::ffi::OsString>,
}

/// Runs case files; the runner says how many passed and failed.
///
/// It runs where the caller stands: the names of the files are the caller's.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let status = cargo(&[
        "run",
        "--quiet",
        // Some cases count what fits into a moment, so the evaluator has to keep up with OTP's.
        "--release",
        "--package",
        "portwright-conformance",
        "--",
    ])
    .current_dir(std::env::current_dir().map_err(|error| error.to_string())?)
    .args(&arguments.rest)
    .status()
    .map_err(|error| format!("cannot run cargo: {error}"))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}
