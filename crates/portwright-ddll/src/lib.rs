//! Compiled Erlang drivers: `.so` files that were built against `erl_driver.h`, loaded and run unmodified.

#![deny(unsafe_code)]

mod async_job;
pub mod bif;
mod binary;
mod context;
mod ddll;
mod driver;
mod error;
mod export;
mod info;
mod instance;
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
mod table;
mod vector;
mod waiting;
mod words;

pub use ddll::{Ddll, DdllOptions, NodeExt};
pub use error::DdllError;
pub use info::{DriverInfo, Share, When};
pub use load::ProvideError;
pub use table::{Outcome, Pending, Reload};
