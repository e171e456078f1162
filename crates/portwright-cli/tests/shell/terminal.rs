//! Keys typed into the shell in a terminal.

use std::time::{Duration, Instant};

use crate::tmux::{PATIENCE, Terminal};

#[test]
fn keys_do_what_they_should() {
    let Some(terminal) = Terminal::open("keys", 100) else {
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
    // What is typed before the new prompt goes with the line.
    terminal.wait_for("new prompt", |screen| screen.ends_with("7> half\n7>"));
    // An exit of the evaluator is told at once.
    terminal.line("spawn_link(fun() -> receive after 300 -> exit(oops) end end), ok.");
    terminal.wait_for("the exit", |screen| {
        screen.contains("\n** exception exit: oops\n") && screen.ends_with("8>")
    });
    terminal.keys(&["C-d"]);
    terminal.wait("exit code 0");
    let history = terminal.kept("portwright/history");
    assert!(history.contains("Variable = 7."), "{history}");
}
