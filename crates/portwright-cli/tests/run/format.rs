//! What is printed: terms, bytes, JSON.

use serde_json::{Value, json};

use super::*;

fn objects(arguments: &[&str], input: &str) -> Vec<Value> {
    let mut command = run(&["-o", "json"]);
    let got = end(command.args(arguments), input);
    assert_eq!(got.stderr, "");
    got.stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn object(mut members: Value) -> Value {
    members["port"] = json!("#Port<0.1>");
    members
}

#[test]
fn json_has_an_object_for_each_message() {
    let script = "printf 'caf\\303\\251 \"x\"\\n'; echo oops >&2; exit 2";
    let mut got = objects(&["--stderr", "--eof", "--", "sh", "-c", script], "");
    // Two pipes: either may be read first.
    got[..2].sort_by_key(|object| object["event"].to_string());
    let expect = [
        json!({"event": "data", "text": "caf\u{e9} \"x\"\n"}),
        json!({"event": "stderr", "text": "oops\n"}),
        json!({"event": "exit_status", "status": 2}),
        json!({"event": "eof"}),
        json!({"event": "exit", "reason": "normal"}),
    ];
    assert_eq!(got, expect.map(object));
}

#[test]
fn json_has_lines_and_bytes_that_are_no_text() {
    let got = objects(&["--line", "3", "--", "printf", "abcd\\n\\377\\n"], "");
    let expect = [
        json!({"event": "line", "complete": false, "text": "abc"}),
        json!({"event": "line", "complete": true, "text": "d"}),
        json!({"event": "line", "complete": true, "base64": "/w=="}),
        json!({"event": "exit_status", "status": 0}),
        json!({"event": "exit", "reason": "normal"}),
    ];
    assert_eq!(got, expect.map(object));
}

#[test]
fn json_has_signals_and_failures() {
    let got = objects(&["--exit-signal", "--", "sh", "-c", "kill -TERM $$"], "");
    let expect = [
        json!({"event": "exit_signal", "signal": 15}),
        json!({"event": "exit", "reason": "normal"}),
    ];
    assert_eq!(got, expect.map(object));
}

#[test]
fn raw_output_is_what_the_program_wrote() {
    let script = "printf 'a\\000\\377'; echo err >&2";
    let (code, stdout, stderr) = end_bytes(&mut run(&["-o", "raw", "--", "sh", "-c", script]), "");
    assert_eq!(
        (code, &stdout[..], stderr.as_str()),
        (Some(0), &b"a\0\xff"[..], "err\n")
    );
    check(
        &["-o", "raw", "--stderr", "--", "sh", "-c", "echo err >&2"],
        "",
        0,
        "",
        "err\n",
    );
    check(
        &["-o", "raw", "--line", "3", "--", "printf", "abcd\\ne"],
        "",
        0,
        "abcd\ne",
        "",
    );
}

#[test]
fn terms_are_one_a_line_however_long() {
    let got = end(
        &mut run(&["--list", "--", "printf", "%0300d\\001", "7"]),
        "",
    );
    let lines: Vec<&str> = got.stdout.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[0].starts_with("{#Port<0.1>,{data,[48,48,48,"),
        "{}",
        lines[0]
    );
}
