//! A terminal of tmux in which a shell runs and is typed into.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How long an answer may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with a server of its own, in which the shell runs.
pub(crate) struct Terminal {
    socket: String,
    state: PathBuf,
}

impl Terminal {
    /// Our shell in a terminal so wide; `None`, said aloud, when there is no tmux.
    pub(crate) fn open(test: &str, columns: usize) -> Option<Terminal> {
        let shell = format!("{} shell", env!("CARGO_BIN_EXE_portwright"));
        Terminal::with(test, columns, "tmux", &shell)
    }

    /// OTP's shell in a terminal so wide; `None`, said aloud, when there is no tmux or no `erl`.
    pub(crate) fn open_erl(test: &str, columns: usize) -> Option<Terminal> {
        Terminal::with(test, columns, "erl", "erl")
    }

    fn with(test: &str, columns: usize, needed: &str, shell: &str) -> Option<Terminal> {
        for program in ["tmux", needed] {
            if !is_installed(program) {
                assert!(
                    std::env::var_os("PORTWRIGHT_REQUIRE_ERL").is_none_or(|value| value != "1"),
                    "there is no {program} (and PORTWRIGHT_REQUIRE_ERL=1)"
                );
                eprintln!("SKIPPED: no {program} to type into");
                return None;
            }
        }
        let socket = format!("portwright-{test}-{}", std::process::id());
        let state = std::env::temp_dir().join(&socket);
        std::fs::create_dir_all(&state).expect("a folder can be made");
        let terminal = Terminal { socket, state };
        let command = format!(
            "env HOME={state} XDG_STATE_HOME={state} LC_ALL=C.UTF-8 {shell}; echo exit code $?; cat",
            state = terminal.state.display(),
        );
        terminal.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &columns.to_string(),
            "-y",
            "400",
            &command,
        ]);
        terminal.wait("1>");
        Some(terminal)
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-L", &self.socket])
            .args(arguments)
            .env_remove("TMUX")
            .output()
            .expect("tmux runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A file that the shell kept.
    pub(crate) fn kept(&self, name: &str) -> String {
        let file = self.state.join(name);
        std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    pub(crate) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-J"])
            .trim_end()
            .to_owned()
    }

    /// Waits until the last line begins so.
    #[track_caller]
    pub(crate) fn wait(&self, start: &str) -> String {
        self.wait_for(start, |screen| {
            screen
                .lines()
                .next_back()
                .is_some_and(|line| line.starts_with(start))
        })
    }

    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, seen: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if seen(&screen) {
                return screen;
            }
            assert!(Instant::now() < end, "no {what} on:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn keys(&self, keys: &[&str]) {
        let mut arguments = vec!["send-keys"];
        arguments.extend(keys);
        self.tmux(&arguments);
    }

    pub(crate) fn line(&self, text: &str) {
        self.tmux(&["send-keys", "-l", "--", text]);
        self.keys(&["Enter"]);
    }
}

/// Whether a program is on the path.
fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).is_file())
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = Command::new("tmux")
            .args(["-L", &self.socket, "kill-server"])
            .output();
        let _ = std::fs::remove_dir_all(&self.state);
    }
}
