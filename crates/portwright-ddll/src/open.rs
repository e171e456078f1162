//! From a file to a [`LoadedDriver`]: open, ask for the entry, check it, run `init`.
#![allow(unsafe_code, reason = "runs driver_init and reads the entry")]

use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;
use std::path::Path;
use std::ptr;
use std::sync::{Arc, Weak};

use portwright::WeakNode;
use portwright_driver_abi::{
    DRIVER_INIT_SYMBOLS, DriverInit, ENTRY_SIZE_BEFORE_3_2, ERL_DRV_EXTENDED_MAJOR_VERSION,
    ERL_DRV_EXTENDED_MARKER, ERL_DRV_EXTENDED_MINOR_VERSION,
    ERL_DRV_MIN_REQUIRED_MAJOR_VERSION_ON_LOAD, ErlDrvEntry,
};

use crate::context;
use crate::elf::is_truncated;
use crate::error::{DdllError, code_of};
use crate::inspect::{DriverDescription, callback_names, flag_names};
use crate::load::{Library, provide_functions};
use crate::loaded::{Entry, Idle, LoadedDriver};

/// A driver's file after its entry was read, before `init`.
struct Opened {
    library: Library,
    entry: ErlDrvEntry,
    address: usize,
}

/// Loads `file`, which must hold the driver `name`. Whatever fails, nothing is left open.
pub(crate) fn open_driver(
    file: &Path,
    name: &str,
    node: &WeakNode,
    idle: Weak<dyn Idle>,
) -> Result<Arc<LoadedDriver>, DdllError> {
    provide_functions()?;
    context::on_behalf_of(node, || {
        let opened = open(file, name)?;
        let failed = opened.entry.init.is_some_and(|init| {
            // SAFETY: the library is open; `init` takes nothing.
            unsafe { init() != 0 }
        });
        if failed {
            opened.close();
            return Err(DdllError::DriverInitFailed { name: name.into() });
        }
        let entry = Entry::new(opened.entry);
        let library = Some(opened.library);
        let mut driver =
            LoadedDriver::new(name.to_owned(), entry, node.clone(), library, Some(idle));
        if let Some(driver) = Arc::get_mut(&mut driver) {
            driver.entry_address = opened.address;
        }
        Ok(driver)
    })
}

impl Opened {
    fn close(self) {
        // SAFETY: the driver was not registered, so nobody else has seen it, and its functions have returned.
        unsafe { self.library.close() };
    }
}

fn open(file: &Path, name: &str) -> Result<Opened, DdllError> {
    let shown = file.display().to_string();
    let library = open_library(file)?;
    let checked = read(&library, &shown, name);
    match checked {
        Ok((entry, address)) => Ok(Opened {
            library,
            entry,
            address,
        }),
        Err(error) => {
            // SAFETY: nothing of the library is used any more.
            unsafe { library.close() };
            Err(error)
        }
    }
}

/// Maps the file and runs its initialisers.
fn open_library(file: &Path) -> Result<Library, DdllError> {
    let shown = file.display().to_string();
    let error = |text: &str| DdllError::Open {
        file: shown.clone(),
        text: text.to_owned(),
        code: code_of(text),
    };
    // The dynamic linker maps what the headers promise and looks then: a page that has no file behind it would end this
    // process.
    if is_truncated(file) {
        return Err(error("file too short"));
    }
    // SAFETY: that it is a driver which may run here is the word of whoever loads it; see `Ddll::load`.
    unsafe { Library::open(file) }.map_err(|text| {
        // OTP leaves out the name of the file, so that one text has one code (L-9.1).
        let text = text
            .strip_prefix(&*shown)
            .map_or(&*text, |rest| rest.strip_prefix(": ").unwrap_or(rest));
        error(text)
    })
}

/// The entry of the driver in `file`, in words. The library is closed again, and `init` does not run.
pub(crate) fn describe(file: &Path) -> Result<DriverDescription, DdllError> {
    provide_functions()?;
    // A name without a slash would be looked for among the system's libraries.
    let file = &Path::new(".").join(file);
    let library = open_library(file)?;
    let shown = file.display().to_string();
    let described = ask(&library, &shown, &shown).map(|entry| {
        let Head {
            version,
            is_supported,
            name,
        } = head_of(entry);
        let entry = match version {
            Some(version) if is_supported => copy_of(entry, version),
            _ => ErlDrvEntry::EMPTY,
        };
        DriverDescription {
            name,
            version,
            is_supported,
            flags: flag_names(entry.driver_flags),
            callbacks: callback_names(&entry),
        }
    });
    // SAFETY: what was read of the library has been copied.
    unsafe { library.close() };
    described
}

/// Calls `driver_init` and checks the entry that it returns, in the order of driver_abi.md section 11.
fn read(library: &Library, file: &str, name: &str) -> Result<(ErlDrvEntry, usize), DdllError> {
    let entry = ask(library, file, name)?;
    let head = head_of(entry);
    let version = head.version.unwrap_or((0, 0));
    if !head.is_supported {
        return Err(DdllError::IncorrectVersion {
            name: name.into(),
            major: version.0,
            minor: version.1,
        });
    }
    if head.name != name {
        return Err(DdllError::BadDriverName {
            name: name.into(),
            found: head.name,
        });
    }
    Ok((copy_of(entry, version), entry.addr()))
}

/// Calls `driver_init`. The entry, which is not null, stays the library's while it is open.
fn ask(library: &Library, file: &str, name: &str) -> Result<*mut ErlDrvEntry, DdllError> {
    let init = find_init(library, file)?;
    // SAFETY: the symbol has the type that DRIVER_INIT of erl_driver.h gives it.
    let init = unsafe { std::mem::transmute::<*mut c_void, DriverInit>(init) };
    // SAFETY: `driver_init` takes nothing and the library is open.
    let entry = unsafe { init() };
    if entry.is_null() {
        return Err(DdllError::DriverInitFailed { name: name.into() });
    }
    Ok(entry)
}

/// What every version of an entry has.
struct Head {
    /// Nothing without the marker, before which there were no versions.
    version: Option<(i32, i32)>,
    is_supported: bool,
    name: String,
}

/// Reads an entry that [`ask`] has returned.
fn head_of(entry: *mut ErlDrvEntry) -> Head {
    // SAFETY: every version of the struct has these fields; the entry is the library's and stays while it is open.
    let (marker, major, minor, driver_name) = unsafe {
        (
            (&raw const (*entry).extended_marker).read(),
            (&raw const (*entry).major_version).read(),
            (&raw const (*entry).minor_version).read(),
            (&raw const (*entry).driver_name).read(),
        )
    };
    let version = (marker == ERL_DRV_EXTENDED_MARKER).then_some((major, minor));
    let newest = (
        ERL_DRV_EXTENDED_MAJOR_VERSION,
        ERL_DRV_EXTENDED_MINOR_VERSION,
    );
    let is_supported = version.is_some_and(|version| {
        major == ERL_DRV_MIN_REQUIRED_MAJOR_VERSION_ON_LOAD
            || major > ERL_DRV_MIN_REQUIRED_MAJOR_VERSION_ON_LOAD && version <= newest
    });
    let name = if driver_name.is_null() {
        String::new()
    } else {
        // SAFETY: the name of an entry is NUL terminated.
        unsafe { CStr::from_ptr(driver_name) }
            .to_string_lossy()
            .into_owned()
    };
    Head {
        version,
        is_supported,
        name,
    }
}

/// A copy of an entry of a supported version.
fn copy_of(entry: *mut ErlDrvEntry, version: (i32, i32)) -> ErlDrvEntry {
    // Older entries end before `emergency_close`.
    let size = if version < (3, 2) {
        ENTRY_SIZE_BEFORE_3_2
    } else {
        size_of::<ErlDrvEntry>()
    };
    let mut copy = MaybeUninit::new(ErlDrvEntry::EMPTY);
    // SAFETY: the entry has `size` bytes, by its version; the copy was initialised and stays so, for every bit pattern
    // of a driver's entry is one of its fields.
    unsafe {
        ptr::copy_nonoverlapping(entry.cast::<u8>(), copy.as_mut_ptr().cast::<u8>(), size);
        copy.assume_init()
    }
}

fn find_init(library: &Library, file: &str) -> Result<*mut c_void, DdllError> {
    for name in DRIVER_INIT_SYMBOLS {
        match library.symbol(name) {
            Ok(symbol) => return Ok(symbol),
            // The texts of failed look-ups take codes too (L-9.1).
            Err(text) => {
                let text = text
                    .strip_prefix(file)
                    .map_or(&*text, |rest| rest.strip_prefix(": ").unwrap_or(rest));
                code_of(text);
            }
        }
    }
    Err(DdllError::NoDriverInit {
        file: file.to_owned(),
        has_nif_init: library.symbol(c"nif_init").is_ok(),
    })
}

/// Runs `finish` and closes the library.
///
/// The caller has closed the driver ([`LoadedDriver::close`]): nothing uses it and nothing will.
pub(crate) fn finish(driver: &LoadedDriver) {
    context::on_behalf_of(&driver.node, || {
        if let Some(finish) = driver.entry.finish {
            // SAFETY: the library is open until the next statement; `finish` takes nothing.
            unsafe { finish() };
        }
    });
    if let Some(library) = &driver.library {
        // SAFETY: no port, job or `stop_select` is left (the count of uses was 0 when the driver was closed), none can
        // begin, and `finish` has returned. What messages and queues hold of the driver's binaries is `malloc`'s.
        unsafe { library.close() };
    }
}
