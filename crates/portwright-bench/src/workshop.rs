//! What is compiled when a run begins: the Erlang module and the C driver.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::host::is_installed;

/// Tells measuring processes where the products are.
const VARIABLE: &str = "PORTWRIGHT_BENCH_WORKSHOP";

const MODULE: &str = include_str!("../peers/portwright_bench.erl");
const DRIVER: &str = include_str!("../peers/portwright_bench_drv.c");

/// The driver's name, and that of its file without `.so`.
pub(crate) const DRIVER_NAME: &str = "portwright_bench_drv";

/// A temporary folder, removed when dropped by the process that made it.
pub(crate) struct Workshop {
    folder: PathBuf,
    ours: bool,
    /// What could not be made, and why.
    pub(crate) missing: Vec<String>,
}

impl Workshop {
    /// That of the run which has started this process, else a new one.
    pub(crate) fn enter() -> Result<Self, String> {
        match env::var_os(VARIABLE) {
            Some(folder) => Ok(Self {
                folder: folder.into(),
                ours: false,
                missing: Vec::new(),
            }),
            None => Self::open(),
        }
    }

    fn open() -> Result<Self, String> {
        let folder = env::temp_dir().join(format!("portwright-bench-{}", std::process::id()));
        fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        let mut workshop = Self {
            folder,
            ours: true,
            missing: Vec::new(),
        };
        let products = [workshop.compile_module(), workshop.compile_driver()];
        workshop.missing = products.into_iter().filter_map(Result::err).collect();
        Ok(workshop)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Shows the workshop to a measuring process.
    pub(crate) fn show_to(&self, command: &mut Command) {
        command.env(VARIABLE, &self.folder);
    }

    pub(crate) fn has_module(&self) -> bool {
        self.folder.join("portwright_bench.beam").exists()
    }

    pub(crate) fn has_driver(&self) -> bool {
        self.folder.join(DRIVER_NAME).with_extension("so").exists()
    }

    fn compile_module(&self) -> Result<(), String> {
        if !is_installed("erlc") || !is_installed("erl") {
            return Err("Erlang/OTP is not installed (Debian package erlang-base)".into());
        }
        let source = self.write("portwright_bench.erl", MODULE)?;
        run(Command::new("erlc").arg("-o").arg(&self.folder).arg(source))
    }

    fn compile_driver(&self) -> Result<(), String> {
        if !is_installed("cc") {
            return Err("no C compiler: there is no compiled driver to measure".into());
        }
        let headers =
            headers().ok_or("erl_driver.h is not installed (Debian package erlang-dev)")?;
        let source = self.write("portwright_bench_drv.c", DRIVER)?;
        let product = self.folder.join(DRIVER_NAME).with_extension("so");
        run(Command::new("cc")
            .args(["-O2", "-fPIC", "-shared", "-I"])
            .arg(headers)
            .arg("-o")
            .arg(product)
            .arg(source))
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.folder.join(name);
        fs::write(&path, text)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        if self.ours {
            // What cannot be removed stays in the folder for temporary files.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Where the installed OTP keeps `erl_driver.h`.
fn headers() -> Option<PathBuf> {
    let output = Command::new("erl")
        .args(["-noshell", "-eval", "io:put_chars(code:root_dir()),halt()."])
        .output()
        .ok()?;
    let root = PathBuf::from(String::from_utf8(output.stdout).ok()?);
    let folder = root.join("usr/include");
    folder.join("erl_driver.h").exists().then_some(folder)
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().display().to_string();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!(
        "{program} failed: {}",
        String::from_utf8_lossy(&said).trim()
    ))
}
