//! Whole files and directories.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use portwright_term::Term;

use super::{answer, bad_name, done, with_path};
use crate::library::argument::{
    Answer, atom, badarg, binary_term, char_list, count, elements, error_tuple, io_bytes, is_atom,
    ok_tuple, pure,
};
use crate::library::path::{name_term, path, path_term};
use crate::library::posix;
use crate::library::waiting::blocking;
use crate::native::{Call, Native, NativeFuture, NativeModule};

/// Reading and writing whole files.
pub(crate) const WHOLE_FILES: NativeModule = NativeModule::new(
    "file",
    &[
        Native::waiting("read_file", 1, read_file),
        Native::waiting("write_file", 2, write_file),
        Native::waiting("write_file", 3, write_file),
        Native::waiting("copy", 2, copy),
        Native::waiting("consult", 1, consult),
        pure!("format_error", 1, format_error),
        pure!("native_name_encoding", 0, native_name_encoding),
    ],
);

/// Names and directories.
pub(crate) const DIRECTORIES: NativeModule = NativeModule::new(
    "file",
    &[
        pure!("delete", 1, delete),
        pure!("rename", 2, rename),
        pure!("make_dir", 1, make_dir),
        pure!("del_dir", 1, del_dir),
        pure!("del_dir_r", 1, del_dir_r),
        pure!("list_dir", 1, list_dir),
        pure!("list_dir_all", 1, list_dir),
        pure!("make_symlink", 2, make_symlink),
        pure!("make_link", 2, make_link),
        pure!("read_link", 1, read_link),
        pure!("read_link_all", 1, read_link),
        pure!("change_mode", 2, change_mode),
        pure!("get_cwd", 0, get_cwd),
        pure!("set_cwd", 1, set_cwd),
    ],
);

fn read_file<'a>(_: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    let name = path(&args[0]);
    blocking(move || {
        let Some(name) = name else {
            return Ok(bad_name());
        };
        Ok(answer(
            fs::read(name).map(|bytes| ok_tuple(binary_term(bytes))),
        ))
    })
}

fn write_file<'a>(_: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    let name = path(&args[0]);
    let data = io_bytes(&args[1]);
    let modes = args.get(2).map_or(Some(Vec::new()), elements);
    blocking(move || {
        let (Some(name), Some(data), Some(modes)) = (name, data, modes) else {
            return Ok(bad_name());
        };
        let has = |mode: &str| modes.iter().any(|m| is_atom(m, mode));
        let mut options = OpenOptions::new();
        options.create(true);
        if has("append") {
            options.append(true);
        } else {
            options.write(true).truncate(!has("read"));
        }
        if has("exclusive") {
            options.create_new(true);
        }
        Ok(done(
            options
                .open(name)
                .and_then(|mut file| file.write_all(&data)),
        ))
    })
}

fn copy<'a>(_: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    let names = (path(&args[0]), path(&args[1]));
    blocking(move || {
        let (Some(from), Some(to)) = names else {
            return Ok(bad_name());
        };
        let copied = fs::File::open(from)
            .and_then(|mut from| io::copy(&mut from, &mut fs::File::create(to)?));
        Ok(answer(copied.map(|n| ok_tuple(Term::from(n)))))
    })
}

fn consult<'a>(_: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    let name = path(&args[0]);
    blocking(move || {
        let Some(name) = name else {
            return Ok(bad_name());
        };
        let bytes = match fs::read(name) {
            Ok(bytes) => bytes,
            Err(error) => return Ok(error_tuple(posix::reason(&error))),
        };
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|e| e.as_bytes().iter().map(|b| char::from(*b)).collect());
        Ok(crate::library::term_file::consulted(&text))
    })
}

fn delete(args: &[Term]) -> Answer {
    Ok(with_path(&args[0], |name| {
        // Linux says EISDIR for a directory, POSIX and OTP say EPERM.
        if name.is_dir() && !name.is_symlink() {
            return error_tuple(atom("eperm"));
        }
        done(fs::remove_file(name))
    }))
}

fn rename(args: &[Term]) -> Answer {
    Ok(with_path(&args[0], |from| {
        with_path(&args[1], |to| done(fs::rename(from, to)))
    }))
}

fn make_dir(args: &[Term]) -> Answer {
    Ok(with_path(&args[0], |name| done(fs::create_dir(name))))
}

fn del_dir(args: &[Term]) -> Answer {
    Ok(with_path(&args[0], |name| match fs::remove_dir(name) {
        // OTP folds "not empty" into "exists".
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
            error_tuple(atom("eexist"))
        }
        other => done(other),
    }))
}

fn del_dir_r(args: &[Term]) -> Answer {
    Ok(with_path(&args[0], |name| {
        if name.is_dir() && !name.is_symlink() {
            done(fs::remove_dir_all(name))
        } else {
            done(fs::remove_file(name))
        }
    }))
}

fn list_dir(args: &[Term]) -> Answer {
    fn names(directory: &Path) -> io::Result<Term> {
        let mut all = Vec::new();
        for entry in fs::read_dir(directory)? {
            all.push(name_term(&entry?.file_name()));
        }
        Ok(ok_tuple(Term::list(all)))
    }
    Ok(with_path(&args[0], |name| answer(names(&name))))
}

fn make_symlink(args: &[Term]) -> Answer {
    Ok(with_path(&args[0], |target| {
        with_path(&args[1], |name| done(symlink(target, name)))
    }))
}

fn make_link(args: &[Term]) -> Answer {
    Ok(with_path(&args[0], |target| {
        with_path(&args[1], |name| done(fs::hard_link(target, name)))
    }))
}

fn read_link(args: &[Term]) -> Answer {
    Ok(with_path(&args[0], |name| {
        answer(fs::read_link(name).map(|target| ok_tuple(path_term(&target))))
    }))
}

fn change_mode(args: &[Term]) -> Answer {
    let mode = count(&args[1])
        .and_then(|mode| u32::try_from(mode).ok())
        .ok_or_else(badarg)?;
    Ok(with_path(&args[0], |name| {
        done(fs::set_permissions(
            name,
            Permissions::from_mode(mode & 0o7777),
        ))
    }))
}

fn get_cwd(_: &[Term]) -> Answer {
    Ok(answer(
        std::env::current_dir().map(|directory| ok_tuple(path_term(&directory))),
    ))
}

fn set_cwd(args: &[Term]) -> Answer {
    if args[0].is_binary() && path(&args[0]).is_none() {
        return Ok(bad_name());
    }
    Ok(with_path(&args[0], |name| {
        done(std::env::set_current_dir(name))
    }))
}

fn native_name_encoding(_: &[Term]) -> Answer {
    Ok(atom("utf8"))
}

fn format_error(args: &[Term]) -> Answer {
    Ok(char_list(error_text(&args[0])))
}

/// What the system's messages say about an error, as OTP words them.
pub(crate) fn error_text(reason: &Term) -> &'static str {
    let known: &[(&'static str, &'static str)] = &[
        ("e2big", "argument list too long"),
        ("eacces", "permission denied"),
        ("eagain", "resource temporarily unavailable"),
        ("ebadf", "bad file number"),
        ("ebusy", "file busy"),
        ("eexist", "file already exists"),
        ("efbig", "file too large"),
        ("eintr", "interrupted system call"),
        ("einval", "invalid argument"),
        ("eio", "I/O error"),
        ("eisdir", "illegal operation on a directory"),
        ("eloop", "too many levels of symbolic links"),
        ("emfile", "too many open files"),
        ("emlink", "too many links"),
        ("enametoolong", "file name too long"),
        ("enfile", "file table overflow"),
        ("enodev", "no such device"),
        ("enoent", "no such file or directory"),
        ("enomem", "not enough memory"),
        ("enospc", "no space left on device"),
        ("enotdir", "not a directory"),
        ("enotempty", "directory not empty"),
        ("enxio", "no such device or address"),
        ("eperm", "not owner"),
        ("epipe", "broken pipe"),
        ("erofs", "read-only file system"),
        ("espipe", "invalid seek"),
        ("esrch", "no such process"),
        ("exdev", "cross-domain link"),
        ("badarg", "bad argument"),
        (
            "system_limit",
            "a system limit was hit, probably not enough ports",
        ),
        ("terminated", "the file server process is terminated"),
    ];
    let name = crate::library::argument::atom_text(reason);
    let text = name
        .and_then(|name| known.iter().find(|(known, _)| *known == name))
        .map(|(_, text)| *text);
    text.unwrap_or("unknown POSIX error")
}
