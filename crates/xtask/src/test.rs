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
    // A test that fails prints its own runner's line within nextest's.
    let summary = if arguments[0] == "nextest" {
        NEXTEST
    } else {
        LIBTEST
    };
    let succeeded = watch(&mut command, |line| tally += count(line, summary))?;
    if !succeeded && tally.failed == 0 {
        // It did not come as far as a test: a build that fails is a failure.
        tally.failed = 1;
    }
    Ok(tally)
}

/// How the lines begin in which the runners sum up.
const LIBTEST: &str = "test result:";
const NEXTEST: &str = "Summary [";

/// The tests that a line tells of, if it is one that sums up.
fn count(line: &str, summary: &str) -> Tally {
    let line = line.trim_start();
    if !line.starts_with(summary) {
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
    fn check(summary: &str, line: &str, passed: usize, failed: usize) {
        assert_eq!(count(line, summary), Tally { passed, failed }, "{line}");
    }

    #[test]
    fn summaries_of_both_runners_are_counted() {
        check(
            LIBTEST,
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            12,
            0,
        );
        let failed = "test result: FAILED. 3 passed; 2 failed; 0 ignored";
        check(LIBTEST, failed, 3, 2);
        check(NEXTEST, failed, 0, 0);
        check(
            NEXTEST,
            "     Summary [   4.321s] 17 tests run: 14 passed (1 slow), 2 failed, 1 timed out, 5 skipped",
            14,
            3,
        );
        check(
            NEXTEST,
            "     Summary [   0.010s] 1 tests run: 1 passed, 0 skipped",
            1,
            0,
        );
        check(LIBTEST, "running 3 tests", 0, 0);
        check(LIBTEST, "the port said: 3 passed; 4 failed", 0, 0);
    }
}
