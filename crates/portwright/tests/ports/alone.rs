//! Tests that change the whole operating system process: its directory, its
//! limits, its descriptors.

use std::process::{Command, Stdio};

const ALONE: &str = "PORTWRIGHT_TEST_ALONE";

/// Whether the caller is alone in its process. If not, runs the test of this name again in
/// a process of its own, prepared by `prepare`, and fails if that fails.
#[track_caller]
pub(crate) fn alone(test: &str, prepare: impl FnOnce(&mut Command)) -> bool {
    if std::env::var(ALONE).is_ok_and(|name| name == test) {
        return true;
    }
    let mut command = Command::new(std::env::current_exe().expect("a test has a file"));
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ALONE, test)
        .stdin(Stdio::null());
    prepare(&mut command);
    let output = command.output().expect("the test runs again");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{test} in a process of its own: {}\n{text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

/// Has another program, with these arguments, become the command.
pub(crate) fn behind(command: &mut Command, program: &str, arguments: &[&str]) {
    let inner = std::mem::replace(command, Command::new(program));
    command
        .args(arguments)
        .arg(inner.get_program())
        .args(inner.get_args());
    command.envs(
        inner
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
}

/// A folder of the test's own that goes when dropped.
pub(crate) struct Folder(pub(crate) std::path::PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Self {
        // Tests run at the same time, and so may one test with another of its kind.
        static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("portwright-{test}-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("made of text")
    }

    /// Writes a file with these permissions and returns its path.
    pub(crate) fn file(&self, name: &str, content: &str, mode: u32) -> String {
        use std::os::unix::fs::PermissionsExt;
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("the folder is ours");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))
            .expect("the file is ours");
        path.to_str().expect("made of text").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
