//! Clocks. Those that read one: only where OTP has a scheduler thread.
#![allow(unsafe_code, reason = "functions for C")]

use std::ffi::c_int;
use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use portwright_driver_abi::{
    ERL_DRV_MSEC, ERL_DRV_NSEC, ERL_DRV_SEC, ERL_DRV_TIME_ERROR, ERL_DRV_USEC, ErlDrvNowData,
    ErlDrvTime, ErlDrvTimeUnit,
};

use crate::context;

/// Erlang's monotonic time begins at an arbitrary negative number; so drivers that forget the offset are found out.
const START_NANOS: i128 = -576_460_752_303_423_488;

/// The clocks at the first look.
static START: LazyLock<(Instant, i128)> = LazyLock::new(|| {
    let system = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    (Instant::now(), system.as_nanos() as i128)
});

fn per_second(unit: ErlDrvTimeUnit) -> Option<i128> {
    match unit {
        ERL_DRV_SEC => Some(1),
        ERL_DRV_MSEC => Some(1_000),
        ERL_DRV_USEC => Some(1_000_000),
        ERL_DRV_NSEC => Some(1_000_000_000),
        _ => None,
    }
}

/// Rounds toward minus infinity.
fn convert(value: i128, from: ErlDrvTimeUnit, to: ErlDrvTimeUnit) -> ErlDrvTime {
    let (Some(from), Some(to)) = (per_second(from), per_second(to)) else {
        return ERL_DRV_TIME_ERROR;
    };
    let converted = (value * to).div_euclid(from);
    // What does not fit wraps, as in C.
    converted as ErlDrvTime
}

pub(super) unsafe extern "C" fn erl_drv_monotonic_time(time_unit: ErlDrvTimeUnit) -> ErlDrvTime {
    if !context::on_scheduler() {
        return ERL_DRV_TIME_ERROR;
    }
    let nanos = START_NANOS + START.0.elapsed().as_nanos() as i128;
    convert(nanos, ERL_DRV_NSEC, time_unit)
}

pub(super) unsafe extern "C" fn erl_drv_time_offset(time_unit: ErlDrvTimeUnit) -> ErlDrvTime {
    if !context::on_scheduler() {
        return ERL_DRV_TIME_ERROR;
    }
    convert(START.1 - START_NANOS, ERL_DRV_NSEC, time_unit)
}

pub(super) unsafe extern "C" fn erl_drv_convert_time_unit(
    val: ErlDrvTime,
    from: ErlDrvTimeUnit,
    to: ErlDrvTimeUnit,
) -> ErlDrvTime {
    convert(val.into(), from, to)
}

pub(super) unsafe extern "C" fn driver_get_now(now: *mut ErlDrvNowData) -> c_int {
    if now.is_null() {
        return -1;
    }
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    // SAFETY: the driver says where the time goes.
    unsafe {
        now.write(ErlDrvNowData {
            megasecs: elapsed.as_secs() / 1_000_000,
            secs: elapsed.as_secs() % 1_000_000,
            microsecs: elapsed.subsec_micros().into(),
        });
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    // driver_abi.md 3.15.
    #[test]
    fn units_are_rounded_toward_minus_infinity() {
        let cases = [
            (-1999, ERL_DRV_MSEC, ERL_DRV_SEC, -2),
            (-1, ERL_DRV_NSEC, ERL_DRV_SEC, -1),
            (1999, ERL_DRV_MSEC, ERL_DRV_SEC, 1),
            (7, ERL_DRV_SEC, ERL_DRV_USEC, 7_000_000),
            (1, ErlDrvTimeUnit(4), ERL_DRV_SEC, ERL_DRV_TIME_ERROR),
        ];
        for (value, from, to, expect) in cases {
            assert_eq!(
                convert(value, from, to),
                expect,
                "{value} from {from:?} to {to:?}"
            );
        }
    }
}
