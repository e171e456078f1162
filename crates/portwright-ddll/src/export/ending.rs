//! How a driver ends its own port; callback. 0, or -1 on a dead port.
//!
//! `stop` runs inside the call, and afterwards the handle is dead although the callback goes on.
#![allow(unsafe_code, reason = "functions for C")]

use std::ffi::{CStr, c_char, c_int};
use std::sync::atomic::Ordering;

use portwright::{Atom, Term};
use portwright_driver::{End, errno};
use portwright_driver_abi::ErlDrvPort;

use super::term::atom_of_latin1;
use crate::context;
use crate::driver::call_stop;

fn end(port: ErlDrvPort, how: End) -> c_int {
    context::with(port, |instance, operations| {
        let in_stop = instance.stopped.load(Ordering::Acquire);
        let mut ended = instance.starting.load(Ordering::Acquire);
        let accepted = operations.end(how, &mut || {
            call_stop(instance, operations);
            ended = true;
        });
        // In `stop` itself it is accepted without effect (D-H32), and with the setting `eof` the port goes on (D-H18).
        if accepted && ended && !in_stop {
            instance.mark_dead();
        }
        if accepted { 0 } else { -1 }
    })
    .unwrap_or(-1)
}

pub(super) unsafe extern "C" fn driver_failure_eof(port: ErlDrvPort) -> c_int {
    end(port, End::Eof)
}

pub(super) unsafe extern "C" fn driver_failure_atom(
    port: ErlDrvPort,
    string: *mut c_char,
) -> c_int {
    // SAFETY: the driver says that the text is NUL terminated.
    let text = unsafe { CStr::from_ptr(string) };
    end(
        port,
        End::Failure(Term::Atom(atom_of_latin1(text.to_bytes()))),
    )
}

pub(super) unsafe extern "C" fn driver_failure_posix(port: ErlDrvPort, error: c_int) -> c_int {
    end(port, End::Failure(Term::Atom(errno::atom(error))))
}

pub(super) unsafe extern "C" fn driver_failure(port: ErlDrvPort, error: c_int) -> c_int {
    match error {
        0 => end(port, End::Eof),
        _ => end(port, End::Failure(Term::from(i64::from(error)))),
    }
}

pub(super) unsafe extern "C" fn driver_exit(port: ErlDrvPort, err: c_int) -> c_int {
    let reason = match err {
        0 => Atom::literal("normal"),
        _ => errno::atom(err),
    };
    end(port, End::Exit(Term::Atom(reason)))
}
