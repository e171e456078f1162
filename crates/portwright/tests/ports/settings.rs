//! The settings of ports: which are taken, and what programs see of them.

use crate::alone::{Folder, alone};
use crate::owner::Owner;

const NORMAL: &str = "{'EXIT',P,normal}";

/// What a program that is asked for it prints.
#[track_caller]
fn printed(name: &str, settings: &str) -> String {
    let mut owner = Owner::new();
    owner.open(name, settings);
    let messages = owner.stream_through(NORMAL);
    let data: Vec<&str> = messages
        .iter()
        .filter_map(|message| message.strip_prefix("{P,{data,")?.strip_suffix("}}"))
        .collect();
    data.concat()
}

/// Which settings open a port, and which do not.
#[track_caller]
fn check(name: &str, rows: &[(&str, bool)]) {
    let mut owner = Owner::new();
    for (settings, opens) in rows {
        let call = format!("open_port({name},{settings})");
        let value = owner.eval(&call);
        if *opens {
            assert!(value.starts_with("#Port<"), "{call}: {value}");
        } else {
            assert_eq!(value, "error badarg", "{call}");
        }
    }
}

// P-100.
#[test]
fn settings_are_a_proper_list() {
    check(
        "{spawn,\"cat\"}",
        &[
            ("[]", true),
            ("binary", false),
            ("{packet,2}", false),
            ("[in|out]", false),
            ("[binary|17]", false),
            ("<<>>", false),
            ("\"\"", true),
            ("[[]]", false),
        ],
    );
}

// P-102, P-105, P-972.
#[test]
fn values_have_ranges() {
    check(
        "{spawn,\"cat\"}",
        &[
            ("[{packet,1},{packet,2},{packet,4}]", true),
            ("[{packet,0}]", false),
            ("[{packet,3}]", false),
            ("[{packet,8}]", false),
            ("[{packet,-1}]", false),
            ("[{packet,2.0}]", false),
            ("[{packet,\"2\"}]", false),
            ("[{packet,18446744073709551617}]", false),
            ("[packet]", false),
            ("[{line,1}]", true),
            ("[line]", true),
            ("[{line,0}]", false),
            ("[{line,-1}]", false),
            ("[{line,1.0}]", false),
            ("[{line,576460752303423487}]", true),
            ("[{line,576460752303423488}]", false),
            ("[{line,18446744073709551616}]", false),
            ("[{stream,true}]", false),
            ("[{binary,true}]", false),
            ("[{eof,true}]", false),
            ("[{exit_status,true}]", false),
            ("[{in,true}]", false),
            ("[list]", false),
            ("[nonsense]", false),
            ("[{nonsense,1}]", false),
            ("[{}]", false),
            ("[17]", false),
            ("[hide,overlapped_io]", true),
            ("[{parallelism,true},{parallelism,false}]", true),
            ("[{parallelism,maybe}]", false),
            ("[{busy_limits_port,{1,18446744073709551614}}]", true),
            ("[{busy_limits_port,{200,100}}]", true),
            ("[{busy_limits_port,disabled}]", true),
            ("[{busy_limits_port,{0,100}}]", false),
            ("[{busy_limits_port,{1,18446744073709551615}}]", false),
            ("[{busy_limits_port,{1,18446744073709551616}}]", false),
            ("[{busy_limits_port,{1,2,3}}]", false),
            ("[{busy_limits_port,enabled}]", false),
            ("[{busy_limits_msgq,{1,1}}]", true),
            ("[{busy_limits_msgq,disabled}]", true),
            ("[{busy_limits_msgq,{1,0}}]", false),
        ],
    );
}

// P-104.
#[test]
fn some_settings_clash() {
    check(
        "{spawn,\"cat\"}",
        &[
            ("[{packet,2},{line,10}]", false),
            ("[{line,10},{packet,2}]", false),
            ("[nouse_stdio,stderr_to_stdout]", false),
            ("[stderr_to_stdout,nouse_stdio]", false),
            // P-101: what a later setting takes back does not clash.
            ("[{packet,2},{line,10},stream]", true),
            ("[nouse_stdio,stderr_to_stdout,use_stdio]", true),
        ],
    );
}

// P-131, P-030, P-052.
#[test]
fn some_settings_are_for_executables_or_programs_only() {
    check(
        "{spawn,\"cat\"}",
        &[
            ("[{args,[]}]", false),
            ("[{arg0,\"x\"}]", false),
            ("[exit_status]", true),
        ],
    );
    check(
        "{spawn_executable,\"/bin/cat\"}",
        &[
            ("[{args,[]}]", true),
            ("[{arg0,\"x\"}]", true),
            ("[exit_status]", true),
        ],
    );
    check(
        "{fd,0,1}",
        &[
            ("[{args,[]}]", false),
            ("[{arg0,\"x\"}]", false),
            ("[exit_status]", false),
            ("[out,{cd,\"/nowhere\"},{env,[{\"A\",\"b\"}]}]", true),
            ("[out,{busy_limits_port,{1,2}}]", true),
        ],
    );
}

// P-112, P-130.
#[test]
fn texts_have_their_types() {
    check(
        "{spawn_executable,\"/bin/true\"}",
        &[
            ("[{args,[\"a\",<<\"b\">>,c,[\"d\",[101]],\"\"]}]", true),
            ("[{args,[17]}]", false),
            ("[{args,[\"a\"|\"b\"]}]", false),
            ("[{args,[\"a\"|b]}]", false),
            ("[{args,\"abc\"}]", false),
            ("[{args,[\"a\\0b\"]}]", false),
            ("[{args,[<<\"a\",0,\"b\">>]}]", true),
            ("[{args,a}]", false),
            ("[{arg0,17}]", false),
            ("[{arg0,\"a\\0\"}]", false),
            ("[{cd,\"/\"}]", true),
            ("[{cd,<<\"/\">>}]", true),
            ("[{cd,'/'}]", true),
            ("[{cd,[\"/\",[\"tmp\"]]}]", true),
            ("[{cd,\"\"}]", true),
            ("[{cd,<<>>}]", true),
            ("[{cd,17}]", false),
            ("[{cd,{}}]", false),
            ("[{cd,\"/\\0\"}]", false),
            // P-101: an earlier value is not even looked at.
            ("[{cd,17},{cd,\"/\"}]", true),
        ],
    );
}

// P-123, P-124, P-973.
#[test]
fn env_takes_strings_and_false() {
    check(
        "{spawn,\"true\"}",
        &[
            ("[{env,[]}]", true),
            ("[{env,[{\"A\",\"b\"},{[\"A\",[66]],[\"b\"]}]}]", true),
            ("[{env,[{\"A\",false}]}]", true),
            ("[{env,[{\"A\",\"\"}]}]", true),
            ("[{env,[{\"\",\"value\"}]}]", true),
            ("[{env,[{\"A B\",[228,8364]}]}]", true),
            ("[{env,[{<<\"A\">>,\"b\"}]}]", false),
            ("[{env,[{\"A\",<<\"b\">>}]}]", false),
            ("[{env,[{\"A\",<<>>}]}]", false),
            ("[{env,[{\"A\",true}]}]", false),
            ("[{env,[{a,\"b\"}]}]", false),
            ("[{env,[{\"A\",1}]}]", false),
            ("[{env,[{\"A\",\"b\",\"c\"}]}]", false),
            ("[{env,[{\"A\"}]}]", false),
            ("[{env,[\"A=b\"]}]", false),
            ("[{env,{\"A\",\"b\"}}]", false),
            ("[{env,[{\"A\",\"b\"}|c]}]", false),
            ("[{env,[{\"A=\",\"b\"}]}]", false),
            ("[{env,[{\"=A\",\"b\"}]}]", false),
            ("[{env,[{\"A\\0\",\"b\"}]}]", false),
            ("[{env,[{\"A\",\"b\\0\"}]}]", false),
        ],
    );
}

// P-120 to P-122 cite P-120, P-121, P-122 and P-125: the host's environment, changed from
// left to right, in no order.
#[test]
fn env_changes_the_environment_from_left_to_right() {
    let show = "{spawn,\"sh -c 'echo ${A-unset} ${B-unset} ${PATH:+path}'\"}";
    for (env, expect) in [
        ("[]", "unset unset path"),
        ("[{\"A\",\"1\"},{\"B\",\"2\"}]", "1 2 path"),
        ("[{\"A\",\"1\"},{\"A\",\"2\"}]", "2 unset path"),
        ("[{\"A\",\"1\"},{\"A\",false}]", "unset unset path"),
        ("[{\"A\",false},{\"A\",\"3\"}]", "3 unset path"),
        ("[{\"A\",\"1\"},{\"A\",\"\"}]", "unset unset path"),
        ("[{\"A\",\"1\"},{\"A\",[]},{\"B\",[228]}]", "unset ä path"),
        ("[{\"C\",false}]", "unset unset path"),
    ] {
        let text = printed(show, &format!("[binary,{{env,{env}}}]"));
        let coded = if expect.is_ascii() { "" } else { "/utf8" };
        assert_eq!(text, format!("<<\"{expect}\\n\"{coded}>>"), "{env}");
    }
    // P-101: the last list replaces the earlier ones.
    let both = "[{env,[{\"A\",\"1\"}]},{env,[{\"B\",\"2\"}]}]";
    assert_eq!(printed(show, both), "\"unset 2 path\\n\"");
}

// P-124: an empty name makes an entry that begins with `=`.
#[test]
fn an_empty_name_is_an_entry_without_a_name() {
    // The first program itself: a shell hands such an entry on to nobody.
    let settings = "[{env,[{\"\",\"odd\"}]},{args,[\"-z\",\"^=odd\",\"/proc/self/environ\"]}]";
    let text = printed("{spawn_executable,\"/bin/grep\"}", settings);
    assert_eq!(text, "[61,111,100,100,0]");
}

// P-120: the node's own changes come between the host's environment and env.
#[test]
fn changes_of_the_node_reach_programs_opened_later() {
    let mut owner = Owner::new();
    owner.node.set_env("A", Some("node".into()));
    owner.node.set_env("PATH", None);
    let show = "{spawn_executable,\"/bin/sh\"}";
    let args = "{args,[\"-c\",\"echo ${A-unset} ${B-unset}\"]}";
    owner.open(show, &format!("[{args},{{env,[{{\"B\",\"own\"}}]}}]"));
    assert_eq!(
        owner.stream_through(NORMAL)[0],
        "{P,{data,\"node own\\n\"}}"
    );
    owner.open(show, &format!("[{args},{{env,[{{\"A\",\"own\"}}]}}]"));
    assert_eq!(
        owner.stream_through(NORMAL)[0],
        "{P,{data,\"own unset\\n\"}}"
    );
}

// P-101.
#[test]
fn the_last_of_repeated_settings_counts() {
    let cat = |settings: &str| {
        let mut owner = Owner::new();
        owner.open("{spawn,\"cat\"}", settings);
        owner.eval("port_command(P,\"ab\")");
        owner.next()
    };
    assert_eq!(cat("[{packet,1},stream]"), "{P,{data,\"ab\"}}");
    assert_eq!(cat("[stream,{packet,1},binary]"), "{P,{data,<<\"ab\">>}}");
    assert_eq!(cat("[in,out]"), "{P,{data,\"ab\"}}");
    assert_eq!(cat("[nouse_stdio,use_stdio]"), "{P,{data,\"ab\"}}");
    assert_eq!(
        printed("{spawn,\"printf abc\"}", "[{line,1},{line,9}]"),
        "{noeol,\"abc\"}"
    );
    assert_eq!(
        printed("{spawn,\"pwd\"}", "[{cd,\"/bin\"},{cd,\"/\"}]"),
        "\"/\\n\""
    );
    assert_eq!(
        printed(
            "{spawn_executable,\"/bin/sh\"}",
            "[{args,[\"-c\",\"echo $0\"]},{arg0,\"zero\"},{args,[\"-c\",\"echo last $0\"]}]"
        ),
        "\"last zero\\n\""
    );
}

// P-101: `line` alone means 512 bytes.
#[test]
fn line_without_a_length_is_512() {
    let text = printed("{spawn,\"printf %513s x\"}", "[line]");
    assert!(
        text.contains(&format!("{{noeol,\"{}\"}}", " ".repeat(512))),
        "{text}"
    );
    assert!(text.ends_with("{noeol,\"x\"}"), "{text}");
}

// P-110, P-112.
#[test]
fn cd_is_where_the_program_runs() {
    assert_eq!(printed("{spawn,\"pwd\"}", "[{cd,\"/\"}]"), "\"/\\n\"");
    assert_eq!(printed("{spawn,\"pwd\"}", "[{cd,<<\"/\">>}]"), "\"/\\n\"");
    let here = printed("{spawn,\"pwd\"}", "[]");
    assert_eq!(printed("{spawn,\"pwd\"}", "[{cd,\"\"}]"), here);
    assert_eq!(printed("{spawn,\"pwd\"}", "[{cd,<<>>}]"), here);
}

// P-111: through the standard error of a host of its own.
#[test]
fn a_cd_that_fails_is_a_complaint_and_a_status() {
    let mut owner = Owner::new();
    for (directory, expect) in [("/no/such/folder", "2"), ("/etc/passwd", "20")] {
        let settings = format!("[exit_status,stderr_to_stdout,{{cd,\"{directory}\"}}]");
        let call = format!("open_port({{spawn,\"cat\"}},{settings})");
        owner.bind_to("P", &call);
        assert_eq!(
            owner.stream_through(NORMAL),
            [format!("{{P,{{exit_status,{expect}}}}}"), NORMAL.to_owned()],
        );
    }
}

// P-111: the complaint goes to the host's standard error, whatever the program's is.
#[test]
fn the_complaint_about_cd_goes_to_the_host() {
    let test = "settings::the_complaint_about_cd_goes_to_the_host";
    let folder = Folder::new("complaint");
    let file = folder.0.join("errors");
    if !alone(test, |command| {
        let shell = std::process::Command::new("sh");
        let inner = std::mem::replace(command, shell);
        command.args(["-c", "exec \"$@\" 2>\"$ERRORS\"", "sh"]);
        command.arg(inner.get_program()).args(inner.get_args());
        command.envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command.env("ERRORS", &file);
    }) {
        let mut errors = std::fs::read_to_string(&file).unwrap();
        if cfg!(portwright_address_sanitizer) {
            // The sanitizer wonders in the child, behind that, about a stack that it does not know.
            errors.truncate(errors.find('\n').map_or(0, |end| end + 1));
        }
        assert_eq!(errors, "spawn: Could not cd to /no/such/folder\r\n");
        return;
    }
    let mut owner = Owner::new();
    owner.bind_to(
        "P",
        "open_port({spawn,\"cat\"},[stderr_to_stdout,{cd,\"/no/such/folder\"}])",
    );
    assert_eq!(owner.next(), NORMAL);
}

/// What the descriptors of a program are: `0:pipe 1:pipe 2:inherited ...`.
fn descriptors(settings: &str) -> Vec<String> {
    let folder = Folder::new("descriptors");
    let list = folder.0.join("list");
    // The shell opens what the loop reads at a high number, which is left out.
    let script = folder.file(
        "show",
        &format!(
            "#!/bin/sh\nfor f in 0 1 2 3 4 5 6 7 8 9; do\n\
             test -L /proc/$$/fd/$f && printf '%s ' $f && readlink /proc/$$/fd/$f\ndone > '{0}.new'\nmv '{0}.new' '{0}'\nexec cat <&- >&-\n",
            list.display()
        ),
        0o755,
    );
    let mut owner = Owner::new();
    let port = owner.open(
        &format!("{{spawn_executable,\"{script}\"}}"),
        &format!("[exit_status,{settings}]"),
    );
    drop(port);
    // `cat` without descriptors ends at once, with its complaint.
    crate::owner::eventually("the list is written", || list.exists());
    let inherited: Vec<String> = (0..3)
        .map(|fd| {
            std::fs::read_link(format!("/proc/self/fd/{fd}"))
                .map_or_else(|_| String::new(), |path| path.display().to_string())
        })
        .collect();
    let text = std::fs::read_to_string(&list).unwrap();
    let mut pipes: Vec<String> = Vec::new();
    text.lines()
        .map(|line| {
            let (fd, target) = line.split_once(' ').unwrap();
            let number: usize = fd.parse().unwrap();
            // The list itself is descriptor 1 of the loop, saved at 10 by the shell.
            if number < 3 && inherited[number] == target {
                return format!("{fd}:host");
            }
            let index = pipes
                .iter()
                .position(|pipe| pipe == target)
                .unwrap_or_else(|| {
                    pipes.push(target.to_owned());
                    pipes.len() - 1
                });
            let kind = if target.starts_with("pipe:") {
                "pipe"
            } else {
                "other"
            };
            format!("{fd}:{kind}{index}")
        })
        .collect()
}

// P-140: the table of section 2.4, measured with the program's own view. What stands at
// 1 while the list is written is the list.
#[test]
fn programs_get_the_descriptors_of_their_settings_and_no_others() {
    let seen = |settings: &str| -> Vec<String> {
        descriptors(settings)
            .into_iter()
            .filter(|entry| !entry.starts_with("1:other"))
            .collect()
    };
    assert_eq!(seen("use_stdio"), ["0:pipe0", "2:host"]);
    assert_eq!(seen("in"), ["0:host", "2:host"]);
    assert_eq!(
        seen("nouse_stdio"),
        ["0:host", "2:host", "3:pipe1", "4:pipe2"]
    );
    assert_eq!(seen("nouse_stdio,in"), ["0:host", "2:host", "4:pipe1"]);
    assert_eq!(seen("nouse_stdio,out"), ["0:host", "2:host", "3:pipe1"]);
    let merged = seen("stderr_to_stdout");
    assert_eq!(merged, ["0:pipe0", "2:pipe2"], "pipe1 is the list");
}

// P-140: pipes, not sockets; the program's ends block, ours do not.
#[test]
fn the_ends_of_the_program_block() {
    let mut owner = Owner::new();
    let script =
        "for f in 0 1; do readlink /proc/self/fd/$f; grep flags /proc/self/fdinfo/$f; done >&2";
    let settings = "[stderr_to_stdout,{line,200}]";
    owner.bind("Script", portwright::Term::string(script));
    let name = owner.term("[{args,[\"-c\",Script]}]");
    let port = owner.me.open_port(
        portwright::PortName::file("/bin/sh"),
        portwright::PortSettings::from_term(&name)
            .unwrap()
            .line(200)
            .stderr_to_stdout(),
    );
    owner.bind("P", portwright::Term::Port(port.unwrap().id()));
    let text = owner.through(NORMAL).concat();
    assert_eq!(text.matches("pipe:[").count(), 2, "{settings} {text}");
    const NON_BLOCKING: u32 = 0o4000;
    for flags in text.split("flags:").skip(1) {
        let digits: String = flags
            .chars()
            .skip_while(|c| !c.is_ascii_digit())
            .take_while(char::is_ascii_digit)
            .collect();
        let flags = u32::from_str_radix(&digits, 8).unwrap();
        assert_eq!(flags & NON_BLOCKING, 0, "{text}");
    }
}

// P-140: nothing of the host leaks, however many descriptors it lets be inherited.
#[test]
fn descriptors_of_the_host_do_not_leak() {
    let mut inheritable = Vec::new();
    for _ in 0..50 {
        let file = std::fs::File::open("/dev/null").unwrap();
        // `dup` without close-on-exec.
        inheritable.push(rustix::io::dup(&file).unwrap());
    }
    let list = "{args,[\"-c\",\"ls /proc/$$/fd; :\"]}";
    let seen = printed(
        "{spawn_executable,\"/bin/sh\"}",
        &format!("[binary,{list}]"),
    );
    assert_eq!(seen, "<<\"0\\n1\\n2\\n\">>");
    let list = "{args,[\"-c\",\"exec >&4; ls /proc/$$/fd; :\"]}";
    let seen = printed(
        "{spawn_executable,\"/bin/sh\"}",
        &format!("[binary,nouse_stdio,{list}]"),
    );
    assert_eq!(seen, "<<\"0\\n1\\n2\\n3\\n4\\n\">>");
    drop(inheritable);
}

// P-141, P-412.
#[test]
fn a_command_on_an_in_port_ends_it_with_ebadf() {
    for data in ["\"x\"", "\"\""] {
        let mut owner = Owner::new();
        owner.idle("[in]");
        owner.check(&[(&format!("port_command(P,{data})"), "true")]);
        assert_eq!(owner.next(), "{'EXIT',P,ebadf}");
        owner.check(&[("port_command(P,\"x\")", "error badarg")]);
    }
}

// P-142: the end of the program is noticed when something is written.
#[test]
fn an_out_port_notices_the_end_at_the_next_write() {
    let mut owner = Owner::new();
    let port = owner.open(
        "{spawn,\"sh -c 'read line; exit 3'\"}",
        "[out,exit_status,eof]",
    );
    let os_pid = port.os_pid().unwrap();
    owner.eval("port_command(P,\"go\\n\")");
    // It ends and is reaped, and nothing is said about that.
    crate::owner::eventually("the program has ended", || {
        !std::path::Path::new(&format!("/proc/{os_pid}")).exists()
    });
    owner.check(&[("port_info(P,connected)", "{connected,Me}")]);
    owner.nothing_more();
    owner.check(&[("port_command(P,\"more\")", "true")]);
    assert_eq!(owner.next(), "{'EXIT',P,epipe}");
}

// P-143.
#[test]
fn with_nouse_stdio_the_program_talks_on_3_and_4() {
    let mut owner = Owner::new();
    owner.open(
        "{spawn,\"sh -c 'read line <&3; echo got $line >&4; exit 5'\"}",
        "[nouse_stdio,exit_status]",
    );
    owner.eval("port_command(P,\"hello\\n\")");
    assert_eq!(
        owner.stream_through(NORMAL),
        ["{P,{data,\"got hello\\n\"}}", "{P,{exit_status,5}}", NORMAL]
    );
}

// P-143: the program's numbers may be free in the host.
#[test]
fn descriptors_of_a_program_do_not_get_in_each_others_way() {
    let test = "settings::descriptors_of_a_program_do_not_get_in_each_others_way";
    if !alone(test, |_| ()) {
        return;
    }
    // Taken while the node is made, and free again when the program is started.
    let open = || std::fs::File::open("/dev/null").unwrap();
    let taken: Vec<_> = std::iter::repeat_with(open).take(2).collect();
    let mut owner = Owner::new();
    drop(taken);
    for settings in [
        "[nouse_stdio,exit_status]",
        "[nouse_stdio,stderr,exit_status]",
    ] {
        owner.sh("read line <&3; echo got $line >&4", settings);
        owner.eval("port_command(P,\"hello\\n\")");
        assert_eq!(
            owner.stream_through(NORMAL),
            ["{P,{data,\"got hello\\n\"}}", "{P,{exit_status,0}}", NORMAL],
            "{settings}"
        );
    }
}

// P-150, P-151, P-152, P-859.
#[test]
fn a_program_has_a_session_of_its_own_and_the_hosts_limits() {
    let script = "{args,[\"-c\",\"cut -d' ' -f1,5,6,7 /proc/$$/stat; umask; ulimit -n\"]}";
    let text = printed(
        "{spawn_executable,\"/bin/sh\"}",
        &format!("[{{line,200}},{script}]"),
    );
    let lines: Vec<&str> = text
        .split("{eol,\"")
        .filter_map(|line| line.strip_suffix("\"}"))
        .collect();
    let [stat, umask, files] = lines[..] else {
        panic!("{text}");
    };
    let numbers: Vec<&str> = stat.split(' ').collect();
    assert_eq!(numbers[0], numbers[1], "process group: {stat}");
    assert_eq!(numbers[0], numbers[2], "session: {stat}");
    assert_eq!(numbers[3], "0", "terminal: {stat}");
    // A shell blocks signals while it waits: another program is asked.
    let masks = printed(
        "{spawn_executable,\"/bin/grep\"}",
        "[binary,{args,[\"-E\",\"^Sig(Blk|Ign)\",\"/proc/self/status\"]}]",
    );
    let masks: Vec<u64> = masks
        .split("\\t")
        .skip(1)
        .map(|mask| u64::from_str_radix(&mask[..16], 16).unwrap())
        .collect();
    let [blocked, ignored] = masks[..] else {
        panic!("{masks:?}");
    };
    let signal = |number: u64| 1u64 << (number - 1);
    let (sigfpe, sigpipe, sigterm) = (signal(8), signal(13), signal(15));
    assert_eq!(blocked, 0);
    assert_eq!(ignored & (sigfpe | sigpipe | sigterm), sigfpe | sigpipe);
    let here = std::process::Command::new("sh")
        .args(["-c", "umask; ulimit -n"])
        .output()
        .unwrap();
    let here = String::from_utf8(here.stdout).unwrap();
    assert_eq!(here, format!("{umask}\n{files}\n"));
}

// P-151: so a shell that writes to a closed port is not killed but told.
#[test]
fn a_program_gets_epipe_and_no_signal() {
    let folder = Folder::new("epipe");
    let result = folder.0.join("result");
    let mut owner = Owner::new();
    let script = format!(
        "sh -c 'read line; echo too late; echo $? > {0}.new; mv {0}.new {0}' 2>/dev/null",
        result.display()
    );
    owner.open(&format!("{{spawn,\"{script}\"}}"), "[]");
    owner.eval("port_close(P)");
    crate::owner::eventually("the shell has gone on", || result.exists());
    assert_ne!(std::fs::read_to_string(&result).unwrap().trim(), "0");
}
