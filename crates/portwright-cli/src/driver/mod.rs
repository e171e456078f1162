//! `portwright driver`: compiled drivers, looked into and talked with.

mod conversation;
mod info;
mod request;

use std::path::{Path, PathBuf};

use portwright_ddll::{DriverFile, DriverFileError, ElfError};

use crate::arguments::{DriverArguments, DriverCommand};
use crate::complaint::Failure;
use crate::run::{NOT_EXECUTABLE, NOT_FOUND};

/// Runs a subcommand.
pub(crate) fn driver(arguments: &DriverArguments) -> Result<u8, Failure> {
    match &arguments.command {
        DriverCommand::Info(arguments) => info::info(arguments),
        DriverCommand::Run(arguments) => conversation::run(arguments),
    }
}

/// Reads the file of a driver.
fn read(path: &Path) -> Result<DriverFile, Failure> {
    DriverFile::read(path).map_err(|error| {
        if let DriverFileError::Elf {
            source: source @ ElfError::Read(kind, _),
            ..
        } = &error
        {
            return Failure {
                message: format!("cannot read {}: {source}", path.display()),
                code: match kind {
                    std::io::ErrorKind::NotFound => NOT_FOUND,
                    _ => NOT_EXECUTABLE,
                },
            };
        }
        cannot_load(error)
    })
}

/// A file that there is and that is no driver which can be loaded.
fn cannot_load(error: impl std::fmt::Display) -> Failure {
    Failure {
        message: error.to_string(),
        code: NOT_EXECUTABLE,
    }
}

/// What is missing of a driver, in words; nothing if it is complete.
fn missing(file: &DriverFile) -> Option<String> {
    let list = |names: &[String]| {
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(", ")
    };
    let path = file.path.display();
    if !file.missing_libraries.is_empty() {
        return Some(format!(
            "{path} cannot be loaded: it needs {}, which is not found; is a package not installed, or a directory missing in LD_LIBRARY_PATH?",
            list(&file.missing_libraries)
        ));
    }
    if !file.missing.is_empty() {
        return Some(format!(
            "{path} cannot be loaded: nobody has {}; is a library not linked to the driver, or is it made for another emulator?",
            list(&file.missing)
        ));
    }
    None
}

/// A file as it is typed: a name without a slash may be one of the system's libraries.
fn find(path: &Path) -> PathBuf {
    let is_name = path
        .parent()
        .is_some_and(|parent| parent.as_os_str().is_empty());
    if is_name
        && !path.exists()
        && let Some(found) = path.to_str().and_then(portwright_ddll::find_library)
    {
        return found;
    }
    path.to_owned()
}
