//! Opening shared objects: our own, which has the functions, and the drivers.

mod global;
mod image;
mod library;

pub use global::ProvideError;
pub(crate) use global::provide_functions;
pub(crate) use image::{MACHINE, Symbol};
pub(crate) use library::{Library, last_error};
