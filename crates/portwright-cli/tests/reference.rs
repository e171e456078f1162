//! Completions and manual pages, made from the definitions of the command line.

use std::process::Command;

fn portwright(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_portwright"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn completions_know_subcommands_and_flags() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = portwright(&["completions", shell]);
        for word in [
            "completions",
            "busy-limits-port",
            "deadline",
            "no-load",
            "linger",
        ] {
            assert!(text.contains(word), "{word} in the completions for {shell}");
        }
    }
}

#[test]
fn bash_takes_the_completions() {
    let script = format!(
        "{}\nCOMP_WORDS=(portwright run --dead); COMP_CWORD=2\n\
         _portwright portwright --dead run; echo \"${{COMPREPLY[@]}}\"",
        portwright(&["completions", "bash"])
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "--deadline\n");
}

#[test]
fn there_is_a_manual_page_for_each_subcommand() {
    assert!(portwright(&["man"]).contains("portwright\\-run(1)"));
    let directory = std::env::temp_dir().join(format!("portwright-man-{}", std::process::id()));
    portwright(&["man", "--directory", directory.to_str().unwrap()]);
    let page = std::fs::read_to_string(directory.join("portwright-run.1")).unwrap();
    let driver = std::fs::read_to_string(directory.join("portwright-driver-run.1")).unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    assert!(driver.contains("\\-\\-linger") && driver.contains("{control,Operation,Data}"));
    for word in [
        ".SH NAME",
        "\\-\\-deadline",
        "{packet,BYTES}",
        "124 at the deadline",
    ] {
        assert!(page.contains(word), "{word} in the manual page");
    }
}

#[test]
fn help_and_version_are_no_errors() {
    assert!(portwright(&["--version"]).starts_with("portwright 0."));
    assert!(portwright(&["run", "--help"]).contains("Example: portwright run"));
}
