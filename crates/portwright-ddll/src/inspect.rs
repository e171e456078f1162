//! What can be known about a driver's file: from the file alone, and by asking its `driver_init`.

use std::path::{Path, PathBuf};

use portwright_driver_abi::{
    DRIVER_INIT_SYMBOLS, ERL_DRV_FLAG_NO_BUSY_MSGQ, ERL_DRV_FLAG_SOFT_BUSY,
    ERL_DRV_FLAG_USE_INIT_ACK, ERL_DRV_FLAG_USE_PORT_LOCKING, ErlDrvEntry,
};

use crate::elf::{Elf, ElfError};
use crate::error::DdllError;
use crate::export;
use crate::libraries::Libraries;

/// A driver's file as it tells about itself; nothing of it is run to know this.
///
/// # Examples
///
/// ```
/// use portwright_ddll::{DriverFile, DriverFileError, find_library};
///
/// // The mathematical library is a shared object, but no driver.
/// let libm = find_library("libm.so.6").unwrap();
/// let error = DriverFile::read(&libm).unwrap_err();
/// assert!(matches!(error, DriverFileError::NoDriverInit { is_nif_library: false, .. }));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DriverFile {
    /// The file.
    pub path: PathBuf,
    /// The functions of `erl_driver.h` that it calls, in alphabetical order.
    pub functions: Vec<String>,
    /// What else it calls, in alphabetical order.
    pub other_imports: Vec<String>,
    /// The libraries that it asks for.
    pub libraries: Vec<String>,
    /// Libraries, also indirect ones, that are found nowhere.
    pub missing_libraries: Vec<String>,
    /// Imports that neither Portwright nor a library has: the driver cannot be loaded.
    pub missing: Vec<String>,
}

/// Why a file is no driver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DriverFileError {
    /// It is no shared object for this machine.
    #[error("{} is no Erlang driver: {source}", path.display())]
    Elf {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ElfError,
    },
    /// It is a shared object without `driver_init`.
    #[error(
        "{} is no Erlang driver: it has no driver_init (no_driver_init){}", path.display(), nif_hint(*is_nif_library)
    )]
    NoDriverInit {
        /// The file.
        path: PathBuf,
        /// It has `nif_init`.
        is_nif_library: bool,
    },
}

pub(crate) fn nif_hint(is_nif_library: bool) -> &'static str {
    if is_nif_library {
        "; it is a NIF library, which only the BEAM can load"
    } else {
        ""
    }
}

impl DriverFile {
    /// Reads a file. None of its code runs.
    ///
    /// # Errors
    ///
    /// See [`DriverFileError`].
    pub fn read(path: impl AsRef<Path>) -> Result<DriverFile, DriverFileError> {
        let path = path.as_ref();
        let elf = Elf::read(path).map_err(|source| DriverFileError::Elf {
            path: path.to_owned(),
            source,
        })?;
        let defines = |name: &str| {
            let mut symbols = elf.symbols.iter();
            symbols.any(|symbol| symbol.is_defined && symbol.name == name)
        };
        if !DRIVER_INIT_SYMBOLS
            .iter()
            .any(|name| name.to_str().is_ok_and(&defines))
        {
            return Err(DriverFileError::NoDriverInit {
                path: path.to_owned(),
                is_nif_library: defines("nif_init"),
            });
        }
        let mut libraries = Libraries::default();
        let missing_libraries = libraries.add_needs_of(path, &elf);
        // What is in this process already counts too.
        let program = Path::new("/proc/self/exe");
        if let Ok(own) = Elf::read(program) {
            libraries.add_needs_of(program, &own);
        }
        let ours = export::symbols();
        let is_ours = |name: &str| ours.iter().any(|symbol| symbol.name == name);
        let mut file = DriverFile {
            path: path.to_owned(),
            functions: Vec::new(),
            other_imports: Vec::new(),
            libraries: elf.needed.clone(),
            missing_libraries,
            missing: Vec::new(),
        };
        for symbol in elf.symbols.iter().filter(|symbol| !symbol.is_defined) {
            let name = symbol.name.clone();
            if is_ours(&name) {
                file.functions.push(name);
                continue;
            }
            // Weak symbols may stay undefined; every C compiler leaves some in.
            if !symbol.is_weak && !libraries.have(&name) {
                file.missing.push(name.clone());
            }
            file.other_imports.push(name);
        }
        for names in [
            &mut file.functions,
            &mut file.other_imports,
            &mut file.missing,
        ] {
            names.sort();
            names.dedup();
        }
        Ok(file)
    }

    /// Whether everything that the driver asks for is there.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.missing_libraries.is_empty()
    }

    /// Loads the file, asks its `driver_init`, and closes it again.
    ///
    /// # Errors
    ///
    /// See [`DdllError`]. The versions are told, not judged.
    ///
    /// # What this runs
    ///
    /// The file's initialisers and `driver_init`, which are foreign code in this process; not the driver's `init`. If the
    /// driver is loaded in this process its `driver_init` runs once more.
    /// # Examples
    ///
    /// ```
    /// use portwright_ddll::DriverFile;
    ///
    /// # let Ok(directory) = test_drivers::swiss("swissp") else { return Ok(()) };
    /// let file = DriverFile::read(directory.join("swissp.so"))?;
    /// assert!(file.is_complete() && file.functions.contains(&"driver_output".to_owned()));
    /// let description = file.describe()?;
    /// assert_eq!(description.name, "swissp");
    /// assert_eq!(description.flags, ["USE_PORT_LOCKING"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn describe(&self) -> Result<DriverDescription, DdllError> {
        crate::open::describe(&self.path)
    }
}

/// What a driver says about itself: the entry that its `driver_init` returns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DriverDescription {
    /// Its name, by which ports are opened.
    pub name: String,
    /// Major and minor version of the header it was compiled with; `None` if the entry carries none.
    pub version: Option<(i32, i32)>,
    /// Whether drivers of this version can be loaded. Of others only name and version are known.
    pub is_supported: bool,
    /// The names of its flags without `ERL_DRV_FLAG_`, such as `USE_PORT_LOCKING`.
    pub flags: Vec<&'static str>,
    /// The callbacks that it has.
    pub callbacks: Vec<&'static str>,
}

/// The flags of an entry by name.
pub(crate) fn flag_names(flags: i32) -> Vec<&'static str> {
    let all = [
        (ERL_DRV_FLAG_USE_PORT_LOCKING, "USE_PORT_LOCKING"),
        (ERL_DRV_FLAG_SOFT_BUSY, "SOFT_BUSY"),
        (ERL_DRV_FLAG_NO_BUSY_MSGQ, "NO_BUSY_MSGQ"),
        (ERL_DRV_FLAG_USE_INIT_ACK, "USE_INIT_ACK"),
    ];
    let set = all.into_iter().filter(|(flag, _)| flags & flag != 0);
    set.map(|(_, name)| name).collect()
}

/// The callbacks of an entry by name, in the order of driver_entry(3).
pub(crate) fn callback_names(entry: &ErlDrvEntry) -> Vec<&'static str> {
    let all = [
        (entry.init.is_some(), "init"),
        (entry.start.is_some(), "start"),
        (entry.stop.is_some(), "stop"),
        (entry.output.is_some(), "output"),
        (entry.ready_input.is_some(), "ready_input"),
        (entry.ready_output.is_some(), "ready_output"),
        (entry.finish.is_some(), "finish"),
        (entry.control.is_some(), "control"),
        (entry.timeout.is_some(), "timeout"),
        (entry.outputv.is_some(), "outputv"),
        (entry.ready_async.is_some(), "ready_async"),
        (entry.flush.is_some(), "flush"),
        (entry.call.is_some(), "call"),
        (entry.process_exit.is_some(), "process_exit"),
        (entry.stop_select.is_some(), "stop_select"),
        (entry.emergency_close.is_some(), "emergency_close"),
    ];
    let set = all.into_iter().filter(|(is_set, _)| *is_set);
    set.map(|(_, name)| name).collect()
}
