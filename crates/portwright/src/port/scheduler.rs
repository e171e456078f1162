//! Who handles the commands of ports with `{parallelism,true}`.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use super::turn::Owed;

/// How long commands are gathered. A thread that began at once would be woken for
/// every single command, and run in the place of its sender.
const GATHERING: Duration = Duration::from_micros(100);

/// A thread that handles what senders have left, started when it is first needed. It
/// is none of the pool's: a job there may wait for just that.
#[derive(Default)]
pub(crate) struct Scheduler {
    thread: Mutex<Option<Sender<Owed>>>,
}

impl Scheduler {
    /// Handles the signals of a turn soon. Without a thread it is done at once.
    pub(super) fn see_to(&self, owed: Owed) {
        let mut running = self.thread.lock();
        if running.is_none() {
            let (sender, receiver) = mpsc::channel();
            let name = "scheduler".to_owned();
            let started = thread::Builder::new().name(name).spawn(|| run(receiver));
            *running = started.is_ok().then_some(sender);
        }
        let sender = running.clone();
        drop(running);
        if let Some(sender) = sender {
            // A thread that is gone gives it back, and to drop it is to see to it.
            let _ = sender.send(owed);
        }
    }
}

fn run(owed: Receiver<Owed>) {
    while let Ok(first) = owed.recv() {
        thread::sleep(GATHERING);
        let others: Vec<Owed> = owed.try_iter().collect();
        drop(first);
        drop(others);
    }
}
