//! Interrupts, which reach the program.
//!
//! The program has a session of its own, so the terminal's interrupts reach only us.
//! We pass them on to its process group and live on to tell how it ended.

use std::ffi::c_int;
use std::io;
use std::thread;

use portwright::Port;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals;

const PASSED_ON: [c_int; 6] = [SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2];

/// Signals that are caught from now on, and passed on later.
pub(crate) struct Interrupts(Signals);

impl Interrupts {
    /// Catches interrupts. Those that we were started to ignore (by `nohup`, say) stay
    /// ignored, for the program as for us.
    pub(crate) fn catch() -> io::Result<Self> {
        let ignored = ignored();
        let caught = PASSED_ON
            .iter()
            .filter(|number| ignored >> (*number - 1) & 1 == 0);
        Ok(Self(Signals::new(caught)?))
    }

    /// Passes on what was caught, and what will be.
    pub(super) fn pass_on(self, port: Port) -> io::Result<()> {
        self.each(move |number| {
            // A program that has ended needs no interrupt.
            let _ = port.signal(number, true);
        })
    }

    /// Calls `then` with the number of each signal that was caught and that will be.
    pub(crate) fn each(mut self, mut then: impl FnMut(c_int) + Send + 'static) -> io::Result<()> {
        let pass_on = move || self.0.forever().for_each(&mut then);
        thread::Builder::new()
            .name("interrupts".into())
            .spawn(pass_on)?;
        Ok(())
    }
}

/// The signals that we ignore, one bit each; none where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    parse_ignored(&status).unwrap_or(0)
}

fn parse_ignored(status: &str) -> Option<u64> {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_found_in_the_status_of_a_process() {
        let status = "Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        assert_eq!(parse_ignored(status), Some(1 << (SIGHUP - 1) | 1 << 12));
        assert_eq!(parse_ignored("Name:\tx\n"), None);
    }
}
