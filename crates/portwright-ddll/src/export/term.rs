//! Words for terms, and messages made of terms. Making words of ports and processes: callback; the rest: anywhere.
#![allow(unsafe_code, reason = "functions for C")]

use std::ffi::{CStr, c_char, c_int};

use portwright::{Atom, Term};
use portwright_driver::Delivery;
use portwright_driver_abi::{ErlDrvPort, ErlDrvTermData};

use crate::instance::Instance;
use crate::{context, program, words};

/// The variable `driver_term_nil`.
#[allow(non_upper_case_globals, reason = "the name of the C variable")]
pub(super) static driver_term_nil: ErlDrvTermData = words::NIL;

pub(super) unsafe extern "C" fn driver_mk_term_nil() -> ErlDrvTermData {
    words::NIL
}

/// The atom of Latin-1 bytes, cut after 255 of them (D-G12a, D-D50).
pub(super) fn atom_of_latin1(bytes: &[u8]) -> Atom {
    let bytes = &bytes[..bytes.len().min(Atom::MAX_CHARS)];
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    // Only a full table of atoms is left as a reason; OTP goes down then.
    Atom::new(&text).unwrap_or_else(|_| super::fatal("driver_mk_atom", libc::ENOMEM))
}

pub(super) unsafe extern "C" fn driver_mk_atom(string: *mut c_char) -> ErlDrvTermData {
    // SAFETY: the driver says that the text is NUL terminated.
    let text = unsafe { CStr::from_ptr(string) };
    words::from_atom(atom_of_latin1(text.to_bytes()))
}

pub(super) unsafe extern "C" fn driver_mk_port(port: ErlDrvPort) -> ErlDrvTermData {
    context::lookup(port, |instance| words::from_port(instance.id())).unwrap_or(words::NIL)
}

pub(super) unsafe extern "C" fn driver_connected(port: ErlDrvPort) -> ErlDrvTermData {
    context::with(port, |_, operations| {
        words::from_pid(operations.connected())
    })
    .unwrap_or(words::NIL)
}

pub(super) unsafe extern "C" fn driver_caller(port: ErlDrvPort) -> ErlDrvTermData {
    context::with(port, |_, operations| {
        operations.caller().map(words::from_pid)
    })
    .flatten()
    .unwrap_or(words::NIL)
}

/// The term of a program.
///
/// # Safety
///
/// `data` is `len` words, and the pointers among them are valid.
unsafe fn build(data: *mut ErlDrvTermData, len: c_int) -> Option<Term> {
    let len = usize::try_from(len).ok().filter(|len| *len > 0)?;
    if data.is_null() {
        return None;
    }
    // SAFETY: by the caller's word.
    unsafe { program::build(std::slice::from_raw_parts(data, len)) }
}

/// Whom a message is for.
enum To {
    Owner,
    Word(ErlDrvTermData),
}

/// 1 delivered, 0 not delivered, -1 no such port or a malformed program.
fn deliver(instance: &Instance, to: To, term: Option<Term>) -> c_int {
    let Some(term) = term else { return -1 };
    if instance.is_dead() {
        return -1;
    }
    let delivery = match to {
        To::Owner => instance.port.output_term(term),
        To::Word(word) => match words::to_pid(word) {
            Some(pid) => instance.port.send_term(pid, term),
            // A receiver that is no process is nobody (D-D39).
            None => Delivery::NotDelivered,
        },
    };
    match delivery {
        Delivery::Delivered => 1,
        Delivery::NotDelivered => 0,
        Delivery::PortGone => -1,
    }
}

/// Runs `run` with the port of a word, on any thread.
fn with_port_of_word(port: ErlDrvTermData, run: impl FnOnce(&Instance) -> c_int) -> c_int {
    let Some(id) = words::to_port(port) else {
        return -1;
    };
    let mut run = Some(run);
    let innermost = context::with_innermost(|instance| {
        (instance.id() == id)
            .then(|| run.take().map(|run| run(instance)))
            .flatten()
    });
    match (innermost.flatten(), run) {
        (Some(result), _) => result,
        (None, Some(run)) => Instance::find_by_id(id).map_or(-1, |instance| run(&instance)),
        (None, None) => -1,
    }
}

pub(super) unsafe extern "C" fn erl_drv_output_term(
    port: ErlDrvTermData,
    data: *mut ErlDrvTermData,
    len: c_int,
) -> c_int {
    with_port_of_word(port, |instance| {
        // SAFETY: the driver says that the program is one.
        deliver(instance, To::Owner, unsafe { build(data, len) })
    })
}

pub(super) unsafe extern "C" fn erl_drv_send_term(
    port: ErlDrvTermData,
    to: ErlDrvTermData,
    data: *mut ErlDrvTermData,
    len: c_int,
) -> c_int {
    with_port_of_word(port, |instance| {
        // SAFETY: the driver says that the program is one.
        deliver(instance, To::Word(to), unsafe { build(data, len) })
    })
}

pub(super) unsafe extern "C" fn driver_output_term(
    port: ErlDrvPort,
    data: *mut ErlDrvTermData,
    len: c_int,
) -> c_int {
    context::lookup(port, |instance| {
        // SAFETY: the driver says that the program is one.
        deliver(instance, To::Owner, unsafe { build(data, len) })
    })
    .unwrap_or(-1)
}

pub(super) unsafe extern "C" fn driver_send_term(
    port: ErlDrvPort,
    to: ErlDrvTermData,
    data: *mut ErlDrvTermData,
    len: c_int,
) -> c_int {
    context::lookup(port, |instance| {
        // SAFETY: the driver says that the program is one.
        deliver(instance, To::Word(to), unsafe { build(data, len) })
    })
    .unwrap_or(-1)
}
