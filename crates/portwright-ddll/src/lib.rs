//! Compiled Erlang drivers: `.so` files that were built against `erl_driver.h`, loaded and run unmodified.
//!
//! A driver loads as it was compiled for the BEAM; no linker flag, build script or C compiler is needed for the program
//! that loads it. Its ports are ports like any other:
//!
//! ```no_run
//! use portwright::{Node, PortName, PortSettings};
//! use portwright_ddll::NodeExt;
//!
//! let node = Node::new();
//! node.ddll().load("/usr/lib/erlang/lib/p1_sqlite3-1.1.14/priv", "sqlite3_drv")?;
//! let mut me = node.attach();
//! let db = me.open_port(PortName::driver("sqlite3_drv :memory:"), PortSettings::new().binary())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/sqlite3.rs` holds a conversation with this driver.
//!
//! # What is here
//!
//! * [`Ddll`]: erl_ddll(3) in Rust; [`bif`]: the same on terms.
//! * [`DriverFile`]: what a file tells before it is loaded.
//! * Not public: the 111 functions of the header (`export`), a driver's entry as a
//!   [`portwright_driver::Driver`] (`driver`), the loading of libraries (`load`, `open`), the table of loaded drivers
//!   (`table`). `docs/driver-functions.md` lists the functions with their tests.
//!
//! # Caveats
//!
//! * A driver is foreign code in this process. What it does wrong through our functions (stale ports, malformed term
//!   arrays, too much taken from a queue) has an error result; what it does wrong by itself (wild pointers, endless loops)
//!   this process suffers.
//! * Nodes in one process that load the same file share the driver's static variables, as the dynamic linker maps a file once.
//! * A driver that was loaded keeps the process's standard allocator: memory of `driver_alloc` is `malloc`'s, and zeroed.

#![deny(unsafe_code)]

mod async_job;
pub mod bif;
mod binary;
mod context;
mod ddll;
mod driver;
mod elf;
mod error;
mod export;
mod info;
mod inspect;
mod instance;
mod libraries;
mod load;
mod loaded;
mod lock;
mod memory;
mod monitor;
mod names;
mod open;
mod program;
mod queue;
mod selected;
mod shared;
mod table;
mod vector;
mod waiting;
mod words;

pub use ddll::{Ddll, DdllOptions, NodeExt};
pub use elf::ElfError;
pub use error::DdllError;
pub use info::{DriverInfo, Share, When};
pub use inspect::{DriverDescription, DriverFile, DriverFileError};
pub use libraries::find_library;
pub use load::ProvideError;
pub use shared::share_with_drivers;
pub use table::{Outcome, Pending, Reload};
