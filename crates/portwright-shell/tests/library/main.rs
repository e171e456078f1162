//! Library functions here and in real Erlang: the answers must be equal.
//!
//! * The files `*.txt` hold one sequence of expressions per line (`%` starts a
//!   comment line).
//! * `functions.spec` names functions and the kinds of their arguments; calls
//!   are generated from it, with right and with wrong arguments, the same ones
//!   in each run.
//!
//! Without Erlang the tests say so and pass; `PORTWRIGHT_REQUIRE_ERL=1` makes
//! that a failure.

mod generate;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use portwright::Node;
use portwright_shell::{Captured, EvalError, Evaluator, Mode, Stream, System};
use portwright_term::Term;
use portwright_term::text::{Encoding, PrintOptions};

/// Longest time for one line, as in the script for Erlang.
const LIMIT: Duration = Duration::from_secs(20);

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// OTP reads an argument of `string` only as far as it must and never sees what is wrong behind that; we read all of it.
const READ_TO_THE_END: &[&str] = &[
    "string:lexemes(\"\",1.0).",
    "string:nth_lexeme(<<\"ab\">>,12345678901234567890,\" \").",
    "string:prefix([1,b],\" \").",
    "string:prefix(<<\"ab\">>,1).",
    "string:to_float([1,b]).",
];

/// What Erlang answers for every line; `None` when there is no Erlang.
fn ask_erlang(file: &Path) -> Option<Vec<String>> {
    let script = directory().join("oracle/evaluate_lines.escript");
    let output = match Command::new("escript").arg(script).arg(file).output() {
        Ok(output) => output,
        Err(error) => {
            assert!(
                std::env::var_os("PORTWRIGHT_REQUIRE_ERL").is_none(),
                "Erlang is required and cannot be run: {error}"
            );
            eprintln!("SKIPPED: no Erlang to compare with ({error})");
            return None;
        }
    };
    assert!(
        output.status.success(),
        "escript failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("the script prints UTF-8");
    Some(text.lines().map(str::to_owned).collect())
}

/// What this crate answers for one line, in the same form.
async fn answer(node: &Node, text: &str) -> String {
    let system = Arc::new(System::new(node.clone(), Arc::new(Captured::default())));
    let mut evaluator = Evaluator::in_process(node.attach(), system, Mode::File);
    let result = match tokio::time::timeout(LIMIT, evaluator.evaluate(text)).await {
        Ok(result) => result,
        Err(_) => return "timeout".to_owned(),
    };
    let pair = |tag: Term, value: Term| Term::tuple([tag, value]);
    let term = match result {
        Ok(value) => pair(Term::atom("ok"), value),
        Err(EvalError::Raised(exception)) => pair(
            Term::Atom(exception.class().atom()),
            exception.reason().clone(),
        ),
        Err(other) => Term::string(&other.to_string()),
    };
    PrintOptions::default()
        .encoding(Encoding::Unicode)
        .line_length(0)
        .to_string(&term)
}

/// Compares every line; `known` lines differ for a reason that is written where they are listed.
fn compare(name: &str, lines: &[String], known: &[&str]) {
    let file = std::env::temp_dir().join(format!("portwright-{}-{name}", std::process::id()));
    std::fs::write(&file, lines.join("\n")).expect("a temporary file can be written");
    let expected = ask_erlang(&file);
    let _ = std::fs::remove_file(&file);
    let Some(expected) = expected else { return };
    assert_eq!(
        expected.len(),
        lines.len(),
        "Erlang answered every line of {name}"
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let node = Node::new();
    let mut differences = Vec::new();
    runtime.block_on(async {
        for (line, expected) in lines.iter().zip(&expected) {
            let got = answer(&node, line).await;
            if got != *expected && !known.contains(&line.as_str()) {
                differences.push(format!("{line}\n  expected {expected}\n  got      {got}"));
            }
        }
    });
    assert!(
        differences.is_empty(),
        "{} of {} expressions of {name} differ:\n{}",
        differences.len(),
        lines.len(),
        differences.join("\n")
    );
    eprintln!("{name}: {} expressions agree with Erlang", lines.len());
}

/// The lines of a corpus file that hold expressions.
fn corpus(name: &str, at_least: usize) -> Vec<String> {
    let file = directory().join("library").join(name);
    let text = std::fs::read_to_string(&file).expect("the file of expressions is there");
    let lines: Vec<String> = text
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('%'))
        .map(str::to_owned)
        .collect();
    assert!(
        lines.len() >= at_least,
        "{name} holds only {} expressions",
        lines.len()
    );
    lines
}

#[test]
fn written_expressions_agree_with_erlang() {
    compare("written.txt", &corpus("written.txt", 900), &[]);
}

#[test]
fn answers_are_alike_inside() {
    compare("structures.txt", &corpus("structures.txt", 250), &[]);
}

#[test]
fn generated_calls_agree_with_erlang() {
    let spec = std::fs::read_to_string(directory().join("library/functions.spec"))
        .expect("the list of functions is there");
    let lines = generate::calls(&spec, 10);
    assert!(
        lines.len() >= 2000,
        "only {} calls were generated",
        lines.len()
    );
    compare("generated.txt", &lines, READ_TO_THE_END);
}

/// Printing goes to the system's output, byte for byte as Erlang prints it.
#[test]
fn output_is_what_erlang_prints() {
    let lines = corpus("output.txt", 20);
    let text = lines.join("\n");
    let output = match Command::new("erl")
        .args(["-noshell", "-kernel", "logger_level", "none", "-eval"])
        .arg(text.replace(".\n", ",\n").trim_end_matches('.').to_owned() + ".")
        .args(["-s", "init", "stop"])
        .output()
    {
        Ok(output) => output.stdout,
        Err(error) => {
            eprintln!("SKIPPED: no Erlang to compare with ({error})");
            return;
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let node = Node::new();
    let captured = Arc::new(Captured::default());
    let system = Arc::new(System::new(node.clone(), captured.clone()));
    let mut evaluator = Evaluator::in_process(node.attach(), system, Mode::File);
    runtime.block_on(async {
        for line in &lines {
            evaluator
                .evaluate(line)
                .await
                .unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    });
    let got = captured.take(Stream::Output);
    assert_eq!(
        String::from_utf8_lossy(&got),
        String::from_utf8_lossy(&output)
    );
}
