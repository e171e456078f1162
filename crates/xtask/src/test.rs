//! All tests.

use crate::programs::{cargo, is_installed, watch};
use crate::{Outcome, Tally, packages, rules, tidy};

/// Runs the tests of all crates, the doc tests, the rules and the tidy checks.
///
/// What is missing is installed where that is allowed. Else its tests are skipped, which is
/// said at the end; with `CI=true` it is a failure.
pub(crate) fn run() -> Outcome {
    let strict = std::env::var("CI").is_ok_and(|value| value == "true");
    let missing = packages::provide();
    let mut tally = Tally::default();
    let mut suites: Vec<&[&str]> = Vec::new();
    if is_installed("cargo-nextest") {
        suites.push(&["nextest", "run", "--workspace", "--no-fail-fast"]);
        suites.push(&["test", "--workspace", "--doc", "--no-fail-fast"]);
    } else {
        suites.push(&["test", "--workspace", "--no-fail-fast"]);
    }
    for suite in suites {
        tally += run_suite(suite, strict)?;
    }
    tally += tidy::run()?;
    tally += rules::run(&rules::Arguments::default())?;
    for line in &missing {
        println!("{}: {line}", if strict { "FAILED" } else { "skipped" });
    }
    if strict {
        tally.failed += missing.len();
    }
    Ok(tally)
}

fn run_suite(arguments: &[&str], strict: bool) -> Outcome {
    let mut tally = Tally::default();
    let mut command = cargo(arguments);
    if strict {
        command.env("PORTWRIGHT_REQUIRE_ERL", "1");
    }
    let succeeded = watch(&mut command, |line| tally += count(line))?;
    if !succeeded && tally.failed == 0 {
        // It did not come as far as a test: a build that fails is a failure.
        tally.failed = 1;
    }
    Ok(tally)
}

/// The tests that a line of summary of libtest or nextest tells of.
fn count(line: &str) -> Tally {
    let line = line.trim_start();
    let is_summary = line.starts_with("test result:")
        || (line.starts_with("Summary [") && line.contains("tests run:"));
    if !is_summary {
        return Tally::default();
    }
    let mut tally = Tally::default();
    let words: Vec<&str> = line
        .split([' ', ',', ';', ':', '('])
        .filter(|word| !word.is_empty())
        .collect();
    for pair in words.windows(2) {
        let Ok(number) = pair[0].parse::<usize>() else {
            continue;
        };
        match pair[1].trim_end_matches('.') {
            "passed" => tally.passed += number,
            "failed" | "timed" => tally.failed += number,
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, passed: usize, failed: usize) {
        assert_eq!(count(line), Tally { passed, failed }, "{line}");
    }

    #[test]
    fn summaries_of_both_runners_are_counted() {
        check(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            12,
            0,
        );
        check("test result: FAILED. 3 passed; 2 failed; 0 ignored", 3, 2);
        check(
            "     Summary [   4.321s] 17 tests run: 14 passed (1 slow), 2 failed, 1 timed out, 5 skipped",
            14,
            3,
        );
        check(
            "     Summary [   0.010s] 1 tests run: 1 passed, 0 skipped",
            1,
            0,
        );
        check("running 3 tests", 0, 0);
        check("the port said: 3 passed; 4 failed", 0, 0);
    }
}
