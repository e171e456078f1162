//! The codes of open failures count from the start of the process, so these cases have one of their own.

#[allow(dead_code, reason = "these cases are not run on OTP")]
mod swiss_runner;

use swiss_runner::{Setting, check};

#[test]
fn texts_have_codes() {
    check("codes", Setting::default());
}
