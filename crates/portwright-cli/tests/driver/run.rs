//! `portwright driver run`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::{Directory, echo, portwright, text};

/// Runs `echo` with these arguments behind the file.
#[track_caller]
fn check(arguments: &[&str], input: &str, code: i32, stdout: &str, stderr: &str) {
    let Some(file) = echo(&[]) else { return };
    let all = [&["run", text(&file)], arguments].concat();
    let got = portwright(&all, input);
    assert_eq!(
        got,
        (code, stdout.to_owned(), stderr.to_owned()),
        "{arguments:?}"
    );
}

#[test]
fn lines_are_commands_and_messages_are_printed() {
    check(
        &["--", "echo", "and", "more"],
        "hello\n\nlast",
        0,
        "{#Port<0.1>,{data,\"echo and more\"}}\n\
         {#Port<0.1>,{data,<<\"hello\">>}}\n\
         {#Port<0.1>,{data,<<>>}}\n\
         {#Port<0.1>,{data,<<\"last\">>}}\n\
         {'EXIT',#Port<0.1>,normal}\n",
        "",
    );
}

#[test]
fn the_command_is_the_name_of_the_driver_by_default() {
    check(
        &["--list"],
        "hello\n",
        0,
        "{#Port<0.1>,{data,\"echo\"}}\n{#Port<0.1>,{data,\"hello\"}}\n{'EXIT',#Port<0.1>,normal}\n",
        "",
    );
}

#[test]
fn input_is_cut_as_asked_and_output_printed_as_asked() {
    check(&["-i", "whole", "-o", "raw"], "a\nb\n", 0, "echoa\nb\n", "");
    check(
        &["-o", "json"],
        "",
        0,
        "{\"port\":\"#Port<0.1>\",\"event\":\"data\",\"text\":\"echo\"}\n\
         {\"port\":\"#Port<0.1>\",\"event\":\"exit\",\"reason\":\"normal\"}\n",
        "",
    );
}

#[test]
fn control_and_call_are_requests_with_answers() {
    check(
        &["--control", "1"],
        "abc\n",
        0,
        "{#Port<0.1>,{data,\"echo\"}}\n{#Port<0.1>,{control,\"cba\"}}\n{'EXIT',#Port<0.1>,normal}\n",
        "",
    );
    check(
        &["--call", "1"],
        "{a,[1,2]}.\n",
        0,
        "{#Port<0.1>,{data,\"echo\"}}\n{#Port<0.1>,{call,{a,[1,2]}}}\n{'EXIT',#Port<0.1>,normal}\n",
        "",
    );
    check(
        &["--input", "terms", "-o", "json"],
        "{command,\"x\"}.\n{control,1,[\"ab\",<<\"c\">>]}\n{call,1,\"t\"}\nclose\n",
        0,
        "{\"port\":\"#Port<0.1>\",\"event\":\"data\",\"text\":\"echo\"}\n\
         {\"port\":\"#Port<0.1>\",\"event\":\"data\",\"text\":\"x\"}\n\
         {\"port\":\"#Port<0.1>\",\"event\":\"control\",\"text\":\"cba\"}\n\
         {\"port\":\"#Port<0.1>\",\"event\":\"call\",\"term\":\"\\\"t\\\"\"}\n\
         {\"port\":\"#Port<0.1>\",\"event\":\"exit\",\"reason\":\"normal\"}\n",
        "",
    );
}

#[test]
fn refused_requests_are_told_and_the_conversation_goes_on() {
    check(
        &["--input", "terms"],
        "{control,7,\"\"}\nnonsense\n{command,\"on\"}\n",
        125,
        "{#Port<0.1>,{data,\"echo\"}}\n{#Port<0.1>,{data,<<\"on\">>}}\n{'EXIT',#Port<0.1>,normal}\n",
        "portwright: port_control with operation 7 is refused: the driver does not know the operation or its \
         argument (badarg)\n\
         portwright: nonsense is no request; {command,Data}, {control,Operation,Data}, {call,Operation,Term} and \
         close are\n",
    );
}

#[test]
fn a_port_that_ends_by_itself_is_told() {
    check(
        &[],
        "fail\n",
        125,
        "{#Port<0.1>,{data,\"echo\"}}\n{'EXIT',#Port<0.1>,boom}\n",
        "portwright: the port ended: boom\n",
    );
    // driver_exit(Port, 0) says nothing to the owner.
    check(&[], "quit\n", 0, "{#Port<0.1>,{data,\"echo\"}}\n", "");
}

#[test]
fn a_driver_that_refuses_is_an_error_in_words() {
    check(
        &["--", "refuse"],
        "",
        125,
        "",
        "portwright: cannot open \"echo refuse\": the driver does not understand its command or settings (badarg); \
         does it want other words behind its name?\n",
    );
    check(
        &["--packet", "3"],
        "",
        125,
        "",
        "portwright: bad port setting {packet,3}: the header has 1, 2 or 4 bytes\n",
    );
}

#[test]
fn what_cannot_be_loaded_is_named() {
    let folder = Directory::new("run");
    let text_file = folder.file("text.so", b"no driver");
    let (code, _, err) = portwright(&["run", text(&text_file)], "");
    assert_eq!(code, 126);
    assert!(err.contains("it is no ELF file"), "{err}");
    assert_eq!(portwright(&["run", "no/such.so"], "").0, 127);
    let Some(file) = echo(&[]) else { return };
    let bytes = std::fs::read(&file).unwrap();
    let other = folder.file("other.so", &bytes);
    let (code, _, err) = portwright(&["run", text(&other)], "");
    assert_eq!(code, 126);
    let why = "the file of the driver \"other\" holds a driver named \"echo\" (bad_driver_name)";
    assert!(err.contains(why), "{err}");
    let versioned = folder.file("echo.so.1", &bytes);
    let (code, _, err) = portwright(&["run", text(&versioned)], "");
    assert_eq!(code, 126);
    assert!(err.contains("ends in .so"), "{err}");
    let Some(file) = echo(&["UNRESOLVED"]) else {
        return;
    };
    let (code, _, err) = portwright(&["run", text(&file)], "");
    assert_eq!(code, 126);
    assert!(
        err.contains("nobody has `nobody_has_this`, `nor_this`"),
        "{err}"
    );
}

#[test]
fn the_deadline_closes_the_port_and_ends_a_callback_that_hangs() {
    check(
        &["--in", "--deadline", "100ms"],
        "",
        124,
        "{#Port<0.1>,{data,\"echo\"}}\n{'EXIT',#Port<0.1>,normal}\n",
        "",
    );
    let Some(file) = echo(&[]) else { return };
    let mut seconds = 0.5;
    let got = loop {
        let deadline = format!("{seconds}s");
        let settings = ["--deadline", &deadline, "--grace", "100ms"];
        let got = portwright(&[&["run", text(&file)], &settings[..]].concat(), "hang\n");
        // On a machine that is busy enough the port closes before the command comes.
        if !got.1.contains("'EXIT'") || seconds > 60.0 {
            break got;
        }
        seconds *= 2.0;
    };
    let data = "{#Port<0.1>,{data,\"echo\"}}\n";
    assert_eq!(got, (124, data.to_owned(), String::new()));
}

#[test]
fn a_signal_closes_the_port() {
    let Some(file) = echo(&[]) else { return };
    let mut child = Command::new(env!("CARGO_BIN_EXE_portwright"))
        .args(["driver", "run", text(&file), "--in"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "{#Port<0.1>,{data,\"echo\"}}\n");
    let pid = child.id().to_string();
    let kill = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(kill.unwrap().success());
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "{'EXIT',#Port<0.1>,normal}\n");
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
}
