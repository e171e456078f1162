//! Limits of a port's queue of commands, for `erl_drv_busy_msgq_limits`.
//!
//! All in bytes of commands that were sent to the port and not yet carried out. The queue turns busy above the high
//! limit and stops being busy below the low one (*measured on OTP 25*: 8192 and 4096 unless set).

use crate::ErlDrvSizeT;

/// As a limit: switch the feature off for this port, for good. As a result: it is off.
pub const ERL_DRV_BUSY_MSGQ_DISABLED: ErlDrvSizeT = !0;

/// As a limit: leave it and only report the current value.
pub const ERL_DRV_BUSY_MSGQ_READ_ONLY: ErlDrvSizeT = 0;

/// Largest limit, in bytes.
pub const ERL_DRV_BUSY_MSGQ_LIM_MAX: ErlDrvSizeT = ERL_DRV_BUSY_MSGQ_DISABLED - 1;

/// Smallest limit, in bytes.
pub const ERL_DRV_BUSY_MSGQ_LIM_MIN: ErlDrvSizeT = 1;
