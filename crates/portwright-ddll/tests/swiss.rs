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

use swiss_runner::{check, check_otp};

#[test]
fn loading_and_start() {
    check("start");
}

#[test]
fn output() {
    check("output");
}

#[test]
fn terms() {
    check("terms");
}

#[test]
fn commands() {
    check("command");
}

#[test]
fn queue_and_lock() {
    check("queue");
}

#[test]
fn control_and_call() {
    check("control");
}

#[test]
fn closing_and_failing() {
    check("close");
}

#[test]
fn busy_timers_jobs_monitors_events_threads() {
    check("rest");
}

#[test]
fn erl_ddll() {
    check("ddll");
}

/// The results in the files are OTP's: it is asked again.
#[test]
fn otp_gives_the_results_of_the_files() {
    check_otp(&[
        "start", "output", "terms", "command", "queue", "control", "close", "rest", "ddll",
    ]);
}
