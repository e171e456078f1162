//! Misuse that has no error result.

/// Reports that a driver has misused a function and aborts, as OTP does: whoever unlocks what is not locked has lost
/// control over its data.
#[cold]
pub(crate) fn fatal(function: &str, errno: i32) -> ! {
    let name = portwright_driver::errno::name(errno);
    tracing::error!(function, errno = name, "fatal misuse by a driver");
    eprintln!("portwright: fatal error in {function}(): {name} ({errno}); a driver has misused it");
    std::process::abort()
}
