//! The C interface of `erl_driver.h` 3.3: what a compiled Erlang driver and the system that loads it agree on.
//!
//! The interface has two sides that never link each other. A *host* calls the callbacks of an [`ErlDrvEntry`] and
//! exports the functions; a *driver* (or the SDK below it) fills the entry and imports them. Both use this crate,
//! so there is one place where the layouts are written and checked.
//!
//! What is here: every type of the header, every constant, the names of all its functions ([`FUNCTIONS`]) and their
//! signatures ([`signatures`]). What is not here: code, `extern` blocks, and the parts of `erl_drv_nif.h` that only
//! NIFs use. Names are those of the header, so who knows the header finds the Rust item.
//!
//! | module | part of the header |
//! |---|---|
//! | [`version`] | version numbers and the marker of an entry |
//! | [`scalar`], [`handle`] | integers; driver data, ports, events and the error values of `start` |
//! | [`entry`], [`flags`] | `ErlDrvEntry`, `driver_init`; flags of drivers, ports and replies |
//! | [`binary`], [`iovec`] | `ErlDrvBinary`; `SysIOVec`, `ErlIOVec` |
//! | [`select`], [`busy`], [`time`] | `driver_select` modes; limits of a busy queue; clocks and units |
//! | [`term_data`] | tags of the term language that drivers send messages in |
//! | [`monitor`], [`system_info`], [`thread`] | process monitors; `ErlDrvSysInfo`; threads, locks, port data lock |
//! | [`functions`], [`signatures`] | the exported functions |
//!
//! # Checks
//!
//! Sizes and offsets are asserted at compile time for 64-bit Unix. The tests compile a C program against the real
//! header and compare every size, offset, constant, field type and function signature with the Rust side.
//!
//! # Examples
//!
//! A host lets the compiler compare what it exports with what drivers expect:
//!
//! ```
//! use core::ffi::c_int;
//! use portwright_driver_abi::signatures;
//!
//! /// Does nothing, as the manual says.
//! unsafe extern "C" fn null_func() -> c_int {
//!     0
//! }
//!
//! const _: signatures::null_func = null_func;
//! ```
//!
//! # Source
//!
//! `erl_driver.h` and `erl_drv_nif.h` of OTP 25 (driver interface 3.3), erl_driver(3), driver_entry(3).

#![no_std]
#![forbid(unsafe_code)]

// On Windows a driver gets the functions in a table at load time and `SysIOVec` has its fields in another order.
#[cfg(not(unix))]
compile_error!(
    "portwright-driver-abi describes the driver interface of Unix; Windows uses another one"
);

/// Declares C structs that are only ever seen through a pointer.
macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[repr(C)]
        pub struct $name {
            _opaque: [u8; 0],
            // Neither `Send`, `Sync` nor `Unpin`: nothing is known about what lies behind the pointer.
            _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
        }
    )*};
}

pub mod version;

pub mod handle;
pub mod scalar;

pub mod entry;
pub mod flags;

pub mod binary;
pub mod iovec;

pub mod busy;
pub mod select;
pub mod time;

pub mod term_data;

pub mod monitor;
pub mod system_info;
pub mod thread;

pub mod functions;
pub mod signatures;

pub use binary::*;
pub use busy::*;
pub use entry::*;
pub use flags::*;
pub use functions::*;
pub use handle::*;
pub use iovec::*;
pub use monitor::*;
pub use scalar::*;
pub use select::*;
pub use system_info::*;
pub use term_data::*;
pub use thread::*;
pub use time::*;
pub use version::*;
