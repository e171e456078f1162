//! Processes that run a future of their own.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use portwright_term::{Pid, Reference, Term};

use super::core::ProcessCore;
use super::handle::Process;
use crate::exit::IntoExitReason;
use crate::{ExitReason, Node};

/// How [`Node::spawn_with`] ties the new process to the one that spawns it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpawnOptions {
    /// Link the two before the new one runs.
    pub link: bool,
    /// Monitor the new one before it runs.
    pub monitor: bool,
}

impl Node {
    /// Starts a process that runs `body`. Its exit reason is what `body` returns
    /// ([`IntoExitReason`]); a panic is `{panic,Text}`. An exit signal drops the
    /// future at its next await.
    ///
    /// Runs on the tokio runtime of the caller, else on the one in which the node
    /// was made, else on one that the node starts for itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use portwright::{Node, Message};
    /// use portwright_term::Term;
    ///
    /// let node = Node::new();
    /// let mut me = node.attach();
    /// let parent = me.pid();
    /// node.spawn(async move |child| {
    ///     let _ = child.send(parent, Term::atom("hello"));
    /// });
    /// assert_eq!(me.receive_blocking(), Some(Message::Term(Term::atom("hello"))));
    /// ```
    pub fn spawn<B, F>(&self, body: B) -> Pid
    where
        B: FnOnce(Process) -> F + Send + 'static,
        F: Future + Send + 'static,
        F::Output: IntoExitReason + Send,
    {
        let process = self.attach();
        let pid = process.pid();
        self.run(process, body);
        pid
    }

    /// As [`spawn`](Self::spawn), linked with or monitored by `parent` from the
    /// start: `spawn_link`, `spawn_monitor`.
    pub fn spawn_with<B, F>(
        &self,
        parent: &Process,
        options: SpawnOptions,
        body: B,
    ) -> (Pid, Option<Reference>)
    where
        B: FnOnce(Process) -> F + Send + 'static,
        F: Future + Send + 'static,
        F::Output: IntoExitReason + Send,
    {
        let process = self.attach();
        let pid = process.pid();
        if options.link {
            // The new process is alive, and so is the caller unless it was just
            // killed: then its link partner is told as well.
            let _ = process.link(parent.pid());
        }
        let monitor = options.monitor.then(|| {
            parent
                .monitor(pid)
                .expect("a process just made on this node belongs to it")
        });
        self.run(process, body);
        (pid, monitor)
    }

    fn run<B, F>(&self, mut process: Process, body: B)
    where
        B: FnOnce(Process) -> F + Send + 'static,
        F: Future + Send + 'static,
        F::Output: IntoExitReason + Send,
    {
        process.leave_end_to_task();
        let core = process.core().clone();
        let end = EndWithTask(core.clone());
        let task = self.core().runtime().spawn(async move {
            let outcome = CatchUnwind(Box::pin(async move { body(process).await })).await;
            end.0.die(match outcome {
                Ok(output) => output.into_exit_reason(),
                Err(panic) => panic_reason(&*panic),
            });
        });
        core.set_abort(task.abort_handle());
    }
}

/// Ends the process when its task is dropped before it is done: by an exit
/// signal, which has set the reason already, or with its runtime.
struct EndWithTask(Arc<ProcessCore>);

impl Drop for EndWithTask {
    fn drop(&mut self) {
        self.0.die(ExitReason::killed());
    }
}

/// `{panic,Text}`, or `panic` when the panic carries no text.
pub(crate) fn panic_reason(panic: &(dyn Any + Send)) -> ExitReason {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    match text {
        Some(text) => Term::tuple([Term::atom("panic"), Term::string(text)]).into(),
        None => Term::atom("panic").into(),
    }
}

/// A future whose panic is its output.
struct CatchUnwind<F>(Pin<Box<F>>);

impl<F: Future> Future for CatchUnwind<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The future is not polled again after a panic.
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}
