//! Modes of `driver_select`; they may be combined with `|`.
//!
//! Readiness is level triggered: while the condition holds, the callback comes again after each return.

use core::ffi::c_int;

/// Call `ready_input` when the event can be read.
pub const ERL_DRV_READ: c_int = 1 << 0;

/// Call `ready_output` when the event can be written.
pub const ERL_DRV_WRITE: c_int = 1 << 1;

/// The event is in use. Switched off, it also clears the other two, and `stop_select` is called once the event may
/// be closed.
pub const ERL_DRV_USE: c_int = 1 << 2;

/// As [`ERL_DRV_USE`], without the `stop_select` callback; and, switched off alone, without clearing the other two
/// (*measured on OTP 25*).
pub const ERL_DRV_USE_NO_CALLBACK: c_int = ERL_DRV_USE | (ERL_DRV_USE << 1);

/// Old name of [`ERL_DRV_READ`].
pub const DO_READ: c_int = ERL_DRV_READ;

/// Old name of [`ERL_DRV_WRITE`].
pub const DO_WRITE: c_int = ERL_DRV_WRITE;
