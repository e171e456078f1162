//! The same lines typed into OTP's shell and shown by ours: values, exceptions
//! with their traces and explanations, faults of the text.
//!
//! Without Erlang the test says so and passes; `PORTWRIGHT_REQUIRE_ERL=1` makes
//! that a failure.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use portwright::Node;
use portwright_shell::shell::Show;
use portwright_shell::{Captured, Evaluator, Mode, System};

/// What `erl` prints for each line of a file; `None` when there is no Erlang.
fn ask_erlang(file: &Path) -> Option<Vec<String>> {
    let input = std::fs::File::open(file).expect("the transcript's input is there");
    let output = Command::new("erl")
        .args(["-kernel", "logger_level", "none"])
        .stdin(Stdio::from(input))
        .output();
    let output = match output {
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
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut answers: Vec<String> = Vec::new();
    for line in text.lines() {
        // A prompt starts an answer: `12> `.
        let mut rest = line;
        while let Some((number, after)) = rest.split_once("> ") {
            if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                break;
            }
            answers.push(String::new());
            rest = after;
        }
        if let Some(last) = answers.last_mut() {
            if !last.is_empty() {
                last.push('\n');
            }
            last.push_str(rest);
        }
    }
    // The last prompt met the end of the input.
    answers.pop();
    Some(answers)
}

fn compare(name: &str, at_least: usize) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/transcripts")
        .join(name);
    let text = std::fs::read_to_string(&file).expect("the transcript's input is there");
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines.len() >= at_least,
        "{name} holds only {} lines",
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
    let system = Arc::new(System::new(node.clone(), Arc::new(Captured::default())));
    system.set_reports_errors(false);
    let mut evaluator = Evaluator::in_process(node.attach(), system, Mode::Shell);
    let show = Show::default();
    let mut differences = Vec::new();
    for (index, (line, expected)) in lines.iter().zip(&expected).enumerate() {
        let got = match runtime.block_on(evaluator.evaluate(line)) {
            Ok(value) => show.value(&value, 1),
            Err(error) => show.error(&error),
        };
        if got != expected.trim_end_matches('\n') {
            differences.push(format!(
                "{name}:{}: {line}\n--- expected\n{expected}\n--- got\n{got}",
                index + 1
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {} answers differ:\n{}",
        differences.len(),
        lines.len(),
        differences.join("\n")
    );
}

#[test]
fn errors_look_as_in_otp() {
    compare("errors.txt", 200);
}

#[test]
fn explanations_look_as_in_otp() {
    compare("explanations.txt", 100);
}

/// What OTP's interpreter was doing, within `catch` and in processes of their own.
#[test]
fn traces_look_as_in_otp() {
    compare("traces.txt", 200);
}
