//! Everything that CI runs.

use crate::programs::{cargo, succeeds};
use crate::{Outcome, Tally, test};

/// Form first, for it is quick; then the tests. All of them run, whatever fails.
pub(crate) fn run() -> Outcome {
    let mut tally = Tally::default();
    let mut documentation = cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    for command in [
        &mut cargo(&["fmt", "--all", "--check"]),
        &mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]),
        &mut documentation,
    ] {
        if succeeds(command)? {
            tally.passed += 1;
        } else {
            tally.failed += 1;
        }
    }
    tally += test::run()?;
    Ok(tally)
}
