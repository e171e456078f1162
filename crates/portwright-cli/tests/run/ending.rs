//! Exit codes, deadlines, and output that nobody reads.

use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn the_exit_code_is_the_programs_own() {
    for code in [0, 1, 3, 125, 255] {
        let got = end(
            &mut run(&["-o", "raw", "--", "sh", "-c", &format!("exit {code}")]),
            "",
        );
        assert_eq!(got.code, Some(code));
    }
}

#[test]
fn a_program_that_a_signal_ends_counts_as_128_and_the_number() {
    let kill = ["--", "sh", "-c", "kill -9 $$"];
    check(
        &kill,
        "",
        137,
        "{#Port<0.1>,{exit_status,137}}\n{'EXIT',#Port<0.1>,normal}\n",
        "",
    );
    check(
        &[&["--exit-signal"][..], &kill].concat(),
        "",
        137,
        "{#Port<0.1>,{exit_signal,9}}\n{'EXIT',#Port<0.1>,normal}\n",
        "",
    );
}

#[test]
fn a_missing_program_is_127() {
    check(
        &["--", "./no-such"],
        "",
        127,
        "",
        "portwright: cannot start ./no-such: no such file (enoent); is the path relative to another directory?\n",
    );
    check(
        &["-o", "raw", "--shell", "./no-such 2>/dev/null"],
        "",
        127,
        "",
        "",
    );
}

#[test]
fn a_file_that_is_no_program_is_126() {
    let directory = Directory::new("noexec");
    let file = directory.0.join("file");
    std::fs::write(&file, "\u{1}no program\n").unwrap();
    let file = file.to_str().unwrap();
    let complaint = |why: &str| format!("portwright: cannot start {file}: {why}\n");
    check(
        &["--", file],
        "",
        126,
        "",
        &complaint("permission denied (eacces); is it an executable file?"),
    );
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
    check(
        &["--", file],
        "",
        126,
        "",
        &complaint("not a program (enoexec); does a script begin with a `#!` line?"),
    );
}

// As bash has it: what was found and cannot be run is 126, whatever the reason.
#[test]
fn a_program_that_is_found_and_cannot_be_started_is_126() {
    let directory = Directory::new("cannot");
    let file = |name: &str| format!("{}/{name}", directory.path());
    std::os::unix::fs::symlink(file("loop"), file("loop")).unwrap();
    std::fs::copy("/bin/true", file("open")).unwrap();
    let mut open = std::fs::OpenOptions::new();
    let written = open.append(true).open(file("open")).unwrap();
    for (program, why) in [
        ("/etc/passwd/x", "enotdir"),
        (&*file("loop"), "eloop"),
        (&*file("open"), "etxtbsy"),
        (&*file(&"x".repeat(300)), "enametoolong"),
        (directory.path(), "eacces"),
    ] {
        let got = end(&mut run(&["--", program]), "");
        assert_eq!(got.code, Some(126), "{why}");
        assert!(got.stderr.contains(why), "{}", got.stderr);
    }
    drop(written);
}

// How many descriptors it takes depends on the system and on what was inherited: every limit is tried until there is
// room. Below 4 the dynamic loader fails.
#[test]
fn a_program_for_which_there_is_no_room_is_our_failure() {
    let mut refused = 0;
    for limit in 4..100 {
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -n \"$1\"; exec \"$0\" run -- cat"])
            .arg(env!("CARGO_BIN_EXE_portwright"))
            .arg(limit.to_string());
        let got = end(command.stdout(Stdio::piped()).stderr(Stdio::piped()), "");
        if got.code == Some(0) {
            assert!(refused > 0, "no limit was too low for the program");
            return;
        }
        assert_eq!(got.code, Some(125), "limit {limit}: {}", got.stderr);
        let ours = got.stderr.contains("Too many open files (os error 24)");
        let programs = got.stderr.contains("cat: too many open files (emfile)");
        assert!(ours || programs, "limit {limit}: {}", got.stderr);
        refused += i32::from(programs);
    }
    panic!("100 descriptors are not enough");
}

#[test]
fn a_missing_directory_is_named() {
    let got = end(&mut run(&["--cd", "/no/such", "--", "cat"]), "");
    assert_eq!(got.code, Some(125));
    assert!(got.stderr.ends_with(
        "portwright: cannot change to the directory /no/such: No such file or directory (os error 2)\n"
    ));
}

/// Checks how the command ends at a deadline that leaves the program the time to say `word`: a
/// machine may be so busy that many would pass before.
#[track_caller]
fn check_deadline(arguments: &[&str], word: &str, stdout: &str) {
    let mut seconds = 0.1;
    let got = loop {
        let deadline = format!("{seconds}s");
        let got = end(
            &mut run(&[&["--deadline", &deadline][..], arguments].concat()),
            "",
        );
        if got.stdout.contains(word) || seconds > 60.0 {
            break got;
        }
        seconds *= 2.0;
    };
    let expect = End {
        code: Some(124),
        stdout: stdout.into(),
        stderr: String::new(),
    };
    assert_eq!(got, expect, "portwright run {arguments:?}");
}

#[test]
fn a_deadline_ends_the_program_and_its_children() {
    let script = "echo so far; sleep 1000 | cat";
    check_deadline(
        &["--grace", "60s", "--", "sh", "-c", script],
        "so far",
        "{#Port<0.1>,{data,<<\"so far\\n\">>}}\n\
         {#Port<0.1>,{exit_status,143}}\n{'EXIT',#Port<0.1>,normal}\n",
    );
}

#[test]
fn who_ignores_sigterm_is_killed_after_the_grace() {
    let script = "trap '' TERM; echo deaf; while :; do sleep 1000; done";
    check_deadline(
        &["--grace", "100ms", "-o", "raw", "--", "sh", "-c", script],
        "deaf",
        "deaf\n",
    );
}

#[test]
fn a_program_that_ends_in_time_has_its_own_code() {
    check(
        &["--deadline", "60s", "-o", "raw", "--", "sh", "-c", "exit 7"],
        "",
        7,
        "",
        "",
    );
}

#[test]
fn the_deadline_comes_also_when_nobody_reads_our_output() {
    let mut command = run(&[
        "--deadline",
        "200ms",
        "--grace",
        "100ms",
        "-o",
        "raw",
        "--",
        "cat",
        "/dev/zero",
    ]);
    // The pipe stays open, and full.
    let mut child = command.spawn().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(124));
}

#[test]
fn a_closed_pipe_ends_quietly_and_so_does_the_program() {
    for format in ["raw", "terms", "json"] {
        let mut child = run(&["-o", format, "--", "yes"]).spawn().unwrap();
        assert!(!read_line(&mut child).is_empty());
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
    }
}

#[test]
fn output_that_cannot_be_written_is_our_failure() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = run(&["-o", "raw", "--", "echo", "x"]);
    let output = command.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "portwright: cannot write the output: No space left on device (os error 28)\n"
    );
}

#[test]
fn a_packet_that_is_too_long_ends_the_port() {
    let input = "x".repeat(256);
    let got = end(&mut run(&["--packet", "1", "--", "cat"]), input);
    assert_eq!(got.code, Some(125));
    assert_eq!(got.stdout, "{'EXIT',#Port<0.1>,einval}\n");
    assert_eq!(
        got.stderr,
        "portwright: the port ended: einval; is a packet longer than its header can count?\n"
    );
}
