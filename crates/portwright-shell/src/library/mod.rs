//! The functions that expressions can call beyond the language itself.
//!
//! [`crate::native`] tells how a function gets here.
//!
//! Not here but in `crate::bif`, because the language or the machine needs
//! them: operators, all BIFs allowed in guards (`is_*`, `element`, `length`,
//! `size`, `hd`, `abs`, `round`, `binary_part`, `map_get`, `self`, `node`, ...),
//! `apply`, `spawn*`, `exit`, `error`, `throw`, `raise`, `link`, `unlink`,
//! `monitor`, `demonitor`, `register`, `unregister`, `whereis`, `registered`,
//! `send`, `send_after` and the other timers, `process_flag`, `process_info`,
//! `processes`, `is_process_alive`, `put`, `get`, `erase`, `get_keys`,
//! `group_leader`, `make_ref`, `halt`, `hibernate`, `yield`. Everything else of
//! `erlang` (ports, conversions, `term_to_binary`, `setelement`, time, hashes,
//! `system_info`, ...) is.

use crate::native::{NativeModule, Prelude};

/// Functions written in Rust.
pub(crate) const MODULES: &[&NativeModule] = &[];

/// Modules written in Erlang.
pub(crate) const PRELUDES: &[Prelude] = &[];
