//! Conversations with programs that people use.

use std::process::Command;

use super::*;

#[test]
fn what_a_program_says_is_printed_as_erlang_prints_it() {
    check(
        &["--", "sh", "-c", "echo hello; exit 3"],
        "",
        3,
        "{#Port<0.1>,{data,<<\"hello\\n\">>}}\n\
         {#Port<0.1>,{exit_status,3}}\n\
         {'EXIT',#Port<0.1>,normal}\n",
        "",
    );
}

#[test]
fn sort_prints_when_its_input_is_closed() {
    check(&["-o", "raw", "--", "sort"], "b\na\n", 0, "a\nb\n", "");
}

#[test]
fn the_double_dash_may_be_left_out() {
    check(
        &["-o", "raw", "echo", "--eof", "-x"],
        "",
        0,
        "--eof -x\n",
        "",
    );
}

#[test]
fn bc_answers() {
    if is_installed("bc") {
        let answer = "{#Port<0.1>,{data,{eol,<<\"1267650600228229401496703205376\">>}}}\n\
                      {#Port<0.1>,{exit_status,0}}\n{'EXIT',#Port<0.1>,normal}\n";
        check(&["--line", "80", "--", "bc"], "2^100\n", 0, answer, "");
    }
}

#[test]
fn git_shows_an_object() {
    if !is_installed("git") {
        return;
    }
    let repository = Directory::new("git");
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(["-C", repository.path()])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "--quiet"]);
    std::fs::write(repository.0.join("file"), "some text\n").unwrap();
    let object = git(&["hash-object", "-w", "file"]);
    check(
        &[
            "--line",
            "200",
            "--cd",
            repository.path(),
            "--",
            "git",
            "cat-file",
            "--batch",
        ],
        &format!("{object}\nnothing\n"),
        0,
        &format!(
            "{{#Port<0.1>,{{data,{{eol,<<\"{object} blob 10\">>}}}}}}\n\
             {{#Port<0.1>,{{data,{{eol,<<\"some text\">>}}}}}}\n\
             {{#Port<0.1>,{{data,{{eol,<<>>}}}}}}\n\
             {{#Port<0.1>,{{data,{{eol,<<\"nothing missing\">>}}}}}}\n\
             {{#Port<0.1>,{{exit_status,0}}}}\n{{'EXIT',#Port<0.1>,normal}}\n"
        ),
        "",
    );
}

/// Takes packets apart and sends each back, reversed.
const REVERSE: &str = "
import struct, sys
read, write = sys.stdin.buffer, sys.stdout.buffer
while header := read.read(4):
    data = read.read(struct.unpack('>I', header)[0])
    write.write(struct.pack('>I', len(data)) + data[::-1])
    write.flush()
";

#[test]
fn python_talks_in_packets_of_4_megabytes() {
    if !is_installed("python3") {
        return;
    }
    let packet: Vec<u8> = (0..4 << 20).map(|at: u32| b'a' + (at % 23) as u8).collect();
    let mut input = packet.clone();
    input.extend_from_slice(b"\nshort\n");
    input.extend_from_slice(&packet);
    let mut command = run(&["--packet", "4", "-o", "raw", "--", "python3", "-c", REVERSE]);
    let (code, stdout, stderr) = end_bytes(&mut command, input);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let reversed: Vec<u8> = packet.iter().rev().copied().collect();
    assert!(stdout == [&reversed, &b"trohs"[..], &reversed].concat());
}

#[test]
fn packets_are_messages() {
    if is_installed("python3") {
        check(
            &["--packet", "4", "--", "python3", "-c", REVERSE],
            "abc\n\nde",
            0,
            "{#Port<0.1>,{data,<<\"cba\">>}}\n{#Port<0.1>,{data,<<>>}}\n{#Port<0.1>,{data,<<\"ed\">>}}\n\
             {#Port<0.1>,{exit_status,0}}\n{'EXIT',#Port<0.1>,normal}\n",
            "",
        );
    }
}

#[test]
fn a_shell_command_is_a_pipeline() {
    if is_installed("gzip") {
        // More than all pipes hold together, in both directions at once.
        let input: Vec<u8> = (0..3_000_000u32).flat_map(|n| n.to_le_bytes()).collect();
        let mut command = run(&["-o", "raw", "--shell", "gzip -1 -c | gunzip -c"]);
        let (code, stdout, stderr) = end_bytes(&mut command, input.clone());
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        assert!(stdout == input);
    }
}

#[test]
fn a_program_that_does_not_read_is_no_hindrance() {
    let input = vec![b'x'; 1 << 20];
    let (code, stdout, stderr) = end_bytes(&mut run(&["-o", "raw", "--", "echo", "done"]), input);
    assert_eq!(
        (code, &stdout[..], stderr.as_str()),
        (Some(0), &b"done\n"[..], "")
    );
}

#[test]
fn without_standard_input_the_programs_input_is_empty() {
    let mut command = Command::new("sh");
    let portwright = env!("CARGO_BIN_EXE_portwright");
    command
        .args([
            "-c",
            "exec \"$0\" run --deadline 60s -o raw -- wc -c <&-",
            portwright,
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn input_may_be_cut_into_lines_or_sent_whole() {
    let framed = |arguments: &[&str], input: &str| {
        let mut all = vec!["--packet", "1", "-o", "raw"];
        all.extend_from_slice(arguments);
        // Shows the headers that the program gets, as packets of one letter each.
        all.extend_from_slice(&[
            "--",
            "sh",
            "-c",
            "od -An -c | tr -d ' \\n' | sed 's/./\\x01&/g'",
        ]);
        end(&mut run(&all), input).stdout
    };
    assert_eq!(framed(&["--input", "lines"], "ab\nc"), "002ab001c");
    assert_eq!(framed(&[], "ab\nc"), "002ab001c");
    assert_eq!(framed(&["--input", "whole"], "ab\nc"), "004ab\\nc");
    assert_eq!(framed(&["--input", "raw"], "ab\nc"), "004ab\\nc");
}
