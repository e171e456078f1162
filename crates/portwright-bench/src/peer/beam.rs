//! The installed Erlang/OTP: a fresh virtual machine for each measurement.

use std::process::{Command, Stdio};

use crate::line::Line;
use crate::workshop::Workshop;

/// Runs the line in a virtual machine, which prints the sample itself.
pub(crate) fn measure(line: &Line, count: u64) -> Result<(), String> {
    let workshop = Workshop::enter()?;
    if !workshop.has_module() {
        return Err(workshop.missing.join("; "));
    }
    crate::host::raise_descriptor_limit(20_000);
    let status = Command::new("erl")
        .args(["-noshell", "-noinput", "-pa"])
        .arg(workshop.folder())
        .args([
            "-run",
            "portwright_bench",
            "main",
            line.name,
            &count.to_string(),
        ])
        .arg(workshop.folder())
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("cannot run erl: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("the virtual machine ended with {status}"))
    }
}
