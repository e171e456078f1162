//! Threads for the asynchronous jobs of drivers.

use std::sync::mpsc::{self, Sender};
use std::thread;

use parking_lot::Mutex;

type Work = Box<dyn FnOnce() + Send>;

/// A fixed number of threads, started when they are first needed. Work with one
/// key runs on one thread, in order.
pub(crate) struct Pool {
    workers: Mutex<Vec<Option<Sender<Work>>>>,
    size: usize,
}

impl Pool {
    pub(crate) fn new(size: usize) -> Self {
        let size = size.max(1);
        Self {
            workers: Mutex::new((0..size).map(|_| None).collect()),
            size,
        }
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Waits until all work that was handed in so far is done.
    pub(crate) fn wait_idle(&self) {
        let (done, all_done) = mpsc::channel::<()>();
        for worker in self.workers.lock().iter().flatten() {
            let done = done.clone();
            let _ = worker.send(Box::new(move || drop(done)));
        }
        drop(done);
        // Fails once every thread has come to its end of the line.
        let _ = all_done.recv();
    }

    /// Runs `work` on thread `key` modulo the pool's size; `false` when that
    /// thread cannot be started.
    pub(crate) fn run(&self, key: u64, work: Work) -> bool {
        let index = (key % self.size as u64) as usize;
        let mut workers = self.workers.lock();
        if workers[index].is_none() {
            let (sender, receiver) = mpsc::channel::<Work>();
            let started = thread::Builder::new()
                .name(format!("async_{}", index + 1))
                .spawn(move || receiver.into_iter().for_each(|work| work()));
            if started.is_err() {
                return false;
            }
            workers[index] = Some(sender);
        }
        workers[index]
            .as_ref()
            .is_some_and(|sender| sender.send(work).is_ok())
    }
}
