//! Interrupts reach the program.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

use super::*;

fn kill(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[track_caller]
fn check_signal(signal: Signal, name: &str) {
    // No other process is in the middle of being started when the signal comes.
    let script = format!("trap 'echo got {name}; exit 5' {name}; echo ready; read x");
    let mut command = run(&["-o", "raw", "--", "sh", "-c", &script]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    assert_eq!(read_line(&mut child), "ready\n");
    kill(&child, signal);
    let input = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(input);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("got {name}\n")
    );
    assert_eq!(output.status.code(), Some(5));
}

#[test]
fn a_program_can_handle_an_interrupt() {
    check_signal(Signal::INT, "INT");
    check_signal(Signal::TERM, "TERM");
    check_signal(Signal::HUP, "HUP");
    check_signal(Signal::QUIT, "QUIT");
    check_signal(Signal::USR1, "USR1");
    check_signal(Signal::USR2, "USR2");
}

#[test]
fn a_program_can_be_ended_by_an_interrupt() {
    let mut child = run(&["-o", "raw", "--", "sh", "-c", "echo ready; read x"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(read_line(&mut child), "ready\n");
    kill(&child, Signal::INT);
    let _input = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn what_nohup_ignores_stays_ignored() {
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' HUP; exec \"$0\" run --deadline 60s -o raw -- sh -c 'echo ready; read x; echo $x'"])
        .arg(env!("CARGO_BIN_EXE_portwright"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    assert_eq!(read_line(&mut child), "ready\n");
    kill(&child, Signal::HUP);
    child.stdin.take().unwrap().write_all(b"alive\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "alive\n");
    assert_eq!(output.status.code(), Some(0));
}
