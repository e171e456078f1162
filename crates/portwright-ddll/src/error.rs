//! Why a driver was not loaded or unloaded, and what OTP calls that.

use parking_lot::Mutex;
use portwright::{Atom, Term};

use crate::inspect::nif_hint;
use crate::load::ProvideError;

/// Why an operation on loaded drivers failed.
///
/// [`to_term`](Self::to_term) is what Erlang sees in `{error,_}`.
///
/// # Source
///
/// erl_ddll(3); L-9.3.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DdllError {
    /// The dynamic linker could not open the file (`{open_error,Code}`).
    #[error("cannot load {file}: {text}{}", hint(text))]
    Open {
        /// The file.
        file: String,
        /// What the dynamic linker says, without the name of the file.
        text: String,
        /// The number that stands for this text in this process.
        code: i32,
    },
    /// The file is a library, but no driver.
    #[error("{file} is no Erlang driver: it has no driver_init (no_driver_init){}", nif_hint(*has_nif_init))]
    NoDriverInit {
        /// The file.
        file: String,
        /// It has `nif_init`.
        has_nif_init: bool,
    },
    /// `driver_init` returned null, or `init` something else than 0.
    #[error("the driver {name:?} failed to initialise (driver_init_failed)")]
    DriverInitFailed {
        /// The driver.
        name: String,
    },
    /// The file's driver has another name.
    #[error("the file of the driver {name:?} holds a driver named {found:?} (bad_driver_name)")]
    BadDriverName {
        /// The name that was asked for.
        name: String,
        /// The name in the driver's entry.
        found: String,
    },
    /// The driver was compiled for another version of the interface.
    #[error(
        "the driver {name:?} is for version {major}.{minor} of erl_driver.h; 2.x and 3.0 to 3.3 can be loaded (driver_incorrect_version)"
    )]
    IncorrectVersion {
        /// The driver.
        name: String,
        /// The major version in its entry, 0 if the entry carries none.
        major: i32,
        /// The minor version.
        minor: i32,
    },
    /// The name is that of a driver that is part of the program.
    #[error(
        "the driver {0:?} is part of the program and cannot be loaded or unloaded (linked_in_driver)"
    )]
    LinkedIn(String),
    /// The driver has made itself permanent.
    #[error("the driver {0:?} is permanent and cannot be loaded again or unloaded (permanent)")]
    Permanent(String),
    /// The driver is loaded from another path, or with other options.
    #[error("the driver {0:?} is loaded from another path or with other options (inconsistent)")]
    Inconsistent(String),
    /// No such driver is loaded.
    #[error("no driver named {0:?} is loaded (not_loaded)")]
    NotLoaded(String),
    /// Only others have loaded the driver.
    #[error("the driver {0:?} was loaded by others (not_loaded_by_this_process)")]
    NotLoadedByThisProcess(String),
    /// The driver is about to be reloaded.
    #[error("the driver {0:?} is about to be reloaded (pending_reload)")]
    PendingReload(String),
    /// Others have loaded the driver too.
    #[error("the driver {0:?} is in use by others (pending_process)")]
    PendingProcess(String),
    /// A pending load was taken back.
    #[error("the load of the driver {0:?} was cancelled (load_cancelled)")]
    LoadCancelled(String),
    /// A pending load failed.
    #[error("the driver {name:?} could not be loaded again, and is gone: {error}")]
    LoadFailed {
        /// The driver.
        name: String,
        /// Why, in Erlang's words.
        error: String,
        /// Why, as a term.
        term: Term,
    },
    /// Drivers cannot be loaded into this process at all.
    #[error(transparent)]
    Provide(#[from] ProvideError),
    /// The node is gone.
    #[error("the node has halted")]
    NodeHalted,
}

fn hint(text: &str) -> &'static str {
    if text.contains("undefined symbol") {
        "; is the library that has it linked to the driver, or is the driver made for another emulator?"
    } else if text.contains("wrong ELF class") || text.contains("file too short") {
        "; is it a complete shared object for this machine?"
    } else {
        ""
    }
}

impl DdllError {
    /// What Erlang sees: an atom, or `{open_error,Code}`.
    pub fn to_term(&self) -> Term {
        let atom = match self {
            Self::Open { code, .. } => {
                return Term::tuple([Term::atom("open_error"), Term::from(i64::from(*code))]);
            }
            Self::LoadFailed { term, .. } => return term.clone(),
            Self::NoDriverInit { .. } => "no_driver_init",
            Self::DriverInitFailed { .. } => "driver_init_failed",
            Self::BadDriverName { .. } => "bad_driver_name",
            Self::IncorrectVersion { .. } => "driver_incorrect_version",
            Self::LinkedIn(_) => "linked_in_driver",
            Self::Permanent(_) => "permanent",
            Self::Inconsistent(_) => "inconsistent",
            Self::NotLoaded(_) => "not_loaded",
            Self::NotLoadedByThisProcess(_) => "not_loaded_by_this_process",
            Self::PendingReload(_) => "pending_reload",
            Self::PendingProcess(_) => "pending_process",
            Self::LoadCancelled(_) => "load_cancelled",
            Self::Provide(_) | Self::NodeHalted => "no_ddll_available",
        };
        Term::atom(atom)
    }
}

/// Texts of the dynamic linker, by the code that stands for them: `-10 - index` (L-9.1).
static TEXTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
const FIRST_CODE: i32 = -10;

/// Texts that are kept; a host that tries a million different files must not grow for ever.
const MOST_TEXTS: usize = 4096;

/// The code of a text: the same for the same text.
pub(crate) fn code_of(text: &str) -> i32 {
    let mut texts = TEXTS.lock();
    let index = texts
        .iter()
        .position(|known| known == text)
        .unwrap_or_else(|| {
            if texts.len() < MOST_TEXTS {
                texts.push(text.to_owned());
            }
            texts.len() - 1
        });
    FIRST_CODE - i32::try_from(index).unwrap_or(0)
}

/// The text of a code, as `erl_ddll:format_error({open_error,Code})` has it (L-9.2).
pub(crate) fn text_of(code: i64) -> String {
    let index = usize::try_from(i64::from(FIRST_CODE) - code).ok();
    let text = index.and_then(|index| TEXTS.lock().get(index).cloned());
    text.unwrap_or_else(|| {
        match code {
            0 => "No error",
            1.. => "Unspecified error",
            _ => "Unknown dlload error",
        }
        .into()
    })
}

/// What `erl_ddll:format_error/1` says of an atom (L-9.3); `None` for others.
pub(crate) fn text_of_atom(atom: Atom) -> Option<&'static str> {
    Some(match atom.as_str() {
        "inconsistent" => {
            "Driver name and/or driver options are inconsistent with currently loaded driver"
        }
        "linked_in_driver" => "Driver is statically linked and cannot be loaded/unloaded",
        "permanent" => "DDLL driver is permanent an cannot be unloaded/loaded",
        "not_loaded" => "DDLL driver is not loaded",
        "not_loaded_by_this_process" => "DDLL driver was not loaded by this process",
        "not_pending" => "DDLL load not pending for this driver name",
        "already_loaded" => "DDLL driver is already loaded successfully",
        "pending_reload" => "Driver reloading is already pending",
        "pending_process" => {
            "Driver is loaded by others when attempting option {reload, pending_driver}"
        }
        "load_cancelled" => "Loading was cancelled from other process",
        "no_error" => "No error",
        "no_driver_init" => "No driver init in dynamic library",
        "driver_init_failed" => "Driver init failed",
        "bad_driver_name" => "Bad driver name",
        "driver_name_to_long" => "Driver name to long",
        "driver_incorrect_version" => "Driver compiled with incorrect version of erl_driver.h",
        "no_ddll_available" => "DDLL functionality not available on this platform",
        "unspecified_error" => "Unspecified dynamic library error",
        "symbol_not_found" => "Symbol not found in dynamic library",
        _ => return None,
    })
}
