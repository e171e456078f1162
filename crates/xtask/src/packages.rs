//! What tests need beside the Rust toolchain, as Debian packages.

use std::path::Path;
use std::process::Command;

use crate::programs::{is_installed, succeeds};

/// Something that tests run or read.
struct Need {
    /// How to see that it is there.
    what: What,
    /// The Debian package that has it.
    package: &'static str,
    /// Which tests are skipped without it.
    tests: &'static str,
}

enum What {
    Program(&'static str),
    File(&'static str),
    /// A package whose files stand in folders with version numbers.
    Package(&'static str),
}

const NEEDS: &[Need] = &[
    Need {
        what: What::Program("erl"),
        package: "erlang-base",
        tests: "comparisons with a real Erlang/OTP",
    },
    Need {
        what: What::Program("escript"),
        package: "erlang-base",
        tests: "comparisons of terms and ports with a real Erlang/OTP",
    },
    Need {
        what: What::File("/usr/lib/erlang/usr/include/erl_driver.h"),
        package: "erlang-dev",
        tests: "the check of the driver interface against erl_driver.h",
    },
    Need {
        what: What::Program("cc"),
        package: "gcc",
        tests: "everything that compiles a C driver",
    },
    Need {
        what: What::Program("bc"),
        package: "bc",
        tests: "conversations with bc",
    },
    Need {
        what: What::Program("git"),
        package: "git",
        tests: "conversations with git cat-file",
    },
    Need {
        what: What::Program("gzip"),
        package: "gzip",
        tests: "conversations with gzip",
    },
    Need {
        what: What::Program("python3"),
        package: "python3",
        tests: "conversations with python3 in packets",
    },
    Need {
        what: What::Package("erlang-nox"),
        package: "erlang-nox",
        tests: "comparisons with the applications of a real Erlang/OTP",
    },
    Need {
        what: What::Package("erlang-p1-sqlite3"),
        package: "erlang-p1-sqlite3",
        tests: "the compiled driver sqlite3_drv",
    },
    Need {
        what: What::Package("erlang-megaco"),
        package: "erlang-megaco",
        tests: "the compiled drivers of megaco",
    },
    Need {
        what: What::Package("erlang-runtime-tools"),
        package: "erlang-runtime-tools",
        tests: "the compiled drivers trace_file_drv and trace_ip_drv",
    },
    Need {
        what: What::Package("erlang-yaws"),
        package: "erlang-yaws",
        tests: "the compiled driver setuid_drv",
    },
    Need {
        what: What::Package("erlang-esdl"),
        package: "erlang-esdl",
        tests: "the compiled driver sdl_driver",
    },
    Need {
        what: What::Package("erlang-examples"),
        package: "erlang-examples",
        tests: "the driver uds_drv, of which there is the source",
    },
    Need {
        what: What::File("/usr/share/doc/erlang-doc/doc/tutorial/port_driver.c"),
        package: "erlang-doc",
        tests: "the driver of the interoperability tutorial",
    },
    Need {
        what: What::Program("tmux"),
        package: "tmux",
        tests: "the shell in a terminal",
    },
];

impl Need {
    fn is_there(&self) -> bool {
        match self.what {
            What::Program(program) => is_installed(program),
            What::File(file) => Path::new(file).exists(),
            What::Package(package) => ["", ":amd64", ":arm64"].iter().any(|kind| {
                Path::new(&format!("/var/lib/dpkg/info/{package}{kind}.list")).exists()
            }),
        }
    }
}

/// Installs what is missing where that is allowed, and returns a line for each
/// need that stays unmet.
pub(crate) fn provide() -> Vec<String> {
    let missing = || NEEDS.iter().filter(|need| !need.is_there());
    let mut packages: Vec<&str> = missing().map(|need| need.package).collect();
    packages.dedup();
    if !packages.is_empty() {
        install(&packages);
    }
    missing()
        .map(|need| {
            let what = match need.what {
                What::Program(name) | What::File(name) | What::Package(name) => name,
            };
            format!(
                "{what} is missing (Debian package {}); skipped: {}",
                need.package, need.tests
            )
        })
        .collect()
}

/// With apt-get, as root or with sudo where it asks no password. What fails here shows
/// as a need that is still unmet.
fn install(packages: &[&str]) {
    if !is_installed("apt-get") {
        return;
    }
    let sudo = !is_root();
    if sudo && !(is_installed("sudo") && quiet(Command::new("sudo").args(["-n", "true"]))) {
        return;
    }
    let apt = |arguments: &[&str]| {
        let mut command = if sudo {
            let mut command = Command::new("sudo");
            command.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            command
        } else {
            let mut command = Command::new("apt-get");
            command.env("DEBIAN_FRONTEND", "noninteractive");
            command
        };
        command.args(arguments);
        succeeds(&mut command).unwrap_or(false)
    };
    apt(&["update", "-qq"]);
    apt(&[
        &["install", "-y", "-qq", "--no-install-recommends"],
        packages,
    ]
    .concat());
}

fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output();
    user.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn quiet(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
