//! Tests under a sanitizer: `cargo xtask sanitize thread|address|valgrind [PACKAGE...]`.
//!
//! The standard library is built anew, instrumented as all else: the thread sanitizer would take what it orders by fences
//! of its own for unordered.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::programs::{cargo, is_installed, succeeds};
use crate::{Outcome, Tally, root};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Which sanitizer
    sanitizer: Sanitizer,
    /// Packages [default: those in which threads, descriptors or foreign code meet]
    packages: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Sanitizer {
    /// Data races
    Thread,
    /// Invalid memory accesses, and leaks
    Address,
    /// Invalid memory accesses, also those of code that was compiled without a sanitizer: compiled drivers. Slow
    Valgrind,
}

const PACKAGES: &[&str] = &[
    "portwright-term",
    "portwright-driver",
    "portwright",
    "portwright-ddll",
];

/// The target that is tested: nightly Rust has both sanitizers for it.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Each package on its own, so that one that does not build hides no other.
pub(crate) fn run(arguments: &Arguments) -> Outcome {
    if arguments.sanitizer == Sanitizer::Valgrind {
        return valgrind(&arguments.packages);
    }
    if nightly().is_none() {
        return Ok(skipped(
            "sanitizers need nightly Rust: rustup toolchain install nightly --component rust-src",
        ));
    }
    let mut packages: Vec<&str> = arguments.packages.iter().map(String::as_str).collect();
    if packages.is_empty() {
        packages = PACKAGES.to_vec();
    }
    let mut tally = Tally::default();
    for package in packages {
        let mut cargo = nightly().ok_or("nightly Rust has gone")?;
        // The documentation's examples are left out: each is a program to link.
        cargo.args(["test", "-Zbuild-std", "--target", TARGET]);
        cargo.args(["--tests", "--no-fail-fast"]);
        cargo.args(["--package", package]);
        // OTP cannot load drivers that are instrumented.
        cargo.args(["--", "--skip", "otp_gives_the_results_of_the_files"]);
        if succeeds(arguments.sanitizer.instrument(&mut cargo, package))? {
            tally.passed += 1;
        } else {
            println!(
                "{package}: failed under the {} sanitizer",
                arguments.sanitizer.name()
            );
            tally.failed += 1;
        }
    }
    Ok(tally)
}

/// Each test program of the packages as a program of valgrind, one test at a time. What tests start is not watched.
fn valgrind(packages: &[String]) -> Outcome {
    if !is_installed("valgrind") {
        return Ok(skipped("valgrind is missing (Debian package valgrind)"));
    }
    let mut packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    if packages.is_empty() {
        packages.push("portwright-ddll");
    }
    let mut tally = Tally::default();
    for package in packages {
        let mut command = cargo(&["test", "--tests", "--no-fail-fast", "--package", package]);
        command.args(["--", "--test-threads=1"]);
        // These start programs, and are tests of those.
        command.args(["--skip", "otp_gives_the_results_of_the_files"]);
        command.args(["--skip", "a_foreign_crate"]);
        // Valgrind looks for names in the files itself, and does not survive one that is cut off.
        command.args(["--skip", "a_file_that_is_cut_off"]);
        command.env(
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER",
            "valgrind --quiet --error-exitcode=99 --fair-sched=yes --num-callers=30",
        );
        if succeeds(&mut command)? {
            tally.passed += 1;
        } else {
            println!("{package}: failed under valgrind");
            tally.failed += 1;
        }
    }
    Ok(tally)
}

impl Sanitizer {
    fn name(self) -> &'static str {
        match self {
            Self::Thread => "thread",
            Self::Address => "address",
            Self::Valgrind => "valgrind",
        }
    }

    fn instrument<'a>(self, cargo: &'a mut Command, package: &str) -> &'a mut Command {
        let name = self.name();
        // Drivers in C are instrumented by their compiler and call what the test program has of the sanitizer.
        let short = &name[..1];
        cargo
            .env(
                "RUSTFLAGS",
                format!(
                    "-Zsanitizer={name} -Cunsafe-allow-abi-mismatch=sanitizer \
                     -Clink-arg=-Wl,--export-dynamic-symbol=__{short}san_* \
                     --cfg portwright_{name}_sanitizer \
                     --check-cfg=cfg(portwright_{name}_sanitizer)"
                ),
            )
            .env(
                "CARGO_TARGET_DIR",
                target_folder(&format!("sanitize-{name}")),
            );
        match self {
            Self::Thread => cargo.env("TSAN_OPTIONS", "allocator_may_return_null=1"),
            // Drivers of others leak: megaco's scanner, and a test driver that never frees its
            // state. Their frames have no names by which to tell them apart. A driver may ask
            // for more memory than there is, and must get null.
            Self::Address => {
                let leaks = u8::from(package != "portwright-ddll");
                let options = format!("detect_leaks={leaks}:allocator_may_return_null=1");
                cargo.env("ASAN_OPTIONS", options)
            }
            // Nothing is instrumented for it.
            Self::Valgrind => cargo,
        }
    }
}

/// `cargo` of nightly Rust in the root of the workspace; nothing when it is not installed.
pub(crate) fn nightly() -> Option<Command> {
    let mut cargo = Command::new("cargo");
    // `CARGO` is the stable one that runs us.
    cargo
        .arg("+nightly")
        .env_remove("CARGO")
        .current_dir(root());
    let answer = Command::new("cargo")
        .args(["+nightly", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    answer.is_ok_and(|status| status.success()).then_some(cargo)
}

/// Says aloud that a task was left out, which with `CI=true` is a failure.
pub(crate) fn skipped(why: &str) -> Tally {
    let strict = std::env::var("CI").is_ok_and(|value| value == "true");
    println!("{}: {why}", if strict { "FAILED" } else { "skipped" });
    Tally {
        passed: 0,
        failed: usize::from(strict),
    }
}

/// A target folder for other compiler flags, so that the usual one is not built anew.
pub(crate) fn target_folder(name: &str) -> PathBuf {
    let usual = std::env::var_os("CARGO_TARGET_DIR");
    usual
        .map_or_else(|| root().join("target"), PathBuf::from)
        .join(name)
}
