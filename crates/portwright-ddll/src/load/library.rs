//! A driver's shared object.
#![allow(unsafe_code, reason = "dlopen and what belongs to it")]

use std::ffi::{CStr, CString, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use parking_lot::Mutex;

/// An open shared object; closed by [`close`](Self::close) and not when dropped: who drops it need not know whether
/// its code is still in use.
pub(crate) struct Library {
    handle: Mutex<Option<Handle>>,
}

#[derive(Clone, Copy)]
struct Handle(*mut c_void);

// SAFETY: the handle of `dlopen` may be used by every thread; glibc and musl lock inside.
unsafe impl Send for Handle {}

impl Library {
    /// Opens a file and resolves all of its symbols. The error is what `dlerror` says.
    ///
    /// # Safety
    ///
    /// The file's initialisers run. It must be a driver that may run in this process.
    pub(crate) unsafe fn open(path: &Path) -> Result<Library, String> {
        let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
            return Err("cannot open shared object file: the name has a NUL in it".into());
        };
        // SAFETY: the path is NUL terminated; initialisers are the caller's concern.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() {
            return Err(last_error());
        }
        Ok(Library {
            handle: Mutex::new(Some(Handle(handle))),
        })
    }

    /// The address of a symbol, or what `dlerror` says.
    pub(crate) fn symbol(&self, name: &CStr) -> Result<*mut c_void, String> {
        let handle = self.handle.lock();
        let Some(Handle(handle)) = *handle else {
            return Err("the library is closed".into());
        };
        // SAFETY: the handle is open while its lock is held; the name is NUL terminated.
        let address = unsafe { libc::dlsym(handle, name.as_ptr()) };
        if address.is_null() {
            Err(last_error())
        } else {
            Ok(address)
        }
    }

    /// Closes the library. Its code may be unmapped when this returns.
    ///
    /// # Safety
    ///
    /// Nothing of its code or data is used from now on.
    pub(crate) unsafe fn close(&self) {
        if let Some(Handle(handle)) = self.handle.lock().take() {
            // SAFETY: the handle came from `dlopen` and was taken out, so it is closed once; its code is the
            // caller's concern.
            unsafe { libc::dlclose(handle) };
        }
    }
}

/// What `dlerror` has to say to this thread.
pub(crate) fn last_error() -> String {
    // SAFETY: the text, if any, is NUL terminated and stays until the next call on this thread.
    unsafe {
        let text = libc::dlerror();
        if text.is_null() {
            "unknown error".into()
        } else {
            CStr::from_ptr(text).to_string_lossy().into_owned()
        }
    }
}
