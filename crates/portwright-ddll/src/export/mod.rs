//! The functions that drivers call, one file per theme.
//!
//! Each is an `extern "C"` function with the name and the signature of `erl_driver.h`; [`symbols`] compares them with
//! [`signatures`](portwright_driver_abi::signatures) and hands their addresses to the dynamic linker (see
//! [`crate::load`]). None of them unwinds: a panic in one of them would be our bug, and `extern "C"` turns it into an
//! abort. What they are given is the driver's word: pointers and lengths are trusted as erl_driver(3) tells drivers to
//! make them; handles of ports, events and term words are not.
//!
//! Where a function may be called:
//!
//! * *callback*: on the thread that runs a callback of the port ([`context::with`](crate::context::with) finds it), or of
//!   another port of the driver;
//! * *anywhere*: on any thread.

use crate::load::Symbol;

mod async_work;
mod attributes;
mod binary;
mod clock;
mod condition;
mod dynamic_library;
mod ending;
mod environment;
mod event;
mod fatal;
mod lock;
mod memory;
mod mutex;
mod output;
mod port;
mod process_monitor;
mod queue;
mod rwlock;
mod system;
mod term;
mod thread;
mod thread_data;
mod undeclared;

pub(crate) use fatal::fatal;

/// Brings every function into one namespace, for [`symbols`].
mod all {
    pub(super) use super::async_work::*;
    pub(super) use super::attributes::*;
    pub(super) use super::binary::*;
    pub(super) use super::clock::*;
    pub(super) use super::condition::*;
    pub(super) use super::dynamic_library::*;
    pub(super) use super::ending::*;
    pub(super) use super::environment::*;
    pub(super) use super::event::*;
    pub(super) use super::lock::*;
    pub(super) use super::memory::*;
    pub(super) use super::mutex::*;
    pub(super) use super::output::*;
    pub(super) use super::port::*;
    pub(super) use super::process_monitor::*;
    pub(super) use super::queue::*;
    pub(super) use super::rwlock::*;
    pub(super) use super::system::*;
    pub(super) use super::term::*;
    pub(super) use super::thread::*;
    pub(super) use super::thread_data::*;
    pub(super) use super::undeclared::*;
}

macro_rules! table {
    ($($name:ident)*) => {
        [$({
            let function: portwright_driver_abi::signatures::$name = all::$name;
            Symbol { name: stringify!($name), address: function as usize, is_data: false }
        }),*]
    };
}

/// What drivers may link to.
pub(crate) fn symbols() -> Vec<Symbol> {
    let declared: [Symbol; 111] = portwright_driver_abi::for_each_function!(table);
    let undeclared: [Symbol; 3] = portwright_driver_abi::for_each_undeclared_function!(table);
    let nil = Symbol {
        name: "driver_term_nil",
        address: std::ptr::from_ref(&term::driver_term_nil) as usize,
        is_data: true,
    };
    let mut symbols = declared.to_vec();
    symbols.extend(undeclared);
    symbols.push(nil);
    symbols
}
