//! What a new program needs, put together before it is started.
//!
//! Between the birth of the child and its `exec` nothing may be allocated: all
//! texts are C strings by then, and all arrays end in a null pointer.

use std::ffi::{CString, OsStr, c_char};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use portwright_driver::ProgramOptions;
use rustix::io::Errno;

pub(super) struct Plan {
    pub(super) file: CString,
    pub(super) argv: CStrings,
    pub(super) envp: CStrings,
    pub(super) directory: Option<CString>,
    /// What is printed when the directory cannot be entered (P-111).
    pub(super) directory_complaint: Vec<u8>,
    /// Which of our descriptors becomes which of the program's. Ours are all
    /// larger than 4.
    pub(super) descriptors: Vec<(RawFd, RawFd)>,
    /// The program talks on descriptors 3 and 4.
    pub(super) nouse_stdio: bool,
}

/// An array of C strings, as `execve` takes it.
pub(super) struct CStrings {
    /// Owns what the pointers point to.
    _texts: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl CStrings {
    fn new(texts: Vec<CString>) -> Self {
        let pointers = texts
            .iter()
            .map(|text| text.as_ptr())
            .chain([std::ptr::null()])
            .collect();
        Self {
            _texts: texts,
            pointers,
        }
    }

    /// Ends in a null pointer; valid as long as `self` is.
    pub(super) fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}

impl Plan {
    /// A plan without descriptors. Texts with a NUL inside are refused by `open_port`
    /// before; should one get here it is `EINVAL`.
    pub(super) fn new(
        file: &Path,
        argv: impl IntoIterator<Item = CString>,
        program: &ProgramOptions,
    ) -> Result<Self, Errno> {
        let envp: Result<Vec<CString>, Errno> = program
            .environment
            .iter()
            .map(|(name, value)| text(&[name.as_bytes(), b"=", value.as_bytes()].concat()))
            .collect();
        let directory = program
            .directory
            .as_ref()
            .map(|directory| directory.as_os_str());
        Ok(Self {
            file: text(file.as_os_str().as_bytes())?,
            argv: CStrings::new(argv.into_iter().collect()),
            envp: CStrings::new(envp?),
            directory: directory
                .map(|directory| text(directory.as_bytes()))
                .transpose()?,
            directory_complaint: [
                b"spawn: Could not cd to ",
                directory.unwrap_or(OsStr::new("")).as_bytes(),
                b"\r\n",
            ]
            .concat(),
            descriptors: Vec::new(),
            nouse_stdio: program.nouse_stdio,
        })
    }
}

pub(super) fn text(bytes: &[u8]) -> Result<CString, Errno> {
    CString::new(bytes).map_err(|_| Errno::INVAL)
}
