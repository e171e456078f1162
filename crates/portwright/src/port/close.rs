//! How a port ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use portwright_driver::{End, PortContext};

use super::operations::Operations;
use super::turn::Held;
use super::{Phase, PortCore, PortMessage};
use crate::process::{MonitoredBy, ProcessCore, Signalled};
use crate::{ExitReason, Message};

/// What happens to the output that is still queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The port lingers until it is written.
    Flushing,
    /// It is dropped.
    Dropping,
}

impl PortCore {
    /// The end of an open port begins: rule P-004. Links and monitors are told
    /// before this returns.
    pub(super) fn begin_close(
        self: &Arc<Self>,
        held: &Held<'_>,
        reason: ExitReason,
        ending: Ending,
    ) {
        match self.phase() {
            Phase::Open => {}
            // A lingering port goes at once when nothing will empty its queue.
            Phase::Closing if ending == Ending::Dropping => return self.finish(held),
            _ => return,
        }
        let flush = ending == Ending::Flushing && self.queue_len() > 0;
        self.set_phase(if flush {
            Phase::Closing
        } else {
            Phase::Stopping
        });
        self.tell_relations(held, &reason);
        if flush {
            self.callback(held, None, |driver, port| driver.flush(port));
        } else {
            self.finish(held);
        }
    }

    /// Frees the name, tells links and monitors, wakes the suspended: what these do
    /// next comes behind the exit signals, as in OTP.
    fn tell_relations(self: &Arc<Self>, held: &Held<'_>, reason: &ExitReason) {
        // Taken out first: who registers a name holds the table of names while it looks at
        // the port's.
        if let Some(name) = self.take_name() {
            self.node.forget_name(name, self.id.into());
        }
        let (owner, rare) = {
            let mut state = self.state(held);
            let is_linked = std::mem::take(&mut state.only_owner_linked);
            let owner = is_linked.then(|| Arc::clone(&state.connected));
            let rare = state.rare.get_mut().map(|rare| {
                (
                    std::mem::take(&mut rare.links),
                    std::mem::take(&mut rare.monitors),
                    std::mem::take(&mut rare.driver_monitors),
                )
            });
            (owner, rare)
        };
        let by_link = |process: Arc<ProcessCore>| {
            process.exit_signal(self.id.into(), reason.clone(), Signalled::ByLink);
        };
        owner.into_iter().for_each(by_link);
        if let Some((links, monitors, driver_monitors)) = rare {
            let linked = links.into_iter().filter_map(|pid| self.node.process(pid));
            linked.for_each(by_link);
            for (pid, reference) in monitors {
                if let Some(process) = self.node.process(pid) {
                    process.monitor_fired(&reference, reason.clone());
                }
            }
            for (monitor, pid) in driver_monitors {
                self.forget_process_monitor(pid, monitor);
            }
        }
        self.wake_all();
    }

    pub(super) fn forget_process_monitor(
        &self,
        pid: portwright_term::Pid,
        monitor: portwright_driver::MonitorId,
    ) {
        if let Some(process) = self.node.process(pid) {
            process.remove_monitored_by(|watcher| {
                matches!(watcher, MonitoredBy::Port { port, monitor: own }
                    if *port == self.id && *own == monitor)
            });
        }
    }

    /// The last callback, then the port is gone. Put off while a callback of the
    /// driver is running further up the stack.
    pub(super) fn finish(self: &Arc<Self>, held: &Held<'_>) {
        if self.phase() == Phase::Gone {
            return;
        }
        let Some(mut instance) = self.instance.try_get_mut(self, held) else {
            self.finish_pending.store(true, Ordering::Relaxed);
            return;
        };
        let driver = instance.take();
        drop(instance);
        self.finish_pending.store(false, Ordering::Relaxed);
        // What a flushed port still says is lost; every other end has a last word.
        if self.phase() != Phase::Closing {
            self.set_phase(Phase::Stopping);
        }
        if let Some(mut driver) = driver {
            let operations = Operations {
                port: self,
                held,
                caller: None,
                options: None,
            };
            let context = PortContext::new(&operations);
            let stopped = catch_unwind(AssertUnwindSafe(|| {
                driver.stop(&context);
                drop(driver);
            }));
            if stopped.is_err() {
                tracing::error!(port = %self.id, "the driver panicked while stopping");
            }
        }
        self.vanish(held);
    }

    /// Takes back everything that the port holds of the node.
    pub(super) fn vanish(self: &Arc<Self>, held: &Held<'_>) {
        let (rare, queue) = {
            let mut state = self.state(held);
            (state.rare.take(), state.queue.take())
        };
        let (timer, reply, ack) = rare.map_or((None, None, None), |rare| {
            for select in rare.selects {
                self.forget_select(&select);
            }
            (rare.timer, rare.closed_reply, rare.init_ack)
        });
        if let Some(timer) = timer {
            self.node.reactor().cancel_timer(timer.id);
        }
        self.note_dropped_output();
        drop(queue);
        self.set_queue_len(0);
        self.set_phase(Phase::Gone);
        self.wake_all();
        self.node.forget_port(self.id);
        if let Some(owner) = reply {
            owner.deliver(Message::Port {
                port: self.id,
                message: PortMessage::Closed,
            });
        }
        if let Some(ack) = ack {
            // The opener gets its port, which is gone.
            ack.result.lock().get_or_insert(Ok(()));
            ack.arrived.notify_all();
        }
    }

    /// The driver ends its port: `driver_failure`, `driver_failure_eof`,
    /// `driver_exit`. `false` when the port has ended before.
    pub(super) fn end_by_driver(
        self: &Arc<Self>,
        held: &Held<'_>,
        how: End,
        stop: &mut dyn FnMut(),
    ) -> bool {
        match self.phase() {
            Phase::Open | Phase::Closing => {}
            // In `stop` itself: accepted, without effect (D-H32).
            Phase::Stopping => return true,
            Phase::Ended | Phase::Gone => return false,
        }
        if self.state(held).starting {
            // `open_port` refuses; nobody has seen the port yet.
            self.set_phase(Phase::Ended);
            return true;
        }
        let reason = match how {
            End::Failure(reason) => ExitReason::from(reason),
            End::Eof => {
                if self.phase() == Phase::Open {
                    self.finish_lines(held);
                    if self.state(held).eof {
                        self.deliver(held, PortMessage::Eof);
                        return true;
                    }
                }
                ExitReason::normal()
            }
            End::Exit(reason) => {
                let owner = self.state(held).connected.clone();
                self.state(held).unlink(owner.pid());
                owner.remove_link(self.id.into());
                reason.into()
            }
        };
        let was_open = self.phase() == Phase::Open;
        self.note_dropped_output();
        if was_open {
            // Nothing is flushed: whoever looks at the queue in `stop` sees no bytes
            // (D-H16), save in a port that was closing (D-H13).
            self.set_queue_len(0);
            self.set_phase(Phase::Stopping);
            self.tell_relations(held, &reason);
        }
        stop();
        self.set_phase(Phase::Ended);
        self.finish(held);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use portwright_driver::{Driver, StartError};
    use portwright_term::Atom;

    use super::*;
    use crate::{Node, PortName, PortSettings};

    struct Quiet;

    impl Driver for Quiet {
        fn start(_: &PortContext<'_>, _: &[u8]) -> Result<Self, StartError> {
            Ok(Self)
        }
    }

    // P-511: who registers a name looks at the port with the names locked, so a port that waits
    // for the names must not be locked itself.
    #[test]
    fn a_port_that_frees_its_name_can_be_looked_at_meanwhile() {
        let node = Node::new();
        node.register_driver::<Quiet>("quiet").unwrap();
        let me = node.attach();
        let port = me
            .open_port(PortName::spawn("quiet"), PortSettings::new())
            .unwrap();
        me.register(Atom::literal("name"), port.id()).unwrap();
        let core = Arc::clone(port.core());
        let closing = node.core().with_names_locked(|| {
            let closing = std::thread::spawn(move || me.close(&port));
            let patience = Instant::now() + Duration::from_secs(30);
            while core.outside.is_locked() || core.registered_name().is_some() {
                assert!(Instant::now() < patience, "it is locked while it waits");
                std::thread::yield_now();
            }
            closing
        });
        closing.join().unwrap().unwrap();
        assert_eq!(node.registered(), []);
    }
}
