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
    let Some(path) = example(name) else { return };
    let output = Command::new(path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expect, "{name}");
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
        "deadline",
        "it took too long (killed: false)\nstdout: working\nstderr: slowly\n",
    );
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
