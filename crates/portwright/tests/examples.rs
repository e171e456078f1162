//! The examples print what they are meant to print.

use std::path::PathBuf;
use std::process::Command;

/// `cargo test` builds examples beside the tests; `cargo test --test examples` does not.
fn example(name: &str) -> Option<PathBuf> {
    let test = std::env::current_exe().unwrap();
    let path = test.parent()?.parent()?.join("examples").join(name);
    if !path.exists() {
        eprintln!("skipped: the example {name} is not built");
        return None;
    }
    Some(path)
}

#[track_caller]
fn check(name: &str, expect: &str) {
    if let Some(output) = output(name) {
        assert_eq!(output, expect, "{name}");
    }
}

#[track_caller]
fn output(name: &str) -> Option<String> {
    let output = Command::new(example(name)?).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn examples_print_what_they_promise() {
    check(
        "hello_port",
        "{#Port<0.1>,{data,<<\"hello\\n\">>}}\n\
         {#Port<0.1>,{exit_status,3}}\n{'EXIT',#Port<0.1>,normal}\n",
    );
    check(
        "packet_worker",
        "desserts\n\nreward\nthe worker exited with 0\n",
    );
    check("sort_stream", "4\n9\n15\n26\n31\n");
    check(
        "rust_driver",
        "{#Port<0.1>,{data,<<\"HELLO\">>}}\n\"AT ONCE\"\n{commands,1}\n\
         the driver does not know the operation or its argument\n",
    );
    check(
        "ownership",
        "{'DOWN',#Ref<0.0.0.1>,process,<0.2.0>,out_of_ideas}\n\
         {'DOWN',#Ref<0.0.0.2>,port,#Port<0.1>,out_of_ideas}\n",
    );
}

// On a machine that is busy enough its program says nothing before the deadline, and the group
// outlives the grace.
#[test]
fn the_example_of_a_deadline_shows_what_was_said_before() {
    for _ in 0..100 {
        let Some(output) = output("deadline") else {
            return;
        };
        let (status, said) = output.split_once('\n').unwrap();
        assert!(status.starts_with("it took too long (killed: "), "{status}");
        if said == "stdout: working\nstderr: slowly\n" {
            return;
        }
        assert!(
            ["stdout: stderr: ", "stdout: working\nstderr: "].contains(&said),
            "{said}"
        );
    }
    panic!("its program says nothing");
}
