//! Flags of a driver, of a port, and of replies.

use core::ffi::{c_int, c_uint};

/// In `driver_flags`: lock each port of this driver on its own, not all of them with one lock.
pub const ERL_DRV_FLAG_USE_PORT_LOCKING: c_int = 1 << 0;

/// In `driver_flags`: the driver copes with data while it is busy, so `port_command/3` may be used with `force`.
pub const ERL_DRV_FLAG_SOFT_BUSY: c_int = 1 << 1;

/// In `driver_flags`: no limits on the queue of commands, see [`busy`](crate::busy).
pub const ERL_DRV_FLAG_NO_BUSY_MSGQ: c_int = 1 << 2;

/// In `driver_flags`: `open_port/2` returns only after the driver has called `erl_drv_init_ack`.
pub const ERL_DRV_FLAG_USE_INIT_ACK: c_int = 1 << 3;

/// For `set_port_control_flags`: what `control` leaves in `*rbuf` becomes a binary, not a list of bytes.
///
/// If `control` replaced `*rbuf`, the new pointer is then an [`ErlDrvBinary`](crate::ErlDrvBinary).
pub const PORT_CONTROL_FLAG_BINARY: c_int = 1 << 0;

/// For `set_port_control_flags`: `control` does heavy work. No effect that could be seen (*measured on OTP 25*).
pub const PORT_CONTROL_FLAG_HEAVY: c_int = 1 << 1;

/// From `get_port_flags`: the port was opened with `binary`.
pub const PORT_FLAG_BINARY: c_int = 1 << 0;

/// From `get_port_flags`: the port was opened with `{line, N}`.
pub const PORT_FLAG_LINE: c_int = 1 << 1;

/// Set in `*flags` by the `call` callback: the driver keeps the reply buffer that it put into `*rbuf`.
///
/// Otherwise the host frees a replaced buffer as `driver_free` would.
pub const DRIVER_CALL_KEEP_BUFFER: c_uint = 0x1;
