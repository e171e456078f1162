//! Model checking: `cargo xtask loom`.

use crate::programs::{cargo, succeeds};
use crate::sanitize::target_folder;
use crate::{Outcome, Tally};

/// Runs the loom tests: every interleaving of small programs over the turn of a port, the
/// mailbox and the waking of senders.
pub(crate) fn run() -> Outcome {
    let mut command = cargo(&[
        "test",
        "--package",
        "portwright",
        "--lib",
        "--release",
        "loom",
    ]);
    command
        .env("RUSTFLAGS", "--cfg portwright_loom")
        .env("CARGO_TARGET_DIR", target_folder("loom"));
    let passed = succeeds(&mut command)?;
    Ok(Tally {
        passed: usize::from(passed),
        failed: usize::from(!passed),
    })
}
