//! The recorded case files of this crate pass.

use std::path::Path;
use std::process::Command;

#[test]
fn all_recorded_cases_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of cases is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "term"))
        .filter(|path| !path.ends_with("differences.term"))
        .collect();
    assert!(!files.is_empty(), "there are no recorded cases");
    let output = Command::new(env!("CARGO_BIN_EXE_portwright-conformance"))
        .args(&files)
        .output()
        .expect("the runner starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let closing = text.lines().last().unwrap_or_default();
    assert!(closing.ends_with(" passed, 0 failed"), "{closing}");
}
