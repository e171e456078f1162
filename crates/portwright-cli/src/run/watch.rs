//! Ending the program before its time: at the deadline, or when nobody reads our output.
//!
//! A thread of its own, for the one that prints may be held up by whoever reads
//! our output.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use portwright::{Node, Port};
use signal_hook::consts::{SIGKILL, SIGTERM};

/// At the deadline, as timeout(1).
pub(crate) const TIMED_OUT: u8 = 124;

/// How long after SIGKILL the output may stay open, held by processes that have left
/// the program's group, and how long the port's end may take to be printed.
const LINGER: Duration = Duration::from_millis(200);

/// Can end the program.
pub(super) struct Watch {
    stop: Sender<()>,
    timed_out: Arc<AtomicBool>,
}

impl Watch {
    pub(super) fn start(
        node: &Node,
        port: Port,
        deadline: Option<Duration>,
        grace: Duration,
    ) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let timed_out = Arc::new(AtomicBool::new(false));
        let watcher = Watcher {
            node: node.clone(),
            port,
            grace,
            timed_out: Arc::clone(&timed_out),
        };
        // A deadline beyond all times is none.
        let deadline = deadline.and_then(|deadline| Instant::now().checked_add(deadline));
        let watch = move || watcher.watch(&stopped, deadline);
        thread::Builder::new().name("watch".into()).spawn(watch)?;
        Ok(Self { stop, timed_out })
    }

    /// Ends the program, now and not at the deadline. Does not wait for it.
    pub(super) fn stop(&self) {
        // The thread has gone only if it is done with that.
        let _ = self.stop.send(());
    }

    /// Whether the deadline came.
    pub(super) fn timed_out(&self) -> bool {
        self.timed_out.load(Ordering::Acquire)
    }
}

struct Watcher {
    node: Node,
    port: Port,
    grace: Duration,
    timed_out: Arc<AtomicBool>,
}

impl Watcher {
    fn watch(self, stopped: &Receiver<()>, deadline: Option<Instant>) {
        let told = match deadline {
            None => stopped.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) => {
                stopped.recv_timeout(deadline.saturating_duration_since(Instant::now()))
            }
        };
        match told {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => self.timed_out.store(true, Ordering::Release),
            // The conversation is over.
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let _ = self.port.signal(SIGTERM, true);
        thread::sleep(self.grace);
        let _ = self.port.signal(SIGKILL, true);
        thread::sleep(LINGER);
        // Somebody who is not in the group holds the output open.
        let _ = self.node.attach().close(&self.port);
        thread::sleep(LINGER);
        // Whoever should read our output does not: what was to be printed is lost.
        std::process::exit(if self.timed_out.load(Ordering::Acquire) {
            TIMED_OUT.into()
        } else {
            0
        });
    }
}
