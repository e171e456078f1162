//! The same expressions here and in real Erlang: the answers must be equal.
//!
//! Each file in `tests/expressions/` holds one sequence of expressions per line
//! (`%` starts a comment line). One run of `erl` answers a whole file.
//!
//! Without Erlang the tests say so and pass; `PORTWRIGHT_REQUIRE_ERL=1` makes
//! that a failure.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use portwright::Node;
use portwright_shell::{Captured, EvalError, Evaluator, Mode, System};
use portwright_term::Term;
use portwright_term::text::{Encoding, PrintOptions};

/// Longest time for one line, as in the script for Erlang.
const LIMIT: Duration = Duration::from_secs(20);

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The lines of a file that hold expressions, with their line numbers.
fn lines(text: &str) -> Vec<(usize, &str)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('%'))
        .map(|(index, line)| (index + 1, line))
        .collect()
}

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
            eprintln!(
                "SKIPPED: no Erlang to compare {} with ({error})",
                file.display()
            );
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
        Err(EvalError::Syntax(error)) => pair(Term::atom("syntax"), Term::string(&error.text)),
        Err(EvalError::Check(faults)) => {
            let text = faults.first().map_or("", |fault| fault.text.as_str());
            pair(Term::atom("check"), Term::string(text))
        }
        Err(EvalError::Halted(status)) => pair(Term::atom("halted"), Term::from(i64::from(status))),
    };
    PrintOptions::default()
        .encoding(Encoding::Unicode)
        .line_length(0)
        .to_string(&term)
}

fn compare(name: &str, at_least: usize) {
    let file = directory().join("expressions").join(name);
    let text = std::fs::read_to_string(&file).expect("the file of expressions is there");
    let lines = lines(&text);
    assert!(
        lines.len() >= at_least,
        "{name} holds only {} expressions",
        lines.len()
    );
    let Some(expected) = ask_erlang(&file) else {
        return;
    };
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
        for ((number, line), expected) in lines.iter().zip(&expected) {
            let got = answer(&node, line).await;
            if got != *expected {
                differences.push(format!(
                    "{name}:{number}: {line}\n  expected {expected}\n  got      {got}"
                ));
            }
        }
    });
    assert!(
        differences.is_empty(),
        "{} of {} expressions differ:\n{}",
        differences.len(),
        lines.len(),
        differences.join("\n")
    );
    eprintln!("{name}: {} expressions agree with Erlang", lines.len());
}

#[test]
fn language() {
    compare("language.txt", 400);
}
