//! The end of programs: eof, exit_status, EXIT and errors of writing.

use crate::alone::{alone, behind};
use crate::owner::{Owner, eventually};

const NORMAL: &str = "{'EXIT',P,normal}";

// P-301, P-302, P-305, P-975: the table, each row many times.
#[test]
fn the_last_messages_come_in_this_order() {
    for (settings, expect) in [
        ("[]", &[NORMAL][..]),
        ("[exit_status]", &["{P,{exit_status,3}}", NORMAL]),
        ("[eof]", &["{P,eof}"]),
        ("[exit_status,eof]", &["{P,{exit_status,3}}", "{P,eof}"]),
    ] {
        for _ in 0..25 {
            let mut owner = Owner::new();
            let port = owner.sh("echo data; exit 3", settings);
            let last = expect[expect.len() - 1];
            let messages = owner.stream_through(last);
            assert_eq!(messages[0], "{P,{data,\"data\\n\"}}", "{settings}");
            assert_eq!(messages[1..], *expect, "{settings}");
            if last == NORMAL {
                owner.check(&[("port_info(P)", "undefined")]);
                assert!(port.is_gone());
            } else {
                assert!(port.is_open());
            }
            owner.nothing_more();
        }
    }
}

// P-300: a grandchild that holds the output keeps the port open.
#[test]
fn the_end_is_when_all_writers_are_gone() {
    let mut owner = Owner::new();
    let port = owner.sh(
        "exec 3<&0; (echo begun; read line <&3; echo late) & exit 0",
        "[exit_status]",
    );
    assert_eq!(owner.next(), "{P,{data,\"begun\\n\"}}");
    let os_pid = port.os_pid().unwrap();
    eventually("the program itself has ended", || {
        !std::path::Path::new(&format!("/proc/{os_pid}")).exists()
    });
    owner.check(&[("port_info(P,connected)", "{connected,Me}")]);
    owner.nothing_more();
    owner.check(&[("port_command(P,\"go\\n\")", "true")]);
    assert_eq!(
        owner.stream_through(NORMAL),
        ["{P,{data,\"late\\n\"}}", "{P,{exit_status,0}}", NORMAL]
    );
}

// P-303, P-974: with exit_status the end of the output alone is not enough; without it is.
#[test]
fn exit_status_waits_for_the_program_as_well() {
    let script = "exec >&-; read line; exit 9";
    let mut owner = Owner::new();
    let port = owner.sh(script, "[exit_status]");
    // The program reads on and is answered by nothing: the port is open.
    owner.check(&[
        ("port_command(P,\"\")", "true"),
        ("port_info(P,connected)", "{connected,Me}"),
    ]);
    assert!(port.is_open());
    owner.nothing_more();
    owner.check(&[("port_command(P,\"end\\n\")", "true")]);
    assert_eq!(owner.through(NORMAL), ["{P,{exit_status,9}}", NORMAL]);

    owner.sh(script, "[]");
    assert_eq!(owner.next(), NORMAL);
}

// P-304.
#[test]
fn the_status_is_the_code_or_128_plus_the_signal() {
    for (script, expect) in [
        ("exit 0", 0),
        ("exit 255", 255),
        ("exit 256", 0),
        ("kill -9 $$", 137),
        ("kill -15 $$", 143),
        ("kill -11 $$", 139),
        ("kill -6 $$", 134),
        // Not SIGHUP and SIGINT: whoever runs tests in the background may have them ignored.
        ("kill -10 $$", 138),
        ("kill -12 $$", 140),
    ] {
        let mut owner = Owner::new();
        owner.sh(script, "[exit_status]");
        // P-305: the port itself ends normally, whatever it was.
        assert_eq!(
            owner.through(NORMAL),
            [format!("{{P,{{exit_status,{expect}}}}}"), NORMAL.to_owned()],
            "{script}"
        );
    }
}

// P-306.
#[test]
fn after_eof_the_port_is_open() {
    let mut owner = Owner::new();
    let folder = crate::alone::Folder::new("eof");
    let file = folder.0.join("got");
    let script = format!(
        "exec >&-; read line; echo $line > {0}.new; mv {0}.new {0}; exec sleep 600",
        file.display()
    );
    let port = owner.sh(&script, "[eof]");
    owner.end_program(&port);
    assert_eq!(owner.next(), "{P,eof}");
    owner.check(&[
        ("port_command(P,\"after eof\\n\")", "true"),
        ("port_info(P,connected)", "{connected,Me}"),
    ]);
    eventually("the program got it", || file.exists());
    owner.check(&[("send(P,{Me,close})", "{Me,close}")]);
    assert_eq!(owner.through("{P,closed}"), [NORMAL, "{P,closed}"]);
    // The program is dead: writing ends the port. More than a pipe takes is written, for a program that is just being
    // started may have our pipe open until it runs.
    let port = owner.sh("exit 0", "[eof,exit_status]");
    assert_eq!(owner.through("{P,eof}"), ["{P,{exit_status,0}}", "{P,eof}"]);
    owner.bind("Data", portwright::Term::binary(vec![b'x'; 2_000_000]));
    owner.check(&[("port_command(P,Data)", "true")]);
    assert_eq!(owner.next(), "{'EXIT',P,epipe}");
    assert!(port.is_gone());
}

// P-307.
#[test]
fn last_messages_go_to_the_owner_of_that_time() {
    let mut owner = Owner::new();
    let mut other = owner.other();
    owner.sh("read line; echo $line; exit 2", "[exit_status,eof]");
    owner.bind("Other", portwright::Term::Pid(other.pid()));
    owner.check(&[
        ("port_connect(P,Other)", "true"),
        ("port_command(P,\"end\\n\")", "true"),
    ]);
    let port = owner.term("P");
    other.bind("P", port);
    assert_eq!(
        other.stream_through("{P,eof}"),
        ["{P,{data,\"end\\n\"}}", "{P,{exit_status,2}}", "{P,eof}"]
    );
    owner.nothing_more();
}

// P-308.
#[test]
fn a_closing_port_says_no_status() {
    let mut owner = Owner::new();
    let port = owner.sh("cat >/dev/null; exit 7", "[exit_status,eof]");
    owner.check(&[("port_close(P)", "true")]);
    assert_eq!(owner.next(), NORMAL);
    eventually("it is gone", || port.is_gone());
    owner.nothing_more();
}

// P-309.
#[test]
fn an_owner_that_does_not_trap_is_not_disturbed() {
    let mut owner = Owner::new().not_trapping();
    owner.sh("echo data; exit 1", "[exit_status]");
    assert_eq!(
        owner.stream_through("{P,{exit_status,1}}"),
        ["{P,{data,\"data\\n\"}}", "{P,{exit_status,1}}"]
    );
    let reference = owner.bind_to("R", "monitor(port,P)");
    assert!(reference.is_reference());
    assert!(owner.next().starts_with("{'DOWN',R,port,P,"));
    owner.nothing_more();
    owner.check(&[("is_process_alive(Me)", "true")]);
}

// P-320, P-321, P-503, P-607: the failing write says true, the next one badarg.
#[test]
fn writing_to_nobody_is_epipe() {
    // A child that another test starts in this moment holds the pipe until it executes
    // its program: the first write may still find a reader.
    fn write(owner: &mut Owner) {
        while owner.eval("port_command(P,\"x\")") == "true" {}
    }
    let mut owner = Owner::new();
    let port = owner.sh("exec <&-; echo closed; exec sleep 600", "[exit_status]");
    owner.end_program(&port);
    assert_eq!(owner.next(), "{P,{data,\"closed\\n\"}}");
    write(&mut owner);
    assert_eq!(owner.next(), "{'EXIT',P,epipe}");
    owner.check(&[
        ("port_command(P,\"x\")", "error badarg"),
        ("port_info(P)", "undefined"),
    ]);
    owner.nothing_more();

    let mut owner = Owner::new().not_trapping();
    let port = owner.sh("exec <&-; echo closed; exec sleep 600", "[]");
    owner.end_program(&port);
    assert_eq!(owner.next(), "{P,{data,\"closed\\n\"}}");
    write(&mut owner);
    assert_eq!(owner.death(), "epipe");
}

// P-322: which of the two it is nobody can say, but it is one of them.
#[test]
fn a_program_that_dies_while_written_to_ends_normal_or_epipe() {
    for _ in 0..20 {
        let mut owner = Owner::new();
        let port = owner.sh("head -c 1 >/dev/null; exit 0", "[]");
        owner.bind("Data", portwright::Term::binary(vec![0; 200_000]));
        owner.check(&[("port_command(P,Data)", "true")]);
        let end = owner.next();
        assert!(end == NORMAL || end == "{'EXIT',P,epipe}", "{end}");
        assert!(port.is_gone());
        owner.nothing_more();
    }
}

// P-323: without eof and exit_status the end of the output drops what is queued.
#[test]
fn the_end_of_the_output_drops_the_queue_or_not() {
    let folder = crate::alone::Folder::new("queue");
    for (settings, all) in [("[]", false), ("[eof]", true), ("[exit_status]", true)] {
        let (fifo, file) = (folder.0.join("go"), folder.0.join("count"));
        let _ = std::fs::remove_file(&fifo);
        let _ = std::fs::remove_file(&file);
        std::process::Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap();
        // The program closes its output, waits, then counts what it can read.
        let script = format!(
            "exec >&-; read go < {}; wc -c > {1}.new; mv {1}.new {1}",
            fifo.display(),
            file.display()
        );
        let mut owner = Owner::new();
        owner.bind("Data", portwright::Term::binary(vec![b'x'; 300_000]));
        let port = owner.sh(&format!("echo begun; read line; {script}"), settings);
        owner.next();
        owner.check(&[("port_command(P,[\"\\n\",Data])", "true")]);
        // The rest is in the queue while the program waits.
        eventually("the output is closed", || match settings {
            "[]" => port.is_gone(),
            _ => port.info().is_some_and(|info| info.queue_size > 0),
        });
        std::fs::write(&fifo, "go\n").unwrap();
        if settings == "[eof]" {
            assert_eq!(owner.next(), "{P,eof}");
            eventually("the queue is written", || {
                port.info().is_some_and(|info| info.queue_size == 0)
            });
        }
        if port.is_open() {
            // The end of its input, which wc waits for.
            let input = owner.me.close_input(&port);
            assert!(input.is_ok(), "{input:?}");
        }
        eventually("it has counted", || file.exists());
        let count: usize = std::fs::read_to_string(&file)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        assert_eq!(count == 300_000, all, "{settings}: {count}");
    }
}

// An extension: the program sees the end of its input, and its answer is read.
#[test]
fn closing_the_input_lets_filters_finish() {
    for close in ["port_eof(P)", "send(P,{Me,eof})"] {
        let mut owner = Owner::new();
        owner.open("{spawn,\"sort\"}", "[exit_status]");
        owner.check(&[("port_command(P,\"b\\na\\n\")", "true")]);
        owner.eval(close);
        assert_eq!(
            owner.stream_through(NORMAL),
            ["{P,{data,\"a\\nb\\n\"}}", "{P,{exit_status,0}}", NORMAL]
        );
        owner.check(&[("port_eof(P)", "error badarg")]);
    }
    // What is queued is written first.
    let mut owner = Owner::new();
    owner.bind("Data", portwright::Term::binary(vec![b'x'; 1_000_000]));
    let port = owner.sh("wc -c; exec sleep 600", "[]");
    owner.end_program(&port);
    owner.check(&[
        ("port_command(P,Data)", "true"),
        ("port_eof(P)", "true"),
        ("port_command(P,\"more\")", "error badarg"),
        ("port_eof(P)", "true"),
    ]);
    assert_eq!(owner.bytes(8), b"1000000\n");
    owner.check(&[("port_close(P)", "true")]);
    assert_eq!(owner.next(), NORMAL);
    // A port without an input of its own has none to close.
    owner.idle("[in]");
    owner.check(&[("port_eof(P)", "error notsup")]);
}

// An extension: standard error as a stream of its own.
#[test]
fn standard_error_can_be_told_apart() {
    let mut owner = Owner::new();
    owner.sh("echo wrong >&2; exit 1", "[stderr,exit_status]");
    assert_eq!(
        owner.through(NORMAL),
        ["{P,{stderr,\"wrong\\n\"}}", "{P,{exit_status,1}}", NORMAL]
    );
}

// The system then reaps them at once. Their ports end all the same.
#[test]
fn a_host_that_ignores_its_children_does_not_learn_how_they_ended() {
    let test = "ending::a_host_that_ignores_its_children_does_not_learn_how_they_ended";
    let ignore = ["--ignore-signal=CHLD"];
    if !alone(test, |command| behind(command, "env", &ignore)) {
        return;
    }
    for script in ["exit 3", "kill -9 $$"] {
        let mut owner = Owner::new();
        owner.sh(script, "[exit_status,exit_signal]");
        assert_eq!(owner.next(), "{P,{exit_status,255}}");
        assert_eq!(owner.next(), "{'EXIT',P,normal}");
        let end = portwright::run("sh").args(["-c", script]).on(&owner.node);
        let status = end.blocking().unwrap().status;
        assert_eq!(status, portwright::RunStatus::Exited(255));
    }
    // Programs are not started so, and hear of their own children.
    let mut owner = Owner::new();
    owner.sh("sh -c 'exit 7'; echo $?", "[{line,10}]");
    assert_eq!(owner.next(), "{P,{data,{eol,\"7\"}}}");
}
