//! What a run says: a table for people, an object for programs.

use std::io::{IsTerminal, Write};

use serde_json::{Map, Value, json};

use crate::compare::Outcome;
use crate::host;
use crate::line::Line;

pub(crate) fn begin(missing: &[String]) {
    println!("{} processors, load {}", host::cpus(), load());
    for what in missing {
        println!("not installed: {what}");
    }
}

/// The load of the last minute, which tells whether anybody else was at work.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace()
        .next()
        .unwrap_or("unknown")
        .to_owned()
}

/// Shows a person who waits what is being measured.
pub(crate) fn progress(line: &Line, peer: &str, round: usize, rounds: usize) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{} {}/{rounds} {peer}", line.name, round + 1);
        let _ = std::io::stderr().flush();
    }
}

pub(crate) fn progress_is_over() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}

pub(crate) fn print(outcome: &Outcome) {
    let line = outcome.line;
    println!("\n{}: {} [{}]", line.name, line.title, line.unit);
    let ours = outcome.median("portwright");
    for (peer, spread) in &outcome.spreads {
        let ratio = match (*peer, ours) {
            ("portwright", _) | (_, None) => String::new(),
            // How often nothing is in something cannot be told.
            _ if spread.median == 0.0 => String::new(),
            (_, Some(ours)) => format!("portwright is {:.2} x", ours / spread.median),
        };
        let cpu = spread
            .cpu_ns
            .map_or(String::new(), |ns| format!("cpu {} ", duration(ns)));
        println!(
            "  {peer:17} {:>10}  ({} to {}, {} rounds)  {cpu:14}{ratio}",
            figure(spread.median),
            figure(spread.min),
            figure(spread.max),
            spread.rounds,
        );
    }
    for (peer, why) in &outcome.missing {
        println!("  {peer:17} {why}");
    }
    println!("  goal: {} -- {}", line.goal, verdict(outcome));
}

fn verdict(outcome: &Outcome) -> &'static str {
    match outcome.met() {
        Some(true) => "met",
        Some(false) => "not met",
        None => "cannot be told",
    }
}

pub(crate) fn end(outcomes: &[Outcome]) {
    println!();
    for outcome in outcomes {
        println!(
            "{:18} {:14} {}",
            outcome.line.name,
            verdict(outcome),
            outcome.line.goal
        );
    }
    println!("load afterwards {}", load());
}

/// Four digits that matter.
fn figure(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => format!("{value:.0}"),
        middle if middle >= 100.0 => format!("{value:.1}"),
        small if small >= 10.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn duration(ns: f64) -> String {
    if ns >= 1e6 {
        format!("{:.2} ms", ns / 1e6)
    } else if ns >= 1e3 {
        format!("{:.2} us", ns / 1e3)
    } else {
        format!("{ns:.0} ns")
    }
}

pub(crate) fn to_json(outcomes: &[Outcome]) -> Value {
    let lines: Vec<Value> = outcomes.iter().map(line_to_json).collect();
    json!({"lines": lines})
}

fn line_to_json(outcome: &Outcome) -> Value {
    let line = outcome.line;
    let results: Map<String, Value> = outcome
        .spreads
        .iter()
        .map(|(peer, spread)| {
            let result = json!({
                "median": spread.median,
                "min": spread.min,
                "max": spread.max,
                "rounds": spread.rounds,
                "cpu_ns": spread.cpu_ns,
            });
            ((*peer).to_owned(), result)
        })
        .collect();
    let missing: Map<String, Value> = outcome
        .missing
        .iter()
        .map(|(peer, why)| ((*peer).to_owned(), why.as_str().into()))
        .collect();
    json!({
        "name": line.name,
        "title": line.title,
        "unit": line.unit,
        "better": line.better.name(),
        "results": results,
        "missing": missing,
        "goal": line.goal,
        "met": outcome.met(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Spread;
    use crate::line;

    #[test]
    fn the_object_has_what_its_readers_were_promised() {
        let spread = |median| Spread {
            median,
            min: median,
            max: median,
            rounds: 7,
            cpu_ns: None,
        };
        let outcome = Outcome {
            line: line::find("round-trip-packet").unwrap(),
            spreads: vec![("raw", spread(2.0)), ("portwright", spread(2.3))],
            missing: vec![("beam", "not installed".into())],
        };
        let object = to_json(&[outcome]);
        let line = &object["lines"][0];
        assert_eq!(line["name"], "round-trip-packet");
        assert_eq!(
            (&line["unit"], &line["better"]),
            (&json!("us"), &json!("lower"))
        );
        assert_eq!(line["results"]["portwright"]["median"], 2.3);
        assert_eq!(line["results"]["portwright"]["rounds"], 7);
        assert_eq!(line["missing"]["beam"], "not installed");
        assert_eq!(line["met"], true);
    }

    #[test]
    fn figures_have_as_many_digits_as_they_need() {
        assert_eq!(figure(12_345.6), "12346");
        assert_eq!(figure(4.7123), "4.712");
        assert_eq!(duration(1_234.0), "1.23 us");
    }
}
