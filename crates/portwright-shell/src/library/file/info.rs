//! `file:read_file_info/1,2`: the record `file_info`.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portwright_term::Term;
use rustix::fs::{Access, access};

use super::{answer, with_path};
use crate::library::argument::{Answer, atom, elements_or_badarg, is_atom, ok_tuple, pure};
use crate::library::time;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const INFO: NativeModule = NativeModule::new(
    "file",
    &[
        pure!("read_file_info", 1, read_file_info),
        pure!("read_file_info", 2, read_file_info),
        pure!("read_link_info", 1, read_link_info),
        pure!("read_link_info", 2, read_link_info),
    ],
);

fn read_file_info(args: &[Term]) -> Answer {
    let form = time_form(args)?;
    Ok(with_path(&args[0], |name| {
        answer(fs::metadata(&name).map(|data| ok_tuple(record(&name, &data, form))))
    }))
}

fn read_link_info(args: &[Term]) -> Answer {
    let form = time_form(args)?;
    Ok(with_path(&args[0], |name| {
        answer(fs::symlink_metadata(&name).map(|data| ok_tuple(record(&name, &data, form))))
    }))
}

/// How times are written.
type TimeForm = fn(SystemTime) -> Term;

fn time_form(args: &[Term]) -> Result<TimeForm, crate::exception::Exception> {
    let mut form: TimeForm = time::local_moment;
    if let Some(options) = args.get(1) {
        for option in elements_or_badarg(options)? {
            if let Some([name, value]) = option.as_tuple()
                && is_atom(name, "time")
            {
                form = match () {
                    () if is_atom(value, "universal") => time::universal_moment,
                    () if is_atom(value, "posix") => time::posix_moment,
                    () => time::local_moment,
                };
            }
        }
    }
    Ok(form)
}

fn record(name: &Path, data: &Metadata, form: TimeForm) -> Term {
    let kind = data.file_type();
    let kind = if kind.is_file() {
        "regular"
    } else if kind.is_dir() {
        "directory"
    } else if kind.is_symlink() {
        "symlink"
    } else if kind.is_char_device() || kind.is_block_device() {
        "device"
    } else {
        "other"
    };
    let access = match (
        access(name, Access::READ_OK).is_ok(),
        access(name, Access::WRITE_OK).is_ok(),
    ) {
        (true, true) => "read_write",
        (true, false) => "read",
        (false, true) => "write",
        (false, false) => "none",
    };
    let changed = UNIX_EPOCH + Duration::from_secs(u64::try_from(data.ctime()).unwrap_or(0));
    Term::tuple([
        atom("file_info"),
        Term::from(data.size()),
        atom(kind),
        atom(access),
        form(data.accessed().unwrap_or(UNIX_EPOCH)),
        form(data.modified().unwrap_or(UNIX_EPOCH)),
        form(changed),
        Term::from(data.mode()),
        Term::from(data.nlink()),
        Term::from(data.dev()),
        Term::from(data.rdev()),
        Term::from(data.ino()),
        Term::from(data.uid()),
        Term::from(data.gid()),
    ])
}
