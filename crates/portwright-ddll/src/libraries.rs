//! Where the dynamic linker would find the libraries that a file needs, and what these have.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::elf::Elf;

/// The shared object `name` among the directories in which the dynamic linker looks: those of `LD_LIBRARY_PATH`, of
/// `/etc/ld.so.conf`, and the usual ones.
///
/// # Examples
///
/// ```
/// assert!(portwright_ddll::find_library("libc.so.6").is_some());
/// assert_eq!(portwright_ddll::find_library("libno-such.so.1"), None);
/// ```
pub fn find_library(name: &str) -> Option<PathBuf> {
    let search = directories().into_iter();
    search
        .map(|directory| directory.join(name))
        .find(|path| Elf::read(path).is_ok())
}

/// What libraries have, together.
#[derive(Default)]
pub(crate) struct Libraries {
    exports: HashSet<String>,
    /// By name: whether it was found.
    seen: HashMap<String, bool>,
}

impl Libraries {
    /// Adds what a file needs, what that needs, and so on. Returns the names that are found nowhere.
    pub(crate) fn add_needs_of(&mut self, path: &Path, elf: &Elf) -> Vec<String> {
        let origin = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
        let mut missing = Vec::new();
        let mut wanted: Vec<(String, Vec<PathBuf>)> = needs(elf, &origin(path));
        while let Some((name, run_path)) = wanted.pop() {
            match self.seen.get(&name) {
                Some(true) => continue,
                Some(false) => {
                    missing.push(name);
                    continue;
                }
                None => {}
            }
            let found = if name.contains('/') {
                Elf::read(Path::new(&name))
                    .ok()
                    .map(|elf| (PathBuf::from(&name), elf))
            } else {
                run_path
                    .into_iter()
                    .chain(directories())
                    .map(|directory| directory.join(&name))
                    .find_map(|path| Elf::read(&path).ok().map(|elf| (path, elf)))
            };
            self.seen.insert(name.clone(), found.is_some());
            let Some((path, elf)) = found else {
                missing.push(name);
                continue;
            };
            wanted.extend(needs(&elf, &origin(&path)));
            let defined = elf.symbols.into_iter().filter(|symbol| symbol.is_defined);
            self.exports.extend(defined.map(|symbol| symbol.name));
        }
        missing.sort();
        missing.dedup();
        missing
    }

    pub(crate) fn have(&self, symbol: &str) -> bool {
        self.exports.contains(symbol)
    }
}

/// The names that a file needs, each with the directories that the file itself names.
fn needs(elf: &Elf, origin: &Path) -> Vec<(String, Vec<PathBuf>)> {
    let origin = origin.to_string_lossy();
    let run_path: Vec<PathBuf> = elf
        .run_path
        .iter()
        .map(|path| {
            path.replace("${ORIGIN}", &origin)
                .replace("$ORIGIN", &origin)
                .into()
        })
        .collect();
    elf.needed
        .iter()
        .map(|name| (name.clone(), run_path.clone()))
        .collect()
}

/// Where the dynamic linker looks for a name without a slash.
fn directories() -> Vec<PathBuf> {
    let variable = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let mut directories: Vec<PathBuf> = std::env::split_paths(&variable)
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    let included = std::fs::read_dir("/etc/ld.so.conf.d")
        .into_iter()
        .flatten()
        .flatten();
    let mut files: Vec<PathBuf> = included.map(|entry| entry.path()).collect();
    files.sort();
    files.insert(0, "/etc/ld.so.conf".into());
    for file in files {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let lines = text.lines().map(str::trim);
        directories.extend(
            lines
                .filter(|line| line.starts_with('/'))
                .map(PathBuf::from),
        );
    }
    let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
    for usual in ["/lib", "/usr/lib"] {
        directories.push(Path::new(usual).join(&triplet));
        directories.push(format!("{usual}64").into());
        directories.push(usual.into());
    }
    directories
}
