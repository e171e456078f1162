//! Runs the case files of `tests/cases` with the scriptable driver and compares what comes of each step with what came
//! of it on OTP 25.
//!
//! A line of a case file is `STEP => RESULT`. The results are the emulator's own: `tests/cases/otp.escript` prints them,
//! and the last test here runs it again. Cases are named by the rows of driver_cases.md (D-) and the rules of ddll.md
//! (L-) that they cover. Where two results are right, both stand there: `A || B`.
//!
//! Steps: `open NAME [PortName,Settings]`, `ctl NAME SCRIPT`, `cmd NAME [Data|Options]`, `send NAME Message`, `msg`, `log` and
//! so on; see `Case::step`. `other STEP` runs a step in a second process, `bg STEP` in a thread until `join`.

mod swiss_runner;

use swiss_runner::{Setting, check, check_otp};

const FOUR: Setting = Setting { async_threads: 4 };

#[test]
fn loading_and_start() {
    check("start", Setting::default());
}

#[test]
fn output() {
    check("output", Setting::default());
}

#[test]
fn terms() {
    check("terms", Setting::default());
}

#[test]
fn commands() {
    check("command", Setting::default());
}

#[test]
fn queue_and_lock() {
    check("queue", Setting::default());
}

#[test]
fn control_and_call() {
    check("control", Setting::default());
}

#[test]
fn closing_and_failing() {
    check("close", Setting::default());
}

#[test]
fn busy_ports() {
    check("busy", Setting::default());
}

#[test]
fn descriptors() {
    check("select", Setting::default());
}

#[test]
fn timers_jobs_monitors_threads() {
    check("rest", Setting::default());
}

#[test]
fn erl_ddll() {
    check("ddll", Setting::default());
}

#[test]
fn drivers_of_otp_suites() {
    check("suite", Setting::default());
}

#[test]
fn jobs_on_four_threads() {
    check("jobs", FOUR);
}

/// What is otherwise here, on purpose.
#[test]
fn differences() {
    check("host", Setting::default());
}

/// The results in the files are OTP's: it is asked again.
#[test]
fn otp_gives_the_results_of_the_files() {
    check_otp(
        &[
            "start", "output", "terms", "command", "queue", "control", "close", "busy", "select",
            "rest", "ddll", "suite",
        ],
        Setting::default(),
    );
}

#[test]
fn otp_gives_the_results_of_the_files_on_four_threads() {
    check_otp(&["jobs"], FOUR);
}
