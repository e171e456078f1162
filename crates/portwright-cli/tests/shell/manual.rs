//! Sessions typed into our shell and into OTP's, each in a terminal: the screens are equal.
//!
//! A session is a file in `sessions/`: a line each (`%` starts a comment), typed when the
//! prompt of its number is there. What is compared is all that both screens hold between
//! banner and last prompt. Pids, ports and references are numbered by each shell on its own
//! and are shown by the order in which a session first names them.

use std::collections::HashMap;
use std::path::Path;

use crate::tmux::Terminal;

/// The lines of a session.
fn lines(name: &str) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/shell/sessions")
        .join(name);
    let text = std::fs::read_to_string(&file).expect("the session is there");
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('%'))
        .map(str::to_owned)
        .collect()
}

/// The screen after all lines were typed, from the first prompt on. Each is a command of its own,
/// so a prompt comes back after every line.
fn screen(terminal: &Terminal, lines: &[String]) -> String {
    terminal.wait("1>");
    for (typed, line) in (1..).zip(lines) {
        terminal.line(line);
        terminal.wait_for("next prompt", |screen| {
            let last = screen.lines().next_back().unwrap_or_default();
            prompt(last).is_some_and(str::is_empty)
                && screen.lines().filter_map(prompt).count() > typed
        });
    }
    let screen = terminal.screen();
    let start = screen.find("1> ").expect("the first prompt is there");
    named(&screen[start..])
}

/// What was typed at the prompt of this line, if it has one.
fn prompt(line: &str) -> Option<&str> {
    let (number, typed) = line.split_once('>')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| typed.trim())
}

/// The text with pids, ports and references by the order of their first appearance, and without
/// the numbers that `erlang:port_info/1` shows.
fn named(text: &str) -> String {
    let text: String = text
        .lines()
        .map(|line| {
            let number = [" {id,", " {os_pid,"];
            match number.into_iter().find(|item| line.starts_with(item)) {
                Some(item) => format!("{item}N}}\n"),
                None => format!("{line}\n"),
            }
        })
        .collect();
    let text = text.as_str();
    let mut names: HashMap<&str, usize> = HashMap::new();
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let inside = &rest[at + 1..];
        let digits = inside
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(inside.len());
        let end = at + 1 + digits;
        if rest[end..].starts_with('>') && inside[..digits].contains('.') {
            let start = rest[..at]
                .rfind('#')
                .filter(|start| matches!(&rest[*start..at], "#Port" | "#Ref" | "#Fun"));
            let start = start.unwrap_or(at);
            let count = names.len() + 1;
            let number = *names.entry(&rest[start..=end]).or_insert(count);
            plain.push_str(&rest[..at]);
            plain.push_str(&format!("<{number}>"));
            rest = &rest[end + 1..];
        } else {
            plain.push_str(&rest[..=at]);
            rest = inside;
        }
    }
    plain.push_str(rest);
    plain
}

#[track_caller]
fn compare(name: &str, columns: usize) {
    let lines = lines(&format!("{name}.txt"));
    let Some(erl) = Terminal::open_erl(&format!("{name}-erl"), columns) else {
        return;
    };
    let Some(ours) = Terminal::open(name, columns) else {
        return;
    };
    let (theirs, ours) = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| screen(&erl, &lines));
        let ours = screen(&ours, &lines);
        (theirs.join().expect("erl answers every line"), ours)
    });
    let differences: Vec<String> = answers(&theirs)
        .into_iter()
        .zip(answers(&ours))
        .filter(|(theirs, ours)| theirs != ours)
        .map(|(theirs, ours)| format!("--- erl\n{theirs}\n--- here\n{ours}"))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(ours, theirs);
}

/// The commands of a session, each with what came for it.
fn answers(screen: &str) -> Vec<String> {
    let mut answers: Vec<String> = Vec::new();
    for line in screen.lines() {
        match answers.last_mut() {
            Some(answer) if prompt(line).is_none() => {
                answer.push('\n');
                answer.push_str(line);
            }
            _ => answers.push(line.to_owned()),
        }
    }
    answers
}

// P-950, P-953, P-954, P-955, P-956
#[test]
fn the_manual_s_chapter_looks_as_in_erl() {
    compare("manual", 300);
}

#[test]
fn the_shell_s_own_commands_look_as_in_erl() {
    compare("commands", 100);
}

#[test]
fn identifiers_are_named_in_order() {
    assert_eq!(
        named("<0.80.0> #Port<0.3> <0.81.0> <0.80.0> #Ref<0.1.2.3> <<1>> a < b <1>"),
        "<1> #Port<2> <3> <1> #Ref<4> <<1>> a < b <1>\n"
    );
}
