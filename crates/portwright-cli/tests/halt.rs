//! How everything ends when ports of compiled drivers are open: `halt/0,1,2` and `init:stop/0`, in scripts that real
//! `escript` runs too.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The first argument is the driver's folder, the second what its port is to do, the third how to end.
const SCRIPT: &str = r#"#!/usr/bin/env escript
main([Folder, Does, How]) ->
    ok = erl_ddll:load(Folder, "swissp"),
    process_flag(trap_exit, true),
    P = open_port({spawn_driver, "swissp !" ++ Does}, []),
    io:format("~p~n", [erlang:system_info(taints)]),
    finish(How, P),
    io:format("after~n").

finish("halt", _) -> halt(0);
finish("halt3", _) -> halt(3);
finish("quietly", _) -> halt(4, [{flush, false}]);
finish("abort", _) -> halt(abort);
finish("slogan", _) -> halt("crash");
finish("return", _) -> ok;
finish("stop", _) -> init:stop(), receive after infinity -> ok end.
"#;

const OURS: &[&str] = &[env!("CARGO_BIN_EXE_portwright"), "escript"];
const OTPS: &[&str] = &["escript"];

/// A folder with the driver and the script.
struct Run {
    folder: PathBuf,
    child: Child,
}

impl Run {
    /// `None` when the program or the driver cannot be had.
    fn start(test: &str, program: &[&str], does: &str, how: &str) -> Option<Run> {
        let built = match test_drivers::swiss("swissp") {
            Ok(built) => built,
            Err(why) => {
                test_drivers::skip(&why);
                return None;
            }
        };
        let which = if program == OTPS { "otp" } else { "own" };
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("halt-{test}-{which}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::copy(built.join("swissp.so"), folder.join("swissp.so")).unwrap();
        fs::write(folder.join("s.es"), SCRIPT).unwrap();
        let child = Command::new(program[0])
            .args(&program[1..])
            .arg("s.es")
            .arg(&folder)
            .args([does, how])
            .current_dir(&folder)
            .env("ERL_CRASH_DUMP", "/dev/null")
            .stdin(Stdio::null())
            .stdout(fs::File::create(folder.join("out")).unwrap())
            .stderr(Stdio::null())
            .spawn();
        match child {
            Ok(child) => Some(Run { folder, child }),
            Err(_) => {
                test_drivers::skip("there is no escript (package erlang-base)");
                None
            }
        }
    }

    /// What the driver has noted, without the lines of its start.
    fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.join("swissp.so.log")).unwrap_or_default();
        let is_start = |line: &str| {
            let begins = |word| line.starts_with(word);
            begins("driver_init") || begins("init") || begins("start ")
        };
        let lines: Vec<&str> = log.lines().filter(|line| !is_start(line)).collect();
        lines.join(" | ")
    }

    #[track_caller]
    fn wait_for(&self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.log().contains(text) {
            assert!(Instant::now() < deadline, "no {text} in {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the script here and on OTP: the driver's callbacks, the exit code and the output are the expected ones.
#[track_caller]
fn check(test: &str, does: &str, how: &str, log: &str, status: i32) {
    for program in [OURS, OTPS] {
        let Some(mut run) = Run::start(test, program, does, how) else {
            continue;
        };
        let ended = run.child.wait().unwrap();
        // A shell tells of signals in this way.
        let code = std::os::unix::process::ExitStatusExt::signal(&ended)
            .map_or(ended.code(), |signal| Some(128 + signal));
        let output = fs::read_to_string(run.folder.join("out")).unwrap();
        let seen = run.log();
        // On a busy machine OTP may be gone before it has finished a driver; we never are.
        let is_cut = program == OTPS && log.strip_suffix(" | finish") == Some(&*seen);
        assert!(is_cut || seen == log, "{program:?}: {seen}");
        assert_eq!(code, Some(status), "{program:?}");
        let flushes = !matches!(how, "quietly" | "abort" | "slogan");
        let expect = if how == "return" {
            "[swissp]\nafter\n"
        } else {
            "[swissp]\n"
        };
        // L-8.6: the driver taints the system. The process that halts goes no further. OTP may lose what was printed
        // when it ends in a hurry.
        let is_lost = output.is_empty() && program == OTPS && !flushes;
        assert!(is_lost || output == expect, "{program:?}: {output}");
    }
}

// D-N9, L-8.6.
#[test]
fn halt_stops_ports_and_does_not_finish_drivers() {
    check("stop", "sizeq", "halt", "stop", 0);
    check("return", "sizeq", "return", "stop", 0);
}

// D-N10.
#[test]
fn halt_waits_for_queues() {
    let does = "enq abc; on flush timer 50; on timeout deqall";
    let log = "flush: 0 | timeout: 0 | stop";
    check("flush", does, "halt3", log, 3);
}

// D-N12.
#[test]
fn who_halts_in_a_hurry_stops_nothing() {
    check("quietly", "enq abc", "quietly", "", 4);
    check("abort", "sizeq", "abort", "", 134);
    check("slogan", "enq abc", "slogan", "emergency_close", 1);
}

// D-N13.
#[test]
fn init_stop_stops_ports_and_finishes_drivers() {
    check("init", "sizeq", "stop", "stop | finish", 0);
}

// D-K11.
#[test]
fn halt_waits_for_a_running_job() {
    for program in [OURS, OTPS] {
        let does = "async -1 0 a await go where";
        let Some(mut run) = Run::start("job", program, does, "halt3") else {
            continue;
        };
        run.wait_for("stop");
        assert!(run.child.try_wait().unwrap().is_none(), "{program:?}");
        fs::write(run.folder.join("swissp.so.go"), "").unwrap();
        assert_eq!(run.child.wait().unwrap().code(), Some(3), "{program:?}");
        let mut lines: Vec<String> = run.log().split(" | ").map(str::to_owned).collect();
        assert_eq!(
            lines.pop().unwrap(),
            "invoke a where async_1",
            "{program:?}"
        );
        lines.sort();
        assert_eq!(lines, ["invoke a", "stop"], "{program:?}");
    }
}

// D-N11.
#[test]
fn halt_waits_for_ever_for_a_queue_that_nobody_empties() {
    for program in [OURS, OTPS] {
        let does = "enq abc; on flush sizeq, timer 50; on timeout sizeq";
        let Some(mut run) = Run::start("stuck", program, does, "halt") else {
            continue;
        };
        // The driver has had its chance, and more time passes than others need to end.
        run.wait_for("timeout");
        std::thread::sleep(Duration::from_millis(100));
        assert!(run.child.try_wait().unwrap().is_none(), "{program:?}");
        assert_eq!(run.log(), "flush: 3 0 | timeout: 3", "{program:?}");
    }
}
