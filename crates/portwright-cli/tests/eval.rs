//! `portwright eval`: what it prints, where, and how it ends.

use std::process::{Command, Output, Stdio};

fn portwright(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portwright"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("portwright runs")
}

#[track_caller]
fn check(arguments: &[&str], expected: (i32, &str, &str)) {
    let output = portwright(arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let got = (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    );
    let (code, out, err) = expected;
    assert_eq!(
        got,
        (Some(code), out.to_owned(), err.to_owned()),
        "{arguments:?}"
    );
}

#[test]
fn only_what_expressions_print_is_printed() {
    for (expressions, expected) in [
        ("1 + 1.", (0, "", "")),
        ("", (0, "", "")),
        ("io:format(\"~p~n\", [6 * 7]).", (0, "42\n", "")),
        (
            "X = 1. Y = X + 1. io:format(\"~w\", [{X,Y}]).",
            (0, "{1,2}", ""),
        ),
        ("io:format(standard_error, \"e~n\", []).", (0, "", "e\n")),
        ("halt(3).", (3, "", "")),
        ("io:format(\"a\"), halt(), io:format(\"b\").", (0, "a", "")),
        (
            "spawn(fun() -> halt(4) end), receive after infinity -> ok end.",
            (4, "", ""),
        ),
    ] {
        check(&["eval", expressions], expected);
    }
}

#[test]
fn errors_are_worded_as_in_otp() {
    for (expressions, expected) in [
        ("foo bar.", "* 1:5: syntax error before: bar\n"),
        (
            "\"abc",
            "* 1:1: unterminated string starting with \"abc\"\n",
        ),
        ("exit(a).", "** exception exit: a\n"),
        ("throw(a).", "** exception throw: a\n"),
        (
            "lists:foo(1).",
            "** exception error: undefined function lists:foo/1\n",
        ),
        (
            "1 / 0.",
            "** exception error: an error occurred when evaluating an arithmetic expression\n     \
             in operator  '/'/2\n        called as 1 / 0\n",
        ),
        (
            "spawn_link(fun() -> exit(oops) end), receive after infinity -> ok end.",
            "** exception exit: oops\n",
        ),
    ] {
        check(&["eval", expressions], (1, "", expected));
    }
}

/// P-956: the text, and P-957: the reason with its explanation's module and cause.
#[test]
fn errors_of_open_port_explain_themselves() {
    check(
        &["eval", "open_port({spawn,\"cat\"},[foo])."],
        (
            1,
            "",
            "** exception error: bad argument\n     in function  open_port/2\n        \
             called as open_port({spawn,\"cat\"},[foo])\n        *** argument 2: invalid option in list\n",
        ),
    );
    let expressions = "process_flag(trap_exit, true),
        Caught = fun(Name, Settings) ->
            Pid = spawn_link(fun() -> open_port(Name, Settings) end),
            {Reason, [First | _]} = receive {'EXIT', Pid, R} -> R end,
            io:format(\"~p ~p~n\", [Reason, First])
        end,
        Caught({spawn,\"cat\"}, [foo]), Caught({nosuch}, []), Caught({spawn_executable,\"/no/such\"}, []).";
    let output = portwright(&["eval", expressions]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // Between reports about the processes that ended.
    let lines: Vec<&str> = text.lines().collect();
    for expected in [
        [
            "badarg {erlang,open_port,",
            "               [{spawn,\"cat\"},[foo]],",
            "               [{error_info,#{cause => badopt,module => erl_erts_errors}}]}",
        ],
        [
            "badarg {erlang,open_port,",
            "               [{nosuch},[]],",
            "               [{error_info,#{module => erl_erts_errors}}]}",
        ],
        [
            "enoent {erlang,open_port,",
            "               [{spawn_executable,\"/no/such\"},[]],",
            "               [{error_info,#{module => erl_erts_errors}}]}",
        ],
    ] {
        let found = lines.windows(3).any(|window| window == expected);
        assert!(found, "{expected:?} is not in:\n{text}");
    }
}

#[test]
fn a_file_is_evaluated_up_to_its_first_error() {
    let directory = std::env::temp_dir().join(format!("portwright-eval-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory can be made");
    let file = directory.join("a.erl");
    let name = file.to_str().expect("the path is text");
    for (text, code, out, err) in [
        (
            "X = 1.\nio:format(\"~p~n\", [X]).\n",
            0,
            "1\n",
            String::new(),
        ),
        (
            "io:format(\"a\").\nfoo bar.\nio:format(\"b\").\n",
            1,
            "a",
            format!("{name}:2:5: syntax error before: bar\n"),
        ),
        (
            "%% coding: latin-1\nio:format(\"~w\", [\"\u{e4}\"]).\n",
            0,
            "[228]",
            String::new(),
        ),
    ] {
        let latin1: Vec<u8> = text.chars().map(|c| c as u8).collect();
        std::fs::write(&file, latin1).expect("the file can be written");
        check(&["eval", "--file", name], (code, out, &err));
    }
    std::fs::write(&file, b"X = 1.\n\"\xe4\".\n").expect("the file can be written");
    let output = portwright(&["eval", "--file", name]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("line 2 is not UTF-8"), "{error}");
    std::fs::remove_dir_all(&directory).expect("the directory can be removed");
    let gone = portwright(&["eval", "--file", name]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&gone.stderr).contains(name));
}

#[test]
fn a_closed_pipe_ends_an_endless_expression_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_portwright"))
        .args(["eval", "F = fun F() -> io:format(\"x~n\"), F() end, F()."])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("portwright runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn nothing_to_evaluate_is_a_wrong_use() {
    let output = portwright(&["eval"]);
    assert_eq!(output.status.code(), Some(125));
    let both = portwright(&["eval", "1.", "--file", "x"]);
    assert_eq!(both.status.code(), Some(125));
}
