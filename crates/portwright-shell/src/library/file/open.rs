//! Open files: `file:open/2` and what reads and writes them.
//!
//! A file is an operating system file in the host program, named by a
//! `{file_descriptor, ...}` tuple as OTP's raw files are. It closes when the
//! process that opened it ends.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use portwright_term::{Pid, Reference, Term};

use super::{answer, bad_name};
use crate::library::argument::{
    Answer, atom, atom_text, binary_term, count, elements, error_tuple, io_bytes, is_atom, ok,
    ok_tuple,
};
use crate::library::path::path;
use crate::library::posix;
use crate::native::{Call, Native, NativeModule};

/// What this file registers.
pub(crate) const HANDLES: NativeModule = NativeModule::new(
    "file",
    &[
        Native::new("open", 2, open),
        Native::new("close", 1, close),
        Native::new("read", 2, read),
        Native::new("read_line", 1, read_line_function),
        Native::new("write", 2, write_function),
        Native::new("position", 2, position),
        Native::new("pread", 3, pread),
        Native::new("pwrite", 3, pwrite),
        Native::new("truncate", 1, truncate),
        Native::new("sync", 1, sync),
        Native::new("datasync", 1, sync),
    ],
);

struct OpenFile {
    file: File,
    owner: Pid,
    binary: bool,
    writable: bool,
    readable: bool,
    /// Bytes read from the system and not yet given out, from the back.
    ahead: Vec<u8>,
}

impl OpenFile {
    /// Forgets what was read ahead and puts the file where the reader thinks it is.
    fn settle(&mut self) -> io::Result<()> {
        if !self.ahead.is_empty() {
            let back = i64::try_from(self.ahead.len()).unwrap_or(0);
            self.ahead.clear();
            self.file.seek(SeekFrom::Current(-back))?;
        }
        Ok(())
    }

    fn data(&self, bytes: Vec<u8>) -> Term {
        if self.binary {
            binary_term(bytes)
        } else {
            Term::bytes_list(&bytes)
        }
    }

    fn read(&mut self, n: usize) -> io::Result<Vec<u8>> {
        let mut bytes = std::mem::take(&mut self.ahead);
        if bytes.len() > n {
            self.ahead = bytes.split_off(n);
            return Ok(bytes);
        }
        let wanted = u64::try_from(n - bytes.len()).unwrap_or(u64::MAX);
        (&mut self.file).take(wanted).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn read_line(&mut self) -> io::Result<Vec<u8>> {
        let mut buffer = [0; 4096];
        let mut searched = 0;
        loop {
            if let Some(at) = self.ahead[searched..].iter().position(|b| *b == b'\n') {
                let rest = self.ahead.split_off(searched + at + 1);
                return Ok(std::mem::replace(&mut self.ahead, rest));
            }
            searched = self.ahead.len();
            match self.file.read(&mut buffer)? {
                0 => return Ok(std::mem::take(&mut self.ahead)),
                n => self.ahead.extend_from_slice(&buffer[..n]),
            }
        }
    }
}

#[derive(Default)]
struct OpenFiles(Mutex<HashMap<Reference, OpenFile>>);

impl OpenFiles {
    fn lock(&self, call: &Call) -> MutexGuard<'_, HashMap<Reference, OpenFile>> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let node = call.system().node();
        let own = call.pid();
        files.retain(|_, file| file.owner == own || node.is_alive(file.owner));
        files
    }
}

/// The reference inside of a file's term.
fn reference(device: &Term) -> Option<&Reference> {
    match device.as_tuple() {
        Some([tag, _, data]) if is_atom(tag, "file_descriptor") => {
            data.as_map()?.get(&atom("handle"))?.as_reference()
        }
        _ => None,
    }
}

/// Does something with an open file; `{error, einval}` when it is closed.
fn with_file(
    call: &mut Call,
    device: &Term,
    action: impl FnOnce(&mut OpenFile) -> io::Result<Term>,
) -> Answer {
    let Some(reference) = reference(device) else {
        return Ok(error_tuple(atom("badarg")));
    };
    let files = call.system().shared::<OpenFiles>();
    let mut files = files.lock(call);
    Ok(match files.get_mut(reference) {
        Some(file) => answer(action(file)),
        None => error_tuple(atom("einval")),
    })
}

fn open(call: &mut Call, args: &[Term]) -> Answer {
    let Some(name) = path(&args[0]) else {
        return Ok(bad_name());
    };
    let modes = match elements(&args[1]) {
        Some(modes) => modes,
        None if args[1].is_atom() => vec![args[1].clone()],
        None => return Ok(bad_name()),
    };
    let has = |mode: &str| modes.iter().any(|m| is_atom(m, mode));
    let append = has("append");
    let exclusive = has("exclusive");
    let write = has("write") || append || exclusive;
    let read = has("read") || !write;
    let mut options = OpenOptions::new();
    options.read(read);
    if append {
        options.append(true).create(true);
    } else if write {
        options.write(true).create(true).truncate(!read);
    }
    if exclusive {
        options.create_new(true);
    }
    let opened = options.open(&name).and_then(|file| {
        if file.metadata()?.is_dir() {
            Err(io::Error::from(rustix::io::Errno::ISDIR))
        } else {
            Ok(file)
        }
    });
    let file = match opened {
        Ok(file) => file,
        Err(error) => return Ok(error_tuple(posix::reason(&error))),
    };
    let reference = call.system().node().make_reference();
    let entry = OpenFile {
        file,
        owner: call.pid(),
        binary: has("binary"),
        writable: write,
        readable: read,
        ahead: Vec::new(),
    };
    let files = call.system().shared::<OpenFiles>();
    files.lock(call).insert(reference.clone(), entry);
    let data = Term::map([(atom("handle"), Term::Reference(reference))]);
    Ok(ok_tuple(Term::tuple([
        atom("file_descriptor"),
        atom("prim_file"),
        data,
    ])))
}

fn close(call: &mut Call, args: &[Term]) -> Answer {
    let Some(reference) = reference(&args[0]) else {
        return Ok(error_tuple(atom("badarg")));
    };
    let files = call.system().shared::<OpenFiles>();
    Ok(match files.lock(call).remove(reference) {
        Some(_) => ok(),
        None => error_tuple(atom("einval")),
    })
}

/// Most bytes that one read gives at once.
const MAX_READ: usize = 1 << 30;

/// `{ok, Data}`, or `eof` when there is none.
fn some_data(file: &OpenFile, bytes: Vec<u8>) -> Term {
    if bytes.is_empty() {
        atom("eof")
    } else {
        ok_tuple(file.data(bytes))
    }
}

fn not_allowed() -> io::Error {
    io::Error::from(rustix::io::Errno::BADF)
}

/// `{ok, Data}`, `eof` or `{error, Reason}`.
pub(crate) fn read(call: &mut Call, args: &[Term]) -> Answer {
    let Some(n) = count(&args[1]) else {
        return Ok(error_tuple(atom("badarg")));
    };
    with_file(call, &args[0], |file| {
        if !file.readable {
            return Err(not_allowed());
        }
        let bytes = file.read(n.min(MAX_READ))?;
        Ok(if n == 0 {
            ok_tuple(file.data(bytes))
        } else {
            some_data(file, bytes)
        })
    })
}

fn read_line_function(call: &mut Call, args: &[Term]) -> Answer {
    read_line(call, &args[0])
}

/// `{ok, Line}`, `eof` or `{error, Reason}`.
pub(crate) fn read_line(call: &mut Call, device: &Term) -> Answer {
    with_file(call, device, |file| {
        if !file.readable {
            return Err(not_allowed());
        }
        let line = file.read_line()?;
        Ok(some_data(file, line))
    })
}

fn write_function(call: &mut Call, args: &[Term]) -> Answer {
    let Some(bytes) = io_bytes(&args[1]) else {
        return Ok(error_tuple(atom("badarg")));
    };
    write(call, &args[0], &bytes)
}

/// Writes bytes at the file's position; answers `ok` or `{error, Reason}`.
pub(crate) fn write(call: &mut Call, device: &Term, bytes: &[u8]) -> Answer {
    with_file(call, device, |file| {
        if !file.writable {
            return Err(not_allowed());
        }
        file.settle()?;
        file.file.write_all(bytes).map(|()| ok())
    })
}

/// `Offset`, `bof`, `cur`, `eof`, `{bof, N}`, `{cur, N}` or `{eof, N}`.
fn location(term: &Term) -> Option<SeekFrom> {
    let (from, offset) = match term.as_tuple() {
        Some([from, offset]) => (atom_text(from)?, offset.as_i64()?),
        _ => match atom_text(term) {
            Some(from) => (from, 0),
            None => ("bof", term.as_i64()?),
        },
    };
    match from {
        "bof" => Some(SeekFrom::Start(u64::try_from(offset).ok()?)),
        "cur" => Some(SeekFrom::Current(offset)),
        "eof" => Some(SeekFrom::End(offset)),
        _ => None,
    }
}

fn position(call: &mut Call, args: &[Term]) -> Answer {
    let Some(location) = location(&args[1]) else {
        return Ok(error_tuple(atom("einval")));
    };
    with_file(call, &args[0], |file| {
        file.settle()?;
        file.file.seek(location).map(|at| ok_tuple(Term::from(at)))
    })
}

fn pread(call: &mut Call, args: &[Term]) -> Answer {
    let (Some(at), Some(n)) = (location(&args[1]), count(&args[2])) else {
        return Ok(error_tuple(atom("badarg")));
    };
    with_file(call, &args[0], |file| {
        file.settle()?;
        file.file.seek(at)?;
        let bytes = file.read(n.min(MAX_READ))?;
        Ok(some_data(file, bytes))
    })
}

fn pwrite(call: &mut Call, args: &[Term]) -> Answer {
    let (Some(at), Some(bytes)) = (location(&args[1]), io_bytes(&args[2])) else {
        return Ok(error_tuple(atom("badarg")));
    };
    with_file(call, &args[0], |file| {
        file.settle()?;
        file.file.seek(at)?;
        file.file.write_all(&bytes).map(|()| ok())
    })
}

fn truncate(call: &mut Call, args: &[Term]) -> Answer {
    with_file(call, &args[0], |file| {
        file.settle()?;
        let at = file.file.stream_position()?;
        file.file.set_len(at).map(|()| ok())
    })
}

fn sync(call: &mut Call, args: &[Term]) -> Answer {
    with_file(call, &args[0], |file| file.file.sync_all().map(|()| ok()))
}

/// True for a term that `open` made.
pub(crate) fn is_file(device: &Term) -> bool {
    reference(device).is_some()
}
