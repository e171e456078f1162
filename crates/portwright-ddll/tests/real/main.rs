//! Real drivers, compiled for Erlang by others and loaded as they are.
//!
//! Each is skipped, aloud, where its package is not installed; `PORTWRIGHT_REQUIRE_ERL=1` makes that a failure.

mod support;

mod megaco;
mod setuid;
mod sqlite3;
mod trace;
