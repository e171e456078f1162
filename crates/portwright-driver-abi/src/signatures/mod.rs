//! The signature of every exported function, as a type with the function's name.
//!
//! The texts say what goes in and comes out; where a function may be called and what it does to the port is told by
//! erl_driver(3). Words used:
//!
//! * *callback only*: on the thread that runs a callback of this port, during the callback. Functions of the queue may
//!   also be called elsewhere by the holder of the port data lock.
//! * *dead port*: the handle is [`INVALID_PORT`](crate::INVALID_PORT), or the port has ended, be it by this very
//!   callback. The results in that case are *measured on OTP 25*.
//!
//! All are `unsafe`: pointers must be valid as described, and lengths true.
#![allow(
    non_camel_case_types,
    reason = "each type has the name of the C function it describes"
)]

mod async_job;
mod attributes;
mod clock;
mod dynamic_library;
mod ending;
mod event;
mod lock;
mod memory;
mod output;
mod port;
mod process_monitor;
mod queue;
mod system;
mod term;
mod thread;
mod undeclared;

pub use async_job::*;
pub use attributes::*;
pub use clock::*;
pub use dynamic_library::*;
pub use ending::*;
pub use event::*;
pub use lock::*;
pub use memory::*;
pub use output::*;
pub use port::*;
pub use process_monitor::*;
pub use queue::*;
pub use system::*;
pub use term::*;
pub use thread::*;
pub use undeclared::*;
