//! Compares this crate with the real `erl_driver.h`, and with the emulator that exports its functions.
//!
//! Needs a C compiler (`cc`, or what `CC` names) and Erlang/OTP with its header. Without them the tests say aloud that
//! they are skipped; with `PORTWRIGHT_REQUIRE_ERL=1` they fail instead.

#![cfg(all(unix, target_pointer_width = "64"))]

mod coverage;
mod exports;
mod functions;
mod layout;
mod otp;
mod spelling;
