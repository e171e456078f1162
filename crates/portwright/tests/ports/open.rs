//! The names of ports, and what opening them gives.

use portwright::{Node, OpenError, PortName, PortSettings, Term};

use crate::alone::{Folder, alone, behind};
use crate::owner::Owner;

const NORMAL: &str = "{'EXIT',P,normal}";

/// Opens a port and returns all that it says up to its normal end.
#[track_caller]
fn conversation(name: &str, settings: &str) -> Vec<String> {
    let mut owner = Owner::new();
    owner.open(name, settings);
    owner.stream_through(NORMAL)
}

/// Opens a port that ends normally after the given data.
#[track_caller]
fn says(name: &str, settings: &str, data: &str) {
    let expect = if data.is_empty() {
        vec![NORMAL.to_owned()]
    } else {
        vec![format!("{{P,{{data,{data}}}}}"), NORMAL.to_owned()]
    };
    assert_eq!(conversation(name, settings), expect, "{name} {settings}");
}

/// Opens a port and returns the exit status of its program.
#[track_caller]
fn status(name: &str, settings: &str) -> String {
    let mut owner = Owner::new();
    owner.bind_to("P", &format!("open_port({name},{settings})"));
    let messages = owner.stream_through(NORMAL);
    let status = messages.iter().find_map(|message| {
        message
            .strip_prefix("{P,{exit_status,")?
            .strip_suffix("}}")
            .map(str::to_owned)
    });
    status.unwrap_or_else(|| panic!("no status in {messages:?}"))
}

/// What `open_port/2` raises.
#[track_caller]
fn refused(name: &str, settings: &str, reason: &str) {
    let mut owner = Owner::new();
    let call = format!("open_port({name},{settings})");
    assert_eq!(owner.eval(&call), format!("error {reason}"), "{call}");
    // P-161: nothing is left of it.
    assert_eq!(owner.eval("ports()"), "[]");
    assert_eq!(owner.eval("process_info(Me,links)"), "{links,[]}");
    owner.nothing_more();
}

// P-010, P-011, P-973.
#[test]
fn commands_are_strings_deep_strings_binaries_or_atoms() {
    for command in [
        "\"echo hello\"",
        "<<\"echo hello\">>",
        "'echo hello'",
        "[\"ec\",[\"ho\",[32]],\"hello\"]",
    ] {
        says(&format!("{{spawn,{command}}}"), "[]", "\"hello\\n\"");
    }
    for file in [
        "\"/bin/echo\"",
        "<<\"/bin/echo\">>",
        "'/bin/echo'",
        "[\"/bin\",[\"/echo\"]]",
    ] {
        says(
            &format!("{{spawn_executable,{file}}}"),
            "[{args,[\"hello\"]}]",
            "\"hello\\n\"",
        );
    }
    refused("{spawn,[\"echo \",<<\"hello\">>]}", "[]", "badarg");
    refused(
        "{spawn_executable,[\"/bin/\",<<\"echo\">>]}",
        "[]",
        "badarg",
    );
}

// P-011: a string is UTF-8 for the program, a binary stays as it is.
#[test]
fn strings_are_encoded_and_binaries_are_not() {
    says(
        "{spawn,[101,99,104,111,32,228,8364]}",
        "[binary]",
        "<<195,164,226,130,172,10>>",
    );
    says("{spawn,<<\"echo \",228>>}", "[binary]", "<<\"ä\\n\">>");
}

// P-012.
#[test]
fn a_nul_refuses_a_string_and_ends_a_binary() {
    refused("{spawn,\"echo a\\0b\"}", "[]", "badarg");
    refused("{spawn_executable,\"/bin/echo\\0\"}", "[]", "badarg");
    says("{spawn,<<\"echo a\",0,\"b\">>}", "[]", "\"a\\n\"");
    says(
        "{spawn_executable,<<\"/bin/echo\",0,\"b\">>}",
        "[]",
        "\"\\n\"",
    );
}

// P-013.
#[test]
fn an_empty_string_is_refused_and_an_empty_atom_or_binary_runs_nothing() {
    refused("{spawn,\"\"}", "[]", "badarg");
    refused("{spawn_executable,\"\"}", "[]", "badarg");
    assert_eq!(status("{spawn,''}", "[exit_status]"), "0");
    assert_eq!(status("{spawn,<<>>}", "[exit_status]"), "0");
}

// P-014.
#[test]
fn other_shapes_of_a_name_are_badarg() {
    for name in [
        "{spawn}",
        "{spawn,\"cat\",[]}",
        "{run,\"cat\"}",
        "{}",
        "17",
        "[$a,$b,c]",
        "[300]",
        "<<\"/dev/null\">>",
        "[]",
        "{spawn,17}",
        "{spawn,{}}",
        "{spawn_executable,1.5}",
        "{fd,0}",
        "{fd,0,1,2}",
        "{fd,a,1}",
        "{fd,0,1.0}",
        "{fd,\"0\",\"1\"}",
    ] {
        refused(name, "[]", "badarg");
    }
}

// The names that OTP has until 26: a file that is read to its end and written to.
#[test]
fn a_bare_string_or_atom_opens_a_file() {
    let folder = Folder::new("vanilla");
    let file = folder.file("words", "one\ntwo", 0o644);
    let mut owner = Owner::new();
    for name in [format!("\"{file}\""), format!("'{file}'")] {
        let port = owner.open(&name, "[in,{line,80}]");
        assert_eq!(port.os_pid(), None);
        assert_eq!(
            owner.through("{'EXIT',P,normal}"),
            [
                "{P,{data,{eol,\"one\"}}}",
                "{P,{data,{noeol,\"two\"}}}",
                "{'EXIT',P,normal}"
            ]
        );
    }
    // Both ways: what is there stays.
    owner.open(&format!("\"{file}\""), "[eof]");
    owner.through("{P,eof}");
    owner.check(&[
        ("port_command(P,\"+\")", "true"),
        ("port_info(P,name)", &format!("{{name,\"{file}\"}}")),
        ("port_close(P)", "true"),
    ]);
    assert_eq!(std::fs::read(&file).unwrap(), b"one\ntwo+");
    // `out`: the file is made anew.
    owner.open(&format!("\"{file}\""), "[out,{packet,1}]");
    owner.check(&[
        ("port_command(P,\"new\")", "true"),
        ("port_close(P)", "true"),
    ]);
    assert_eq!(std::fs::read(&file).unwrap(), b"\x03new");
    refused("\"/no/such/file\"", "[in]", "einval");
    refused(&format!("\"{file}\""), "[exit_status]", "badarg");
}

// P-021: the shell has the name sh and gets the command behind `exec `.
#[test]
fn a_command_runs_in_a_shell_that_is_replaced_by_it() {
    says("{spawn,\"echo $0\"}", "[]", "\"sh\\n\"");
    let mut owner = Owner::new();
    owner.open("{spawn,\"sh -c 'echo $$; cat'\"}", "[]");
    let pid = owner.eval("port_info(P,os_pid)");
    let number: String = pid.chars().filter(char::is_ascii_digit).collect();
    let expect = format!("{{P,{{data,\"{number}\\n\"}}}}");
    assert_eq!(
        owner.next(),
        expect,
        "the shell's child has the port's os_pid"
    );
}

// P-022, P-023.
#[test]
fn the_exec_in_front_decides_what_compound_commands_do() {
    for (command, data, expect) in [
        ("echo a; echo b", "a", "0"),
        ("echo a && echo b", "a", "0"),
        ("echo a\\necho b", "a", "0"),
        ("echo b | cat", "b", "0"),
        ("echo a & wait", "a", "0"),
        ("exit 3", "", "127"),
        ("cd /tmp", "", "127"),
        ("VARIABLE=x true", "", "127"),
        ("(echo a; echo b)", "", "2"),
        ("echo 'a", "", "2"),
        ("# nothing", "", "0"),
        ("portwright-no-such-program", "", "127"),
        ("/tmp", "", "126"),
        ("sh -c 'echo a; exit 7'", "a", "7"),
    ] {
        let mut owner = Owner::new();
        // The shell's complaints are not ours to show.
        owner.open(
            &format!("{{spawn,\"{command}\"}}"),
            "[exit_status,stderr_to_stdout]",
        );
        let messages = owner.stream_through(NORMAL);
        let last_but_one = &messages[messages.len() - 2];
        assert_eq!(
            *last_but_one,
            format!("{{P,{{exit_status,{expect}}}}}"),
            "{command}"
        );
        if !data.is_empty() {
            assert_eq!(
                messages[0],
                format!("{{P,{{data,\"{data}\\n\"}}}}"),
                "{command}"
            );
        }
    }
}

// P-024: PATH is the one that the program will see.
#[test]
fn the_path_of_the_child_finds_its_commands() {
    let folder = Folder::new("path");
    folder.file("portwright-hello", "#!/bin/sh\necho hello\n", 0o755);
    let env = format!("[exit_status,{{env,[{{\"PATH\",\"{}\"}}]}}]", folder.path());
    let mut owner = Owner::new();
    owner.open("{spawn,\"portwright-hello\"}", &env);
    assert_eq!(
        owner.stream_through(NORMAL),
        ["{P,{data,\"hello\\n\"}}", "{P,{exit_status,0}}", NORMAL]
    );
    // What an extension searches is the same PATH.
    let settings = PortSettings::new().env("PATH", folder.path());
    let port = owner
        .me
        .open_port(PortName::executable("portwright-hello"), settings);
    owner.bind("P", Term::Port(port.unwrap().id()));
    assert_eq!(
        owner.stream_through(NORMAL),
        ["{P,{data,\"hello\\n\"}}", NORMAL]
    );
}

// P-040, P-044: no search and no shell.
#[test]
fn a_file_is_a_path_and_its_arguments_are_not_expanded() {
    let folder = Folder::new("file");
    let path = folder.file(
        "with some spaces",
        "#!/bin/sh\nprintf '<%s>' \"$@\"\n",
        0o755,
    );
    says(
        &format!("{{spawn_executable,\"{path}\"}}"),
        "[{args,[\"\",\"a b\",\"$HOME\",\"*\",\"'\",\"\"]}]",
        "\"<><a b><$HOME><*><'><>\"",
    );
    refused("{spawn_executable,\"echo\"}", "[]", "enoent");
    refused("{spawn_executable,\"/bin/echo hello\"}", "[]", "enoent");
}

// P-040: looked at in the host's directory, run in the program's.
#[test]
fn a_relative_file_is_checked_here_and_run_after_cd() {
    let test = "open::a_relative_file_is_checked_here_and_run_after_cd";
    let folder = Folder::new("relative");
    if !alone(test, |command| {
        std::fs::create_dir_all(folder.0.join("empty")).unwrap();
        folder.file("here", "#!/bin/sh\necho here\n", 0o755);
        command.current_dir(&folder.0);
    }) {
        return;
    }
    says("{spawn_executable,\"here\"}", "[]", "\"here\\n\"");
    says(
        "{spawn_executable,\"./here\"}",
        "[{cd,\".\"}]",
        "\"here\\n\"",
    );
    assert_eq!(
        status(
            "{spawn_executable,\"here\"}",
            "[exit_status,{cd,\"empty\"}]"
        ),
        "2"
    );
    refused("{spawn_executable,\"there\"}", "[{cd,\"/bin\"}]", "enoent");
    refused("{spawn_executable,\"sh\"}", "[{cd,\"/bin\"}]", "enoent");
    // P-110: relative to our directory.
    says("{spawn,\"pwd\"}", "[{cd,\"empty\"}]", &{
        let here = std::env::current_dir().unwrap();
        format!("\"{}/empty\\n\"", here.display())
    });
}

// P-041.
#[test]
fn a_file_that_cannot_be_executed_is_an_error_of_opening() {
    let folder = Folder::new("access");
    let plain = folder.file("plain", "no program\n", 0o644);
    std::os::unix::fs::symlink(folder.0.join("loop"), folder.0.join("loop")).unwrap();
    let within = |name: &str| format!("{{spawn_executable,\"{}/{name}\"}}", folder.path());
    refused(&within("missing"), "[]", "enoent");
    refused(&within("plain"), "[]", "eacces");
    refused(&within("plain/below"), "[]", "enotdir");
    refused(&within("loop"), "[]", "eloop");
    refused(&within(&"x".repeat(256)), "[]", "enametoolong");
    refused(&within(&"x/".repeat(2100)), "[]", "enametoolong");
    // The error names the file and says what to try.
    let owner = Owner::new();
    let error = owner
        .me
        .open_port(PortName::file(&plain), PortSettings::new())
        .unwrap_err();
    assert!(error.to_string().contains(&plain), "{error}");
    assert!(error.to_string().contains("eacces"), "{error}");
}

// P-042: OTP's face shows the number of the error as a status, the Rust face an error.
#[test]
fn exec_that_fails_is_a_status_in_erlang_and_an_error_in_rust() {
    let folder = Folder::new("exec");
    let script = folder.file("script", "echo no first line\n", 0o755);
    let lost = folder.file("lost", "#!/no/such/interpreter\n", 0o755);
    for (file, number, name) in [
        ("/tmp", "13", "eacces"),
        (script.as_str(), "8", "enoexec"),
        (lost.as_str(), "2", "enoent"),
    ] {
        assert_eq!(
            status(&format!("{{spawn_executable,\"{file}\"}}"), "[exit_status]"),
            number
        );
        let mut owner = Owner::new();
        let error = owner
            .me
            .open_port(PortName::file(file), PortSettings::new())
            .unwrap_err();
        assert!(matches!(&error, OpenError::Program { .. }), "{error:?}");
        assert_eq!(error.reason().as_str(), name);
        owner.nothing_more();
        // Without exit_status OTP shows a program that says nothing.
        owner.bind_to(
            "P",
            &format!("open_port({{spawn_executable,\"{file}\"}},[])"),
        );
        assert_eq!(owner.next(), NORMAL);
    }
}

// P-111: from Rust it is the directory that is named, and not the program.
#[test]
fn a_directory_that_cannot_be_entered_is_named() {
    for (directory, name) in [("/no/such", "enoent"), ("/etc/passwd", "enotdir")] {
        let owner = Owner::new();
        let settings = PortSettings::new().cd(directory);
        let error = owner.me.open_port(PortName::file("/bin/true"), settings);
        let error = error.unwrap_err();
        let text = format!("cannot change to the directory {directory}: ");
        assert!(error.to_string().starts_with(&text), "{error}");
        assert_eq!(error.reason().as_str(), name);
    }
    // The directory is there, and it is the program that is missing.
    let settings = PortSettings::new().cd("/etc");
    let missing = PortName::file("/no/such");
    let error = Owner::new().me.open_port(missing, settings).unwrap_err();
    assert!(matches!(&error, OpenError::Program { .. }), "{error:?}");
}

#[test]
fn what_is_wrong_is_shown_in_erlangs_syntax() {
    let refused = |name: PortName, settings: PortSettings| {
        let error = Owner::new().me.open_port(name, settings).unwrap_err();
        assert_eq!(error.reason().as_str(), "badarg");
        error.to_string()
    };
    let (none, sh) = (PortSettings::new, || PortName::executable("sh"));
    for (got, expect) in [
        (
            refused(PortName::executable("a\0b"), none()),
            r#"name {spawn_executable,[97,0,98]}"#,
        ),
        (
            refused(PortName::spawn("a\0b"), none()),
            r#"name {spawn,[97,0,98]}"#,
        ),
        (
            refused(sh(), none().args(["x", "a\0"])),
            r#"setting {args,[[97,0]]}"#,
        ),
        (
            refused(sh(), none().arg0("a\0")),
            r#"setting {arg0,[97,0]}"#,
        ),
        (refused(sh(), none().cd("a\0")), r#"setting {cd,[97,0]}"#),
    ] {
        assert_eq!(got, format!("bad port {expect}: there is a NUL in it"));
    }
}

// P-160: the kernel takes 128 KiB for one string, and Linux says so in exec.
#[test]
fn too_long_arguments_fail_in_exec() {
    let long = "x".repeat(200_000);
    assert_eq!(
        status(
            "{spawn_executable,\"/bin/true\"}",
            &format!("[exit_status,{{args,[\"{long}\"]}}]")
        ),
        "7"
    );
    assert_eq!(
        status(&format!("{{spawn,\"true {long}\"}}"), "[exit_status]"),
        "7"
    );
    assert_eq!(
        status(
            "{spawn,\"true\"}",
            &format!("[exit_status,{{env,[{{\"LONG\",\"{long}\"}}]}}]")
        ),
        "7"
    );
}

// P-043.
#[test]
fn argv_is_the_file_or_arg0_and_the_arguments() {
    let file = "{spawn_executable,\"/bin/sh\"}";
    let args = "{args,[\"-c\",\"printf '%s|' \\\"$0\\\" \\\"$@\\\"\"]}";
    says(file, &format!("[{args}]"), "\"/bin/sh|\"");
    says(file, &format!("[{args},{{arg0,\"other\"}}]"), "\"other|\"");
    says(
        file,
        &format!("[{args},{{arg0,<<\"other\">>}}]"),
        "\"other|\"",
    );
    says(file, &format!("[{args},{{arg0,other}}]"), "\"other|\"");
    says(file, &format!("[{args},{{arg0,\"\"}}]"), "\"|\"");
    // Without arguments, argv is the file alone: the kernel shows it.
    says(
        "{spawn_executable,\"/bin/sh\"}",
        "[{args,[\"-c\",\"tr '\\\\0' '|' < /proc/$$/cmdline\"]},{arg0,<<\"zero\">>}]",
        "\"zero|-c|tr '\\\\0' '|' < /proc/$$/cmdline|\"",
    );
}

// P-060: the program may not have begun, but its number is known.
#[test]
fn the_os_pid_is_known_when_opening_returns() {
    let mut owner = Owner::new();
    let port = owner.open("{spawn,\"cat\"}", "[]");
    let os_pid = port.os_pid().expect("a program has one");
    assert!(std::path::Path::new(&format!("/proc/{os_pid}")).exists());
    assert_eq!(
        owner.eval("port_info(P,os_pid)"),
        format!("{{os_pid,{os_pid}}}")
    );
}

// P-061.
#[test]
fn opening_leaves_the_mailbox_alone() {
    let mut owner = Owner::new();
    owner.eval("send(Me,before)");
    owner.open("{spawn,\"cat\"}", "[]");
    assert_eq!(owner.next(), "before");
    owner.nothing_more();
}

// P-062: badarg takes no number, a start that fails does.
#[test]
fn numbers_of_ports_grow_by_one() {
    let mut owner = Owner::new();
    let first = owner.open("{spawn,\"cat\"}", "[]").id().id();
    assert_eq!(owner.open("{spawn,\"cat\"}", "[]").id().id(), first + 1);
    assert_eq!(
        owner.eval("open_port({spawn,\"cat\"},[nonsense])"),
        "error badarg"
    );
    assert_eq!(owner.open("{spawn,\"cat\"}", "[]").id().id(), first + 2);
    owner
        .node
        .register_driver::<crate::drivers::Refusing>("refusing")
        .unwrap();
    assert_eq!(
        owner.eval("open_port({spawn,\"refusing\"},[])"),
        "error einval"
    );
    assert_eq!(owner.open("{spawn,\"cat\"}", "[]").id().id(), first + 4);
}

// P-103: whatever is wrong with a setting, the reason is the same; the note differs.
#[test]
fn bad_settings_share_one_reason() {
    let me = Node::new().attach();
    let call = |name: &str, settings: &str| {
        let arguments = [name.parse().unwrap(), settings.parse().unwrap()];
        portwright::bif::open_port(&me, &arguments).unwrap_err()
    };
    for settings in [
        "[nonsense]",
        "[{packet,3}]",
        "[{line,1},{packet,1}]",
        "nonsense",
    ] {
        let error = call("{spawn,\"cat\"}", settings);
        assert_eq!(error.reason, Term::atom("badarg"), "{settings}");
        assert_eq!(
            error.notes,
            [(2, "invalid option in list".into())],
            "{settings}"
        );
    }
    let error = call("{spawn,17}", "[]");
    assert_eq!(error.reason, Term::atom("badarg"));
    assert_eq!(error.notes, [(1, "invalid port name".into())]);
    // A setting that would be good for something else: the name is the culprit.
    let error = call("{fd,0,1}", "[exit_status]");
    assert_eq!(error.cause, None);
    assert_eq!(error.notes, [(1, "invalid port name".into())]);
    // Of names that are no tuples OTP says nothing.
    let error = call("17", "[]");
    assert_eq!(error.reason, Term::atom("badarg"));
    assert_eq!(error.notes, []);
}

// P-152: a host whose directory is gone starts no programs.
#[test]
fn without_a_working_directory_no_program_starts() {
    let test = "open::without_a_working_directory_no_program_starts";
    if !alone(test, |_| ()) {
        return;
    }
    let folder = Folder::new("gone");
    std::env::set_current_dir(&folder.0).unwrap();
    drop(folder);
    refused("{spawn,\"cat\"}", "[]", "enoent");
    refused("{spawn_executable,\"/bin/cat\"}", "[{cd,\"/\"}]", "enoent");
}

// P-161, P-901: two descriptors a port, one in one direction; when none are left
// opening fails and takes nothing with it.
#[test]
fn without_descriptors_opening_is_emfile_and_leaves_nothing() {
    let test = "open::without_descriptors_opening_is_emfile_and_leaves_nothing";
    let script = "ulimit -n 64; exec \"$@\"";
    if !alone(test, |command| behind(command, "sh", &["-c", script, "sh"])) {
        return;
    }
    let open_descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let at_first = open_descriptors();
    let mut owner = Owner::new();
    owner.open("{spawn,\"cat\"}", "[]");
    // The node's two and the port's three.
    let before = at_first + 2 + 3;
    assert_eq!(open_descriptors(), before);
    let one_way = owner.open_as("OneWay", "{spawn,\"cat\"}", "[out]");
    // One pipe end, and the watched child.
    assert_eq!(open_descriptors(), before + 2);
    owner.me.close(&one_way).unwrap();
    assert_eq!(owner.next(), "{'EXIT',OneWay,normal}");
    crate::owner::eventually("its descriptors are closed", || {
        open_descriptors() <= before
    });
    let mut opened = 1;
    let error = loop {
        match owner.call_open() {
            Ok(()) => opened += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, "error emfile");
    assert!(
        (10..32).contains(&opened),
        "{opened} ports with 64 descriptors"
    );
    let full = open_descriptors();
    for _ in 0..100 {
        assert_eq!(owner.call_open(), Err("error emfile".into()));
    }
    assert_eq!(
        open_descriptors(),
        full,
        "a refusal leaves descriptors open"
    );
    // What is freed can be used again.
    owner.eval("port_close(P)");
    assert_eq!(owner.next(), NORMAL);
    crate::owner::eventually("a port can be opened", || owner.call_open().is_ok());
}

impl Owner {
    fn call_open(&mut self) -> Result<(), String> {
        let value = self.eval("open_port({spawn,\"cat\"},[])");
        if value.starts_with("error") {
            Err(value)
        } else {
            Ok(())
        }
    }
}

// P-900.
#[test]
fn a_full_table_of_ports_is_system_limit() {
    let node = Node::builder().port_limit(3).build().unwrap();
    let mut owner = Owner::on(&node);
    for _ in 0..3 {
        owner.open("{spawn,\"cat\"}", "[]");
    }
    for _ in 0..2 {
        assert_eq!(
            owner.eval("open_port({spawn,\"cat\"},[])"),
            "error system_limit"
        );
    }
    assert_eq!(node.ports().len(), 3);
    assert_eq!(owner.eval("port_close(P)"), "true");
    assert_eq!(owner.next(), NORMAL);
    owner.open("{spawn,\"cat\"}", "[]");
    assert_eq!(Node::new().port_limit(), 65_536);
}
