//! A driver loads in every kind of program that Cargo makes, in a crate that knows nothing of this workspace: no linker
//! flag, no build script. With the default linker and with GNU ld.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

const MANIFEST: &str = r#"
[package]
name = "outside"
version = "0.0.0"
edition = "2024"

[dependencies]
portwright = { path = "CRATES/portwright" }
portwright-ddll = { path = "CRATES/portwright-ddll" }

[[bench]]
name = "measured"
harness = false

[workspace]
"#;

const LIBRARY: &str = r#"
//! ```
//! assert_eq!(outside::ask(), "0 0");
//! ```

use portwright::{Node, PortName, PortSettings};
use portwright_ddll::NodeExt;

/// What a driver answers; what it does for that is to call functions of its host.
pub fn ask() -> String {
    let node = Node::new();
    let folder = std::env::var_os("DRIVER_FOLDER").expect("the test says where the driver is");
    node.ddll().load(folder, "swissp").unwrap_or_else(|error| panic!("{error}"));
    let me = node.attach();
    let port = me.open_port(PortName::driver("swissp"), PortSettings::new()).unwrap();
    let answer = me.control(&port, 1, "enq abc; deqall").unwrap();
    String::from_utf8(answer.bytes().to_vec()).unwrap()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_unit() {
        assert_eq!(super::ask(), "0 0");
    }
}
"#;

const INTEGRATION: &str = r#"
#[test]
fn an_integration() {
    assert_eq!(outside::ask(), "0 0");
}
"#;

const PROGRAM: &str = r#"
fn main() {
    println!("answer: {}", outside::ask());
}
"#;

/// Makes the crate in a folder of its own, one for each checkout of the workspace.
fn make(linker: &str) -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut hasher = DefaultHasher::new();
    (crates, std::env::var_os("USER")).hash(&mut hasher);
    let name = format!("portwright-outside-{linker}-{:016x}", hasher.finish());
    let folder = std::env::temp_dir().join(name);
    let manifest = MANIFEST.replace("CRATES", crates.to_str().unwrap());
    for (file, text) in [
        ("Cargo.toml", manifest.as_str()),
        ("src/lib.rs", LIBRARY),
        ("src/main.rs", PROGRAM),
        ("tests/integration.rs", INTEGRATION),
        ("examples/shown.rs", PROGRAM),
        ("benches/measured.rs", PROGRAM),
    ] {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    // The versions that are downloaded already.
    fs::copy(
        crates.parent().unwrap().join("Cargo.lock"),
        folder.join("Cargo.lock"),
    )
    .unwrap();
    folder
}

/// Where the crate is built: kept, so that only the first run builds what it depends on. Cargo builds everything anew for
/// another linker.
fn target(is_gnu: bool) -> PathBuf {
    let name = if is_gnu { "outside-gnu" } else { "outside" };
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Runs `cargo` in the crate; what it printed.
fn cargo(folder: &Path, linker: Option<&Path>, driver: &Path, arguments: &[&str]) -> String {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg("--offline")
        .current_dir(folder)
        .env("DRIVER_FOLDER", driver)
        .env("CARGO_TARGET_DIR", target(linker.is_some()))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTDOCFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    if let Some(linker) = linker {
        let variable = format!(
            "CARGO_TARGET_{}_UNKNOWN_LINUX_GNU_LINKER",
            std::env::consts::ARCH.to_uppercase()
        );
        command.env(variable, linker);
        // All that matters here is how it is linked; this way it is built in half the time.
        for profile in ["RELEASE", "BENCH"] {
            command.env(format!("CARGO_PROFILE_{profile}_OPT_LEVEL"), "0");
        }
    }
    let output = command.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "cargo {arguments:?}: {printed}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    printed
}

/// Loads the driver in all six kinds of programs.
fn check(folder: &Path, linker: Option<&Path>, driver: &Path) {
    let run = |arguments: &[&str]| cargo(folder, linker, driver, arguments);
    assert_eq!(run(&["run", "--release"]), "answer: 0 0\n");
    assert_eq!(run(&["run", "--example", "shown"]), "answer: 0 0\n");
    let bench = run(&["bench", "--bench", "measured"]);
    assert!(bench.ends_with("answer: 0 0\n"), "{bench}");
    let tests = run(&["test"]);
    for name in ["tests::a_unit", "an_integration", "src/lib.rs - (line 2)"] {
        assert!(tests.contains(&format!("test {name} ... ok")), "{tests}");
    }
}

#[test]
fn a_driver_loads_in_every_kind_of_program_of_a_foreign_crate() {
    if cfg!(any(
        portwright_address_sanitizer,
        portwright_thread_sanitizer
    )) {
        return eprintln!("SKIPPED: a sanitizer would have to be in the other crate too");
    }
    let driver = match test_drivers::swiss("swissp") {
        Ok(directory) => directory,
        Err(why) => return test_drivers::skip(&why),
    };
    check(&make("default"), None, &driver);

    let with_gnu_ld = Command::new("cc")
        .args(["-fuse-ld=bfd", "-Wl,--version"])
        .output();
    if !with_gnu_ld.is_ok_and(|output| output.stdout.starts_with(b"GNU ld")) {
        return eprintln!("SKIPPED: GNU ld is not installed");
    }
    let folder = make("gnu");
    // As `-C link-arg=-fuse-ld=bfd` would have it, without rebuilding what is not linked.
    let linker = folder.join("linker");
    fs::write(&linker, "#!/bin/sh\nexec cc \"$@\" -fuse-ld=bfd\n").unwrap();
    let mut permissions = fs::metadata(&linker).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(&linker, permissions).unwrap();
    check(&folder, Some(&linker), &driver);
    let binary = fs::read(target(true).join("release/outside")).unwrap();
    assert!(
        !binary.windows(11).any(|bytes| bytes == b"Linker: LLD"),
        "the other linker was not used"
    );
}
