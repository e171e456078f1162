//! `portwright escript`: scripts as OTP's escript takes them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder with one script, removed with it.
struct Script {
    folder: PathBuf,
}

impl Script {
    fn new(test: &str, text: &str) -> Script {
        let name = format!("portwright-escript-{}-{test}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        std::fs::write(folder.join("s.es"), text).expect("a script can be written");
        Script { folder }
    }

    fn run(&self, program: &[&str], arguments: &[&str]) -> Option<Output> {
        let (program, first) = program.split_first().expect("there is a program");
        Command::new(program)
            .args(first)
            .arg("s.es")
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .output()
            .ok()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // The folder is a temporary one anyway.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

const OURS: &[&str] = &[env!("CARGO_BIN_EXE_portwright"), "escript"];

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Scripts that end in every way: standard output and exit code are OTP's.
const SCRIPTS: &[(&str, &str)] = &[
    ("ok", "main(Args) -> io:format(\"~p~n\", [Args])."),
    (
        "plain",
        "main(_) -> io:format(\"~p~n\", [init:get_plain_arguments()]).",
    ),
    (
        "name",
        "main(_) -> io:format(\"~s~n\", [escript:script_name()]).",
    ),
    ("halt", "main(_) -> halt(7)."),
    (
        "stop",
        "main(_) -> init:stop(3), receive after infinity -> ok end.",
    ),
    (
        "spawned",
        "main(_) -> spawn(fun() -> halt(9) end), receive after infinity -> ok end.",
    ),
    (
        "error",
        "main(_) -> io:format(\"hi~n\"), list_to_integer(\"a\").",
    ),
    ("throw", "main(_) -> throw(foo)."),
    ("exit", "main(_) -> exit(bar)."),
    ("normal", "main(_) -> exit(normal)."),
    (
        "linked",
        "main(_) -> spawn_link(fun() -> exit(boo) end), receive a -> ok end.",
    ),
    ("syntax", "main(_) -> foo bar."),
    ("unbound", "main(_) -> X."),
    ("nomain", "-export([main/0]).\nmain() -> ok."),
    ("macro", "main(_) -> ?NOSUCH."),
    (
        "define",
        "-define(N, 42).\n-define(ADD(A, B), A + B).\nmain(_) -> io:format(\"~p~n\", [?ADD(?N, 1)]).",
    ),
    (
        "record",
        "-record(r, {a, b = 2}).\nmain(_) -> R = #r{a = 1}, io:format(\"~p~n\", [{R, R#r.b}]).",
    ),
    (
        "mode",
        "%%! -smp enable\n-mode(compile).\n-export([main/1]).\nmain(_) -> io:format(\"~p~n\", [lists:map(fun twice/1, [1,2])]).\ntwice(X) -> 2 * X.",
    ),
    (
        "port",
        "main(_) -> P = open_port({spawn,\"echo hi\"},[exit_status]), loop(P).\nloop(P) -> receive {P,{data,D}} -> io:format(\"~p~n\",[D]), loop(P); {P,X} -> io:format(\"~p~n\",[X]) end.",
    ),
];

/// Exit code, standard output, and standard error without the trace: measured on OTP 25.
const EXPECTED: &[(&str, i32, &str, &str)] = &[
    ("ok", 0, "[\"a\",\"-b\"]\n", ""),
    ("name", 0, "s.es\n", ""),
    ("halt", 7, "", ""),
    ("stop", 3, "", ""),
    ("spawned", 9, "", ""),
    ("throw", 127, "", "escript: exception throw: foo\n"),
    ("exit", 127, "", "escript: exception exit: bar\n"),
    ("normal", 127, "", "escript: exception exit: normal\n"),
    (
        "linked",
        1,
        "{\"init terminating in do_boot\",boo}\r\n",
        "init terminating in do_boot (boo)\n",
    ),
    (
        "syntax",
        127,
        "",
        "s.es:2:16: syntax error before: bar\nescript: There were compilation errors.\n",
    ),
    (
        "unbound",
        127,
        "",
        "s.es:2:12: variable 'X' is unbound\nescript: There were compilation errors.\n",
    ),
    (
        "nomain",
        127,
        "",
        "s.es:0: function main/1 undefined\nescript: There were compilation errors.\n",
    ),
    (
        "macro",
        127,
        "",
        "s.es:2:13: undefined macro 'NOSUCH'\nescript: There were compilation errors.\n",
    ),
    ("port", 0, "\"hi\\n\"\n{exit_status,0}\n", ""),
];

fn script(test: &str, name: &str) -> Script {
    let (_, body) = SCRIPTS
        .iter()
        .find(|(known, _)| *known == name)
        .expect("there is such a script");
    Script::new(
        &format!("{test}-{name}"),
        &format!("#!/usr/bin/env escript\n{body}\n"),
    )
}

#[test]
fn scripts_end_as_they_say() {
    for (name, code, out, err) in EXPECTED {
        let output = script("alone", name)
            .run(OURS, &["a", "-b"])
            .expect("portwright runs");
        let stderr = text(&output.stderr);
        // Where it happened follows; that is not the same everywhere.
        let head: String = stderr
            .lines()
            .filter(|line| !line.starts_with("  in "))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(
            (output.status.code(), text(&output.stdout)),
            (Some(*code), (*out).to_owned()),
            "{name}: {stderr}"
        );
        assert_eq!(head, *err, "{name}");
    }
}

/// Without Erlang the test says so and passes; `PORTWRIGHT_REQUIRE_ERL=1` makes that a failure.
#[test]
fn otp_ends_the_same_scripts_alike() {
    for (name, _) in SCRIPTS {
        let script = script("otp", name);
        let Some(theirs) = script.run(&["escript"], &["a", "-b"]) else {
            assert!(
                std::env::var_os("PORTWRIGHT_REQUIRE_ERL").is_none(),
                "Erlang is required and cannot be run"
            );
            eprintln!("SKIPPED: no escript to compare with");
            return;
        };
        let ours = script.run(OURS, &["a", "-b"]).expect("portwright runs");
        assert_eq!(
            (ours.status.code(), text(&ours.stdout)),
            (theirs.status.code(), text(&theirs.stdout)),
            "{name}: {}",
            text(&ours.stderr)
        );
        let first = |output: &Output| text(&output.stderr).lines().next().map(str::to_owned);
        assert_eq!(
            first(&ours),
            first(&theirs),
            "{name}: the first line of standard error"
        );
    }
}

#[test]
fn a_script_that_cannot_be_opened_is_named() {
    let output = Command::new(OURS[0])
        .args(["escript", "/no/such.es"])
        .output()
        .expect("portwright runs");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "escript: Failed to open file: /no/such.es\n"
    );
}

#[test]
fn what_is_not_supported_is_said_with_its_place() {
    let script = Script::new(
        "unsupported",
        "#!/x\nmain(_) -> ok.\n-include(\"x.hrl\").\n",
    );
    let output = script.run(OURS, &[]).expect("portwright runs");
    assert_eq!(output.status.code(), Some(127));
    let error = text(&output.stderr);
    assert!(
        error.starts_with("s.es:3:1: the attribute -include is not supported"),
        "{error}"
    );
}

/// Scripts as users write them, in `tests/scripts/`: they print and end as with OTP.
///
/// Without Erlang the test says so and passes; `PORTWRIGHT_REQUIRE_ERL=1` makes that a failure.
#[test]
fn scripts_of_users_print_what_otp_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let entries = std::fs::read_dir(folder).expect("the folder of scripts is there");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    files.sort();
    assert!(files.len() >= 10, "{files:?}");
    let run = |command: &[&str], file: &Path| {
        let mut child = Command::new(command[0])
            .args(&command[1..])
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        let mut input = child.stdin.take().expect("standard input is a pipe");
        // Most scripts do not read it.
        let _ = input.write_all(b"12 words\nsecond line\n");
        drop(input);
        Some(child.wait_with_output().expect("the script ends"))
    };
    for file in &files {
        let Some(theirs) = run(&["escript"], file) else {
            assert!(
                std::env::var_os("PORTWRIGHT_REQUIRE_ERL").is_none(),
                "Erlang is required and cannot be run"
            );
            eprintln!("SKIPPED: no escript to compare with");
            return;
        };
        let ours = run(OURS, file).expect("portwright runs");
        assert_eq!(
            (ours.status.code(), text(&ours.stdout)),
            (theirs.status.code(), text(&theirs.stdout)),
            "{}: {}{}",
            file.display(),
            text(&ours.stderr),
            text(&theirs.stderr)
        );
    }
}
