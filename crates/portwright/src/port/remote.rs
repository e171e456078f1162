//! What a driver's own threads may do with a port, without its turn.
//!
//! Rust drivers hand work over to jobs; compiled drivers have threads that send
//! messages and use the queue while callbacks of the port run elsewhere. So
//! nothing here waits for the turn, except [`Port::end_at_once`].

use portwright_driver::Delivery;
use portwright_term::{IoVec, Pid, Term};

use super::close::Ending;
use super::{Phase, Port, PortCore};
use crate::{ExitReason, Message};

impl Port {
    /// Sends a term to the port's owner, as
    /// [`PortContext::output_term`](portwright_driver::PortContext::output_term), from
    /// any thread.
    pub fn output_term(&self, term: impl Into<Term>) -> Delivery {
        let core = self.core();
        core.deliver_term(term.into(), |message| {
            let owner = core.outside.lock().owner.clone();
            owner.deliver(message)
        })
    }

    /// Sends a term to a process on behalf of the port, as
    /// [`PortContext::send_term`](portwright_driver::PortContext::send_term), from any
    /// thread.
    pub fn send_term(&self, receiver: Pid, term: impl Into<Term>) -> Delivery {
        let core = self.core();
        core.deliver_term(term.into(), |message| {
            let process = core.node().process(receiver);
            process.is_some_and(|process| process.deliver(message))
        })
    }

    /// Says how many bytes are queued, for a driver that keeps its queue itself; as
    /// [`PortOperations::set_queue_len`](portwright_driver::PortOperations::set_queue_len),
    /// from any thread. A port that lingers looks at it after its next callback.
    pub fn set_queue_len(&self, bytes: usize) {
        self.core().set_queue_len(bytes);
    }

    /// Bytes that are queued: [`PortInfo::queue_size`](crate::PortInfo::queue_size)
    /// without waiting for a callback.
    pub fn queue_len(&self) -> usize {
        self.core().queue_len()
    }

    /// `port_control/3` whose answer nobody waits for.
    pub fn send_control(&self, operation: u32, data: impl Into<IoVec>) {
        let data = data.into().into_bytes();
        self.core()
            .signal(super::Signal::Run(Box::new(move |port, held| {
                if matches!(port.phase(), Phase::Open | Phase::Closing) {
                    // A driver that does not know the operation has nobody to tell.
                    let _ = port.callback(held, None, |driver, context| {
                        driver.control(context, operation, &data)
                    });
                }
            })));
    }

    /// Ends the port with `reason` and drops what is queued: its driver is being
    /// unloaded. At once if no callback of it is running, else after that.
    pub fn end_at_once(&self, reason: impl Into<ExitReason>) {
        let reason = reason.into();
        self.core()
            .signal(super::Signal::Run(Box::new(move |port, held| {
                if port.is_open() {
                    // The driver's last callback sees an empty queue (D-O6).
                    port.set_queue_len(0);
                }
                port.begin_close(held, reason, Ending::Dropping);
            })));
    }
}

impl PortCore {
    fn deliver_term(&self, term: Term, send: impl FnOnce(Message) -> bool) -> Delivery {
        match self.phase() {
            Phase::Open | Phase::Stopping => {
                if send(Message::Term(term)) {
                    Delivery::Delivered
                } else {
                    Delivery::NotDelivered
                }
            }
            Phase::Closing => Delivery::NotDelivered,
            Phase::Ended | Phase::Gone => Delivery::PortGone,
        }
    }
}
