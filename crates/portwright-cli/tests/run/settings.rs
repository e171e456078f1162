//! Every setting, seen from the program; bad settings, seen by people.

use super::*;

const END: &str = "{#Port<0.1>,{exit_status,0}}\n{'EXIT',#Port<0.1>,normal}\n";

#[track_caller]
fn says(arguments: &[&str], messages: &str) {
    check(arguments, "", 0, &format!("{messages}{END}"), "");
}

#[test]
fn line_cuts_data() {
    says(
        &["--line", "3", "--", "echo", "abcd"],
        "{#Port<0.1>,{data,{noeol,<<\"abc\">>}}}\n{#Port<0.1>,{data,{eol,<<\"d\">>}}}\n",
    );
}

#[test]
fn stream_takes_packet_back() {
    says(
        &["--packet", "2", "--stream", "--", "printf", "x"],
        "{#Port<0.1>,{data,<<\"x\">>}}\n",
    );
}

#[test]
fn lists_and_binaries() {
    says(
        &["--list", "--", "printf", "hi"],
        "{#Port<0.1>,{data,\"hi\"}}\n",
    );
    says(
        &["--list", "--binary", "--", "printf", "hi"],
        "{#Port<0.1>,{data,<<\"hi\">>}}\n",
    );
}

#[test]
fn directory_environment_and_name() {
    let directory = Directory::new("cd");
    let path = std::fs::canonicalize(&directory.0).unwrap();
    check(
        &["-o", "raw", "--cd", directory.path(), "--", "pwd"],
        "",
        0,
        &format!("{}\n", path.display()),
        "",
    );
    check(
        &[
            "-o",
            "raw",
            "--env",
            "A=b=c",
            "--env",
            "E=",
            "--unset",
            "LC_ALL",
            "--",
            "sh",
            "-c",
            "echo $A ${E-unset} ${LC_ALL-unset}",
        ],
        "",
        0,
        "b=c unset\n",
        "",
    );
    check(
        &["-o", "raw", "--arg0", "me", "--", "sh", "-c", "echo $0"],
        "",
        0,
        "me\n",
        "",
    );
}

#[test]
fn programs_on_descriptors_3_and_4() {
    check(
        &[
            "--nouse-stdio",
            "--",
            "sh",
            "-c",
            "read x <&3; echo got $x >&4",
        ],
        "word\n",
        0,
        &format!("{{#Port<0.1>,{{data,<<\"got word\\n\">>}}}}\n{END}"),
        "",
    );
    check(
        &["--nouse-stdio", "--", "echo", "own"],
        "",
        0,
        &format!("own\n{END}"),
        "",
    );
    says(
        &["--nouse-stdio", "--use-stdio", "--", "echo", "x"],
        "{#Port<0.1>,{data,<<\"x\\n\">>}}\n",
    );
}

#[test]
fn standard_error_goes_where_it_is_told() {
    let script = ["--", "sh", "-c", "echo oops >&2"];
    let with = |flag: &'static str| [&[flag][..], &script].concat();
    says(&with("--stderr"), "{#Port<0.1>,{stderr,<<\"oops\\n\">>}}\n");
    says(
        &with("--stderr-to-stdout"),
        "{#Port<0.1>,{data,<<\"oops\\n\">>}}\n",
    );
    check(&with("--hide"), "", 0, END, "oops\n");
}

#[test]
fn one_direction_leaves_the_other_alone() {
    check(
        &["--in", "--", "cat"],
        "from outside\n",
        0,
        &format!("{{#Port<0.1>,{{data,<<\"from outside\\n\">>}}}}\n{END}"),
        "",
    );
    check(
        &["--out", "--", "cat"],
        "through\n",
        0,
        &format!("through\n{END}"),
        "",
    );
    check(
        &["--out", "--stderr", "--", "sh", "-c", "cat; echo last >&2"],
        "through\n",
        0,
        &format!("through\n{{#Port<0.1>,{{stderr,<<\"last\\n\">>}}}}\n{END}"),
        "",
    );
    says(
        &["--in", "--out", "--", "echo", "x"],
        "{#Port<0.1>,{data,<<\"x\\n\">>}}\n",
    );
}

#[test]
fn eof_comes_before_the_end() {
    check(
        &["--eof", "--", "true"],
        "",
        0,
        "{#Port<0.1>,{exit_status,0}}\n{#Port<0.1>,eof}\n{'EXIT',#Port<0.1>,normal}\n",
        "",
    );
}

#[test]
fn settings_without_an_effect_to_see() {
    for flags in [
        &["--parallelism", "true"][..],
        &["--busy-limits-port", "1,2"],
        &["--busy-limits-port", "disabled"],
        &["--busy-limits-msgq", "100,200"],
        &["--hide", "--overlapped-io", "--exit-status"],
    ] {
        let arguments = [flags, &["-o", "raw", "--", "cat"]].concat();
        check(&arguments, "some data\n", 0, "some data\n", "");
    }
}

#[test]
fn settings_in_erlang_syntax_count_as_written() {
    let end = "{'EXIT',#Port<0.1>,normal}\n";
    let lists = format!("{{#Port<0.1>,{{data,\"hi\"}}}}\n{end}");
    check(
        &["--settings", "[]", "--", "printf", "hi"],
        "",
        0,
        &lists,
        "",
    );
    let packet = "{#Port<0.1>,{data,<<\"hi\">>}}\n{#Port<0.1>,{exit_status,0}}\n";
    check(
        &[
            "--settings",
            "[{packet,2}, binary, exit_status]",
            "--",
            "printf",
            "\\000\\002hi",
        ],
        "",
        0,
        &format!("{packet}{end}"),
        "",
    );
    check(
        &[
            "-o",
            "raw",
            "--settings",
            "[{env,[{\"X\",\"1\"}]}]",
            "--shell",
            "sh -c 'echo $X'",
        ],
        "",
        0,
        "1\n",
        "",
    );
}

#[test]
fn bad_settings_are_explained() {
    for (arguments, complaint) in [
        (
            &["--packet", "3"][..],
            "bad port setting {packet,3}: the header has 1, 2 or 4 bytes",
        ),
        (
            &["--line", "0"],
            "bad port setting {line,0}: a line has 1 to 2^59-1 bytes",
        ),
        (
            &["--packet", "2", "--line", "5"],
            "bad port setting {line,5}: it clashes with packet",
        ),
        (
            &["--nouse-stdio", "--stderr-to-stdout"],
            "bad port setting stderr_to_stdout: it clashes with nouse_stdio",
        ),
        (
            &["--busy-limits-port", "0,1"],
            "bad port setting {busy_limits_port,{0,1}}: it is {Low,High} or disabled",
        ),
        (
            &["--settings", "[nonsense]"],
            "bad port setting nonsense: there is no such setting",
        ),
        (
            &["--settings", "[binary|x]"],
            "bad port setting [binary|x]: settings are a proper list",
        ),
    ] {
        let arguments = [arguments, &["--", "cat"]].concat();
        check(
            &arguments,
            "",
            125,
            "",
            &format!("portwright: {complaint}\n"),
        );
    }
    let got = end(&mut run(&["--settings", "[binary", "--", "cat"]), "");
    assert_eq!(got.code, Some(125));
    assert!(
        got.stderr
            .starts_with("portwright: --settings is no Erlang term: 1:"),
        "{}",
        got.stderr
    );
}

#[test]
fn wrong_usage_is_our_failure() {
    for arguments in [
        &["--no-such-flag", "--", "cat"][..],
        &["--deadline", "soon", "--", "cat"],
        &["--env", "=x", "--", "cat"],
        &["--shell", "cat", "--", "cat"],
        &["--stderr", "--stderr-to-stdout", "--", "cat"],
        &[],
    ] {
        let got = end(&mut run(arguments), "");
        assert_eq!(
            (got.code, got.stdout.as_str()),
            (Some(125), ""),
            "{arguments:?}"
        );
        assert!(got.stderr.starts_with("error: "), "{}", got.stderr);
    }
}
