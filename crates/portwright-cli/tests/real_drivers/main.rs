//! The compiled drivers in Debian's packages, and two that are there as sources: scripts that OTP's escript runs too.
//!
//! Each script runs in a process of its own, for a driver may bring down the one that it is in. `NAME.expected` is what
//! OTP 25 prints. Scripts get an empty folder as their argument.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Nothing that a script does takes nearly as long; what hangs is ended.
const SECONDS: &str = "120";

/// A script, and what shows that its driver is installed.
struct Script {
    name: &'static str,
    /// A folder, a prefix of the names in it, and the file below that.
    driver: (&'static str, &'static str, &'static str),
    /// Whether it compiles the driver.
    compiles: bool,
}

const OTP: &str = "/usr/lib/erlang/lib";

const fn packaged(
    name: &'static str,
    folder: &'static str,
    prefix: &'static str,
    file: &'static str,
) -> Script {
    Script {
        name,
        driver: (folder, prefix, file),
        compiles: false,
    }
}

impl Script {
    /// Why it cannot run here; nothing if it can.
    fn lacks(&self) -> Option<String> {
        let (folder, prefix, file) = self.driver;
        let there = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| {
                let matches = entry.file_name().to_string_lossy().starts_with(prefix);
                matches && entry.path().join(file).exists()
            });
        if !there {
            return Some(format!("there is no {folder}/{prefix}*/{file}"));
        }
        let header = Path::new("/usr/lib/erlang/usr/include/erl_driver.h");
        if self.compiles && !(header.exists() && runs(&["cc", "--version"])) {
            return Some("there is no C compiler or no erl_driver.h".into());
        }
        None
    }

    fn source(&self, extension: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/real_drivers/{}.{extension}", self.name))
    }

    /// Runs it and compares what it prints.
    #[track_caller]
    fn check(&self, who: &str, program: &[&str]) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "{}-{who}-{}",
            self.name,
            std::process::id()
        ));
        std::fs::create_dir_all(&folder).unwrap();
        let mut command = Command::new("timeout");
        if who == "OTP" && self.name == "trace_ip_drv" {
            // The driver reads memory of `driver_alloc` that it has not written, which now and then brings the emulator
            // down. This has memory come from `malloc`, zeroed; what glibc keeps for a thread would not be.
            command
                .env("ERL_FLAGS", "+Mea min")
                .env("MALLOC_PERTURB_", "255")
                .env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0");
        }
        let output = command
            .args(["-s", "KILL", SECONDS])
            .args(program)
            .args([&self.source("escript"), &folder])
            .env("SDL_VIDEODRIVER", "dummy")
            .env("SDL_AUDIODRIVER", "dummy")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let expected = std::fs::read(self.source("expected")).unwrap();
        let name = self.name;
        assert!(
            output.status.success() && output.stdout == expected,
            "{name}, run by {who}: {}\n{}\n{}\nexpected:\n{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
            String::from_utf8_lossy(&expected)
        );
    }

    /// Here and, where it is installed, in OTP.
    #[track_caller]
    fn check_both(&self) {
        if let Some(why) = self.lacks() {
            return test_drivers::skip(&why);
        }
        self.check("portwright", &[env!("CARGO_BIN_EXE_portwright"), "escript"]);
        if runs(&["which", "escript"]) {
            self.check("OTP", &["escript"]);
        } else {
            test_drivers::skip("there is no escript of OTP (package erlang-base)");
        }
    }
}

fn runs(command: &[&str]) -> bool {
    let output = Command::new(command[0]).args(&command[1..]).output();
    output.is_ok_and(|output| output.status.success())
}

#[test]
fn sqlite3_drv() {
    packaged("sqlite3_drv", OTP, "p1_sqlite3-", "priv/sqlite3_drv.so").check_both();
}

#[test]
fn megaco_flex_scanners() {
    let file = "priv/lib/megaco_flex_scanner_drv_mt.so";
    packaged("megaco_flex", OTP, "megaco-", file).check_both();
}

#[test]
fn trace_file_drv() {
    let file = "priv/lib/trace_file_drv.so";
    packaged("trace_file_drv", OTP, "runtime_tools-", file).check_both();
}

#[test]
fn trace_ip_drv() {
    let file = "priv/lib/trace_ip_drv.so";
    packaged("trace_ip_drv", OTP, "runtime_tools-", file).check_both();
}

#[test]
fn sdl_driver() {
    packaged("sdl_driver", OTP, "esdl-", "priv/sdl_driver.so").check_both();
}

#[test]
fn setuid_drv() {
    let file = "priv/lib/setuid_drv.so";
    packaged("setuid_drv", "/usr/lib", "yaws-", file).check_both();
}

#[test]
fn uds_drv() {
    Script {
        compiles: true,
        ..packaged(
            "uds_drv",
            OTP,
            "kernel-",
            "examples/uds_dist/c_src/uds_drv.c",
        )
    }
    .check_both();
}

#[test]
fn example_drv() {
    Script {
        compiles: true,
        ..packaged(
            "example_drv",
            "/usr/share/doc",
            "erlang-doc",
            "doc/tutorial/port_driver.c",
        )
    }
    .check_both();
}
