//! Running a script of `tests/oracle` in a real OTP.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;

use bytes::Bytes;

/// Gives `corpus` to a script and returns what it answers, cut into fields.
///
/// `None` when there is no `escript` on the path; the test then says so, or
/// fails if `PORTWRIGHT_REQUIRE_ERL=1` is set.
pub(crate) fn ask(name: &str, script: &str, corpus: &[u8], flags: &str) -> Option<Vec<Bytes>> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (asked, answered) = (
        folder.join(format!("{name}.corpus")),
        folder.join(format!("{name}.results")),
    );
    std::fs::write(&asked, corpus).expect("the corpus can be written");
    let output = Command::new("escript")
        .arg(
            PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .join("tests/oracle")
                .join(script),
        )
        .args([&asked, &answered])
        .env("ERL_FLAGS", flags)
        .output();
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let required = std::env::var("PORTWRIGHT_REQUIRE_ERL").is_ok_and(|value| value == "1");
            assert!(
                !required,
                "PORTWRIGHT_REQUIRE_ERL=1, but there is no escript on the path"
            );
            eprintln!("SKIPPED: no escript on the path, {name} was not compared with OTP");
            return None;
        }
        output => output.expect("escript starts"),
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let mut rest = Bytes::from(std::fs::read(&answered).expect("the script wrote its results"));
    for file in [&asked, &answered] {
        // What stays behind does no harm.
        let _ = std::fs::remove_file(file);
    }
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let len = u32::from_be_bytes(rest.split_to(4)[..].try_into().expect("four bytes"));
        fields.push(rest.split_to(len as usize));
    }
    Some(fields)
}
