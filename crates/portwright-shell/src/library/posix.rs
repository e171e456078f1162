//! Operating system errors as the atoms that Erlang has for them.

use std::io;

use portwright_term::{Atom, Term};
use rustix::io::Errno;

/// The atom of an error: `enoent`, `eacces` and so on.
pub(crate) fn reason(error: &io::Error) -> Term {
    match Errno::from_io_error(error) {
        Some(errno) => name(errno),
        None => Term::Atom(Atom::literal(match error.kind() {
            io::ErrorKind::NotFound => "enoent",
            io::ErrorKind::PermissionDenied => "eacces",
            io::ErrorKind::AlreadyExists => "eexist",
            io::ErrorKind::TimedOut => "etimedout",
            io::ErrorKind::InvalidInput => "badarg",
            io::ErrorKind::UnexpectedEof => "closed",
            _ => "eio",
        })),
    }
}

/// The atom of an error number.
pub(crate) fn name(errno: Errno) -> Term {
    let names: &[(Errno, &'static str)] = &[
        (Errno::PERM, "eperm"),
        (Errno::NOENT, "enoent"),
        (Errno::SRCH, "esrch"),
        (Errno::INTR, "eintr"),
        (Errno::IO, "eio"),
        (Errno::NXIO, "enxio"),
        (Errno::TOOBIG, "e2big"),
        (Errno::NOEXEC, "enoexec"),
        (Errno::BADF, "ebadf"),
        (Errno::CHILD, "echild"),
        (Errno::AGAIN, "eagain"),
        (Errno::NOMEM, "enomem"),
        (Errno::ACCESS, "eacces"),
        (Errno::FAULT, "efault"),
        (Errno::BUSY, "ebusy"),
        (Errno::EXIST, "eexist"),
        (Errno::XDEV, "exdev"),
        (Errno::NODEV, "enodev"),
        (Errno::NOTDIR, "enotdir"),
        (Errno::ISDIR, "eisdir"),
        (Errno::INVAL, "einval"),
        (Errno::NFILE, "enfile"),
        (Errno::MFILE, "emfile"),
        (Errno::NOTTY, "enotty"),
        (Errno::TXTBSY, "etxtbsy"),
        (Errno::FBIG, "efbig"),
        (Errno::NOSPC, "enospc"),
        (Errno::SPIPE, "espipe"),
        (Errno::ROFS, "erofs"),
        (Errno::MLINK, "emlink"),
        (Errno::PIPE, "epipe"),
        (Errno::NAMETOOLONG, "enametoolong"),
        (Errno::NOTEMPTY, "enotempty"),
        (Errno::LOOP, "eloop"),
        (Errno::ADDRINUSE, "eaddrinuse"),
        (Errno::ADDRNOTAVAIL, "eaddrnotavail"),
        (Errno::NETUNREACH, "enetunreach"),
        (Errno::CONNABORTED, "econnaborted"),
        (Errno::CONNRESET, "econnreset"),
        (Errno::CONNREFUSED, "econnrefused"),
        (Errno::NOTCONN, "enotconn"),
        (Errno::ISCONN, "eisconn"),
        (Errno::TIMEDOUT, "etimedout"),
        (Errno::HOSTUNREACH, "ehostunreach"),
        (Errno::DQUOT, "edquot"),
        (Errno::STALE, "estale"),
        (Errno::NOSYS, "enosys"),
    ];
    let found = names.iter().find(|(known, _)| *known == errno);
    Term::Atom(Atom::literal(found.map_or("unknown", |(_, name)| *name)))
}
