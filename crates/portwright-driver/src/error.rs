//! Why a callback refuses.

use portwright_term::{Atom, atoms};

/// Why [`Driver::start`](crate::Driver::start) did not open the port.
///
/// The caller of `open_port/2` gets [`StartError::reason`] as an exception of
/// class `error`.
///
/// # Source
///
/// driver_entry(3), `start`: `ERL_DRV_ERROR_GENERAL`, `_ERRNO`, `_BADARG`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No better reason is known (`einval`).
    #[error("the driver refused to start (einval)")]
    General,
    /// The operating system refused; the number is an `errno`.
    #[error("the driver could not start: {}", std::io::Error::from_raw_os_error(*.0))]
    Errno(i32),
    /// The command or the settings make no sense to the driver (`badarg`).
    #[error("the driver does not understand its command or settings (badarg)")]
    BadArgument,
}

impl StartError {
    /// The reason that an Erlang caller of `open_port/2` sees.
    pub fn reason(&self) -> Atom {
        match self {
            Self::General => atoms::EINVAL,
            Self::Errno(number) => crate::errno::atom(*number),
            Self::BadArgument => atoms::BADARG,
        }
    }
}

/// The driver does not know the operation, or its argument: the caller of
/// `port_control/3` or `port_call/3` gets `badarg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the driver does not know this operation or its argument (badarg)")]
pub struct BadArgument;

/// The driver has no such ability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this driver does not support the request")]
pub struct NotSupported;
