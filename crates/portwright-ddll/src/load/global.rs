//! Puts our functions where the dynamic linker finds them for drivers.
//!
//! What the linker leaves to us: the image stays open for ever, and its file descriptor too. (glibc matches libraries
//! by path first: after closing descriptor 4, another memfd with that number would be taken for this library.)
#![allow(unsafe_code, reason = "dlopen and what belongs to it")]

use std::ffi::{CStr, CString, c_void};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::sync::OnceLock;

use super::image::{self, SYMBOL, Symbol};
use super::last_error;
use crate::export;

/// Why the functions of `erl_driver.h` could not be provided to drivers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProvideError {
    /// No memory file and no temporary file could be made.
    #[error(
        "cannot make a file for the table of driver functions: {0}; is there a writable temporary directory?"
    )]
    File(String),
    /// The dynamic linker refused our table.
    #[error("the dynamic linker refused the table of driver functions: {0}")]
    Open(String),
    /// The name leads elsewhere: the executable, or another library in this process, has functions of that name.
    #[error(
        "another `{0}` is in this process (from the executable or a preloaded library) and would be used by drivers"
    )]
    Foreign(&'static str),
}

/// Makes the functions visible to drivers, once per process.
pub(crate) fn provide_functions() -> Result<(), ProvideError> {
    static PROVIDED: OnceLock<Result<(), ProvideError>> = OnceLock::new();
    PROVIDED.get_or_init(provide).clone()
}

fn provide() -> Result<(), ProvideError> {
    let symbols = export::symbols();
    let (bytes, symbols_at) = image::build(&symbols);
    let handle = open(&bytes)?;
    if find(handle, &symbols[0]) != symbols[0].address {
        rewrite(handle, symbols_at, &symbols);
    }
    for symbol in &symbols {
        if find(handle, symbol) != symbol.address {
            return Err(ProvideError::Open(format!(
                "`{}` has a wrong address",
                symbol.name
            )));
        }
        // `RTLD_DEFAULT` searches as drivers do: the executable and preloaded libraries first.
        if find(libc::RTLD_DEFAULT, symbol) != symbol.address {
            return Err(ProvideError::Foreign(symbol.name));
        }
    }
    Ok(())
}

fn find(handle: *mut c_void, symbol: &Symbol) -> usize {
    let name = CString::new(symbol.name).expect("names of functions have no NUL");
    // SAFETY: `handle` is `RTLD_DEFAULT` or came from `dlopen` and is never closed; the name is NUL terminated.
    unsafe { libc::dlsym(handle, name.as_ptr()) as usize }
}

/// Opens the image from a memory file, or from a temporary file where there is no `/proc`.
fn open(bytes: &[u8]) -> Result<*mut c_void, ProvideError> {
    let as_file = |error: io::Error| ProvideError::File(error.to_string());
    if let Ok(mut file) = memory_file(c"portwright-driver-functions") {
        file.write_all(bytes).map_err(as_file)?;
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        if let Ok(handle) = open_path(&path) {
            // Stays open for ever; see the module.
            std::mem::forget(file);
            return Ok(handle);
        }
    }
    let path = std::env::temp_dir().join(format!(
        "portwright-driver-functions-{}-{:x}.so",
        std::process::id(),
        std::ptr::from_ref(bytes).cast::<u8>() as usize
    ));
    let mut options = File::options();
    let mut file = options
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(as_file)?;
    file.write_all(bytes).map_err(as_file)?;
    let opened = open_path(&path.to_string_lossy());
    // The mapping needs no name.
    let _ = std::fs::remove_file(&path);
    opened
}

fn open_path(path: &str) -> Result<*mut c_void, ProvideError> {
    let path = CString::new(path).map_err(|error| ProvideError::File(error.to_string()))?;
    // SAFETY: the path is NUL terminated. The image has no code, so opening it runs none.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    if handle.is_null() {
        Err(ProvideError::Open(last_error()))
    } else {
        Ok(handle)
    }
}

pub(super) fn memory_file(name: &CStr) -> io::Result<File> {
    // SAFETY: the name is NUL terminated.
    let fd = unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new and nobody else has it.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// For C libraries that add the load address to absolute symbols too (musl): makes the symbols relative to it.
fn rewrite(handle: *mut c_void, symbols_at: usize, symbols: &[Symbol]) {
    /// The public head of glibc's and musl's `struct link_map`.
    #[repr(C)]
    struct LinkMap {
        load_address: usize,
        name: *const libc::c_char,
        dynamic: *const c_void,
        next: *const c_void,
        previous: *const c_void,
    }
    let mut map: *const LinkMap = std::ptr::null();
    // SAFETY: the handle is open; `RTLD_DI_LINKMAP` stores one pointer through its argument.
    let found = unsafe {
        libc::dlinfo(
            handle,
            libc::RTLD_DI_LINKMAP,
            std::ptr::from_mut(&mut map).cast(),
        )
    };
    if found != 0 || map.is_null() {
        return;
    }
    // SAFETY: the pointer is the link map of a library that is never closed.
    let base = unsafe { (*map).load_address };
    for (index, symbol) in symbols.iter().enumerate() {
        let entry = base + symbols_at + (index + 1) * SYMBOL;
        // SAFETY: the image is mapped at `base`, privately and writable (its one segment says so), and the symbol
        // table lies at `symbols_at` in it, 8-byte aligned. No other thread looks symbols up in it before
        // `provide` has returned: drivers are opened afterwards.
        unsafe {
            std::ptr::with_exposed_provenance_mut::<u16>(entry + 6).write(1);
            std::ptr::with_exposed_provenance_mut::<u64>(entry + 8)
                .write(symbol.address.wrapping_sub(base) as u64);
        }
    }
}
