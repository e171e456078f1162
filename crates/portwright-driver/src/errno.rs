//! Names of operating system errors, as Erlang writes them.

use portwright_term::Atom;

/// The names by number on Linux, as `erl_errno_id` of OTP 25 has them.
const NAMES: [&str; 123] = [
    "unknown",
    "eperm",
    "enoent",
    "esrch",
    "eintr",
    "eio",
    "enxio",
    "e2big",
    "enoexec",
    "ebadf",
    "echild",
    "eagain",
    "enomem",
    "eacces",
    "efault",
    "enotblk",
    "ebusy",
    "eexist",
    "exdev",
    "enodev",
    "enotdir",
    "eisdir",
    "einval",
    "enfile",
    "emfile",
    "enotty",
    "etxtbsy",
    "efbig",
    "enospc",
    "espipe",
    "erofs",
    "emlink",
    "epipe",
    "edom",
    "erange",
    "edeadlk",
    "enametoolong",
    "enolck",
    "enosys",
    "enotempty",
    "eloop",
    "unknown",
    "enomsg",
    "eidrm",
    "echrng",
    "el2nsync",
    "el3hlt",
    "el3rst",
    "elnrng",
    "eunatch",
    "enocsi",
    "el2hlt",
    "ebade",
    "ebadr",
    "exfull",
    "enoano",
    "ebadrqc",
    "ebadslt",
    "unknown",
    "ebfont",
    "enostr",
    "enodata",
    "etime",
    "enosr",
    "enonet",
    "enopkg",
    "eremote",
    "enolink",
    "eadv",
    "esrmnt",
    "ecomm",
    "eproto",
    "emultihop",
    "edotdot",
    "ebadmsg",
    "eoverflow",
    "enotuniq",
    "ebadfd",
    "eremchg",
    "elibacc",
    "elibbad",
    "elibscn",
    "elibmax",
    "elibexec",
    "eilseq",
    "unknown",
    "unknown",
    "eusers",
    "enotsock",
    "edestaddrreq",
    "emsgsize",
    "eprototype",
    "enoprotoopt",
    "eprotonosupport",
    "esocktnosupport",
    "enotsup",
    "epfnosupport",
    "eafnosupport",
    "eaddrinuse",
    "eaddrnotavail",
    "enetdown",
    "enetunreach",
    "enetreset",
    "econnaborted",
    "econnreset",
    "enobufs",
    "eisconn",
    "enotconn",
    "eshutdown",
    "etoomanyrefs",
    "etimedout",
    "econnrefused",
    "ehostdown",
    "ehostunreach",
    "ealready",
    "einprogress",
    "estale",
    "euclean",
    "enotnam",
    "enavail",
    "unknown",
    "eremoteio",
    "edquot",
];

/// The lower-case name of an `errno`; `"unknown"` when it has none.
///
/// # Source
///
/// `erl_errno_id` of OTP 25 on Linux, measured for 0 to 135.
///
/// # Examples
///
/// ```
/// assert_eq!(portwright_driver::errno::name(32), "epipe");
/// assert_eq!(portwright_driver::errno::name(-1), "unknown");
/// ```
pub fn name(number: i32) -> &'static str {
    usize::try_from(number)
        .ok()
        .and_then(|number| NAMES.get(number).copied())
        .unwrap_or("unknown")
}

/// The same as an atom.
pub fn atom(number: i32) -> Atom {
    Atom::literal(name(number))
}
