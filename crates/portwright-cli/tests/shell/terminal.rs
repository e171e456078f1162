//! A session typed into a terminal, by way of tmux.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::without_numbers;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with a server of its own, in which the shell runs.
struct Terminal {
    socket: String,
    state: PathBuf,
}

impl Terminal {
    /// `None`, said aloud, when there is no tmux.
    fn open(test: &str) -> Option<Terminal> {
        if Command::new("tmux").arg("-V").output().is_err() {
            eprintln!("SKIPPED: no tmux to type into");
            return None;
        }
        let socket = format!("portwright-{test}-{}", std::process::id());
        let state = std::env::temp_dir().join(&socket);
        std::fs::create_dir_all(&state).expect("a folder can be made");
        let terminal = Terminal { socket, state };
        let command = format!(
            "env XDG_STATE_HOME={} LC_ALL=C.UTF-8 {} shell; echo exit code $?; cat",
            terminal.state.display(),
            env!("CARGO_BIN_EXE_portwright")
        );
        terminal.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "100",
            "-y",
            "200",
            &command,
        ]);
        terminal.wait("1>");
        Some(terminal)
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-L", &self.socket])
            .args(arguments)
            .env_remove("TMUX")
            .output()
            .expect("tmux runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-J"])
            .trim_end()
            .to_owned()
    }

    /// Waits until the last line begins so.
    #[track_caller]
    fn wait(&self, start: &str) -> String {
        self.wait_for(start, |screen| {
            screen
                .lines()
                .next_back()
                .is_some_and(|line| line.starts_with(start))
        })
    }

    #[track_caller]
    fn wait_for(&self, what: &str, seen: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if seen(&screen) {
                return screen;
            }
            assert!(Instant::now() < end, "no {what} on:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn keys(&self, keys: &[&str]) {
        let mut arguments = vec!["send-keys"];
        arguments.extend(keys);
        self.tmux(&arguments);
    }

    fn line(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
        self.keys(&["Enter"]);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = Command::new("tmux")
            .args(["-L", &self.socket, "kill-server"])
            .output();
        let _ = std::fs::remove_dir_all(&self.state);
    }
}

/// The forms of the manual's chapter on ports; P-953, P-955 and P-956 at their place.
#[test]
fn the_forms_of_the_manual_are_typed() {
    let Some(terminal) = Terminal::open("manual") else {
        return;
    };
    let typed: &[(&str, &str)] = &[
        ("P = open_port({spawn,\"cat\"},[binary]).", "#Port<>"),
        (
            "P ! {self(),{command,\"hello\"}}.",
            "{<>,{command,\"hello\"}}",
        ),
        ("receive {P,{data,D}} -> D end.", "<<\"hello\">>"),
        ("port_command(P, [\"io\", <<\"data\">>]).", "true"),
        ("receive {P,{data,D2}} = M -> self() ! M, ok end.", "ok"),
        // P-953
        ("flush().", "Shell got {#Port<>,{data,<<\"iodata\">>}}\nok"),
        ("erlang:port_info(P, name).", "{name,\"cat\"}"),
        (
            "Self = self(), O = spawn(fun() -> receive stop -> ok end end), ok.",
            "ok",
        ),
        ("P ! {self(),{connect,O}}.", "{<>,{connect,<>}}"),
        ("flush().", "Shell got {#Port<>,connected}\nok"),
        ("erlang:port_info(P, connected) =:= {connected,O}.", "true"),
        ("port_connect(P, self()).", "true"),
        ("P ! {self(),close}.", "{<>,close}"),
        ("receive {P,C} -> C end.", "closed"),
        ("Q = open_port({spawn,\"cat\"},[]).", "#Port<>"),
        ("port_close(Q).", "true"),
        (
            "port_close(Q).",
            "** exception error: bad argument\n     in function  port_close/1\n        called as port_close(#Port<>)",
        ),
        ("R = open_port({spawn,\"cat\"},[]).", "#Port<>"),
        // P-955, P-956
        ("R ! bad.", "** exception exit: badsig"),
        ("erlang:port_info(R).", "undefined"),
    ];
    let mut expected = String::new();
    for (number, (text, answer)) in (1..).zip(typed) {
        terminal.line(text);
        terminal.wait(&format!("{}>", number + 1));
        expected.push_str(&format!("{number}> {text}\n{answer}\n"));
    }
    let screen = without_numbers(&terminal.screen());
    let (_, session) = screen.split_once('\n').expect("the banner stands first");
    let (session, _) = session.rsplit_once('\n').expect("a prompt stands last");
    assert_eq!(session, expected.trim_end());
}

#[test]
fn keys_do_what_they_should() {
    let Some(terminal) = Terminal::open("keys") else {
        return;
    };
    // Lines are taken together until the full stop.
    terminal.line("{a,");
    terminal.line("b}.");
    let screen = terminal.wait("2>");
    assert!(screen.contains("\n{a,b}\n"), "{screen}");
    // Ctrl-C clears what is typed,
    terminal.keys(&["nonsense", "C-c"]);
    terminal.wait_for("second empty prompt", |screen| {
        screen.contains("\n2> nonsense") && screen.ends_with("\n2>")
    });
    // and ends an endless expression with its evaluator, not the shell.
    terminal.line("(fun Loop() -> io:format(\"~s\", [[]]), Loop() end)(), over.");
    terminal.wait_for("the typed line", |screen| screen.ends_with("over."));
    let end = Instant::now() + PATIENCE;
    // The key may come before the expression has begun, where it does nothing.
    while !terminal.screen().contains("** exception exit: killed") {
        assert!(Instant::now() < end, "{}", terminal.screen());
        terminal.keys(&["C-c"]);
        std::thread::sleep(Duration::from_millis(300));
    }
    terminal.wait("3>");
    // Tab completes functions and variables.
    terminal.line("Variable = 7.");
    terminal.wait("4>");
    terminal.keys(&["lists:seq", "Tab"]);
    terminal.wait_for("a completed function", |screen| {
        screen.ends_with("lists:seq(")
    });
    terminal.keys(&["Vari", "Tab"]);
    terminal.wait_for("a completed variable", |screen| {
        screen.ends_with("(Variable")
    });
    terminal.line(",9).");
    let screen = terminal.wait("5>");
    assert!(screen.contains("\n[7,8,9]\n"), "{screen}");
    // The last line comes back.
    terminal.keys(&["Up"]);
    terminal.wait_for("the last line", |screen| {
        screen.ends_with("5> lists:seq(Variable,9).")
    });
    terminal.keys(&["Enter"]);
    terminal.wait("6>");
    // What others print does not spoil the line that is typed.
    terminal.line("spawn(fun() -> receive after 500 -> io:format(\"meanwhile~n\") end end), ok.");
    terminal.wait("7>");
    terminal.keys(&["half"]);
    let screen = terminal.wait_for("the message above the line", |screen| {
        screen.contains("\nmeanwhile\n") && screen.ends_with("7> half")
    });
    assert!(!screen.contains("halfmeanwhile"), "{screen}");
    terminal.keys(&["C-c"]);
    // An exit of the evaluator is told at once.
    terminal.line("spawn_link(fun() -> receive after 300 -> exit(oops) end end), ok.");
    terminal.wait_for("the exit", |screen| {
        screen.contains("\n** exception exit: oops\n") && screen.ends_with("8>")
    });
    terminal.keys(&["C-d"]);
    terminal.wait("exit code 0");
    let history = std::fs::read_to_string(terminal.state.join("portwright/history"));
    let history = history.expect("the history is a file");
    assert!(history.contains("Variable = 7."), "{history}");
}
