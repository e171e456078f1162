//! Descriptors that a driver has selected.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use portwright_driver::{Interest, Select};

use super::signal::Signal;
use super::turn::Held;
use super::{Phase, PortCore, State};
use crate::reactor::{Reactor, Source, Token};

/// One selected descriptor of a port.
pub(super) struct PortSelect {
    pub(super) number: u64,
    fd: RawFd,
    port: Weak<PortCore>,
    registration: Mutex<Registration>,
    /// An event waits in the port's signal queue; until it is handled the
    /// descriptor is not watched, for it would be ready again and again.
    waits: AtomicBool,
}

struct Registration {
    token: Option<Token>,
    /// What the driver wants.
    interest: Interest,
}

impl Source for PortSelect {
    fn ready(self: Arc<Self>, readiness: Interest) {
        let Some(port) = self.port.upgrade() else {
            return;
        };
        if let Some(held) = Held::try_of(&port) {
            port.handle_ready(&held, self.number, readiness);
            held.release();
            return;
        }
        self.waits.store(true, Ordering::Release);
        self.watch_for(&port, Interest::NONE);
        port.signal(Signal::Ready {
            select: self.number,
            readiness,
        });
    }

    fn holder(&self) -> Option<String> {
        Some(self.port.upgrade()?.for_reports())
    }
}

/// A descriptor that its driver has left behind.
struct Abandoned {
    fd: RawFd,
    reactor: Weak<Reactor>,
    /// Whose it was.
    driver: String,
    token: Mutex<Option<Token>>,
}

impl Source for Abandoned {
    fn ready(self: Arc<Self>, _: Interest) {
        let Some(token) = self.token.lock().take() else {
            return;
        };
        tracing::error!(
            fd = self.fd,
            "{}: driver gone away without deselecting!",
            self.driver
        );
        if let Some(reactor) = self.reactor.upgrade() {
            reactor.deregister(token);
        }
    }

    fn holder(&self) -> Option<String> {
        None
    }

    fn is_abandoned(&self) -> bool {
        true
    }
}

impl PortSelect {
    fn watch_for(&self, port: &PortCore, interest: Interest) {
        if let Some(token) = self.registration.lock().token {
            // The descriptor may be closed by now; then there is nothing to watch.
            let _ = port.node.reactor().set_interest(token, interest);
        }
    }

    /// What is to be watched for now.
    fn wanted(&self, port: &PortCore) -> Interest {
        let interest = self.registration.lock().interest;
        if self.waits.load(Ordering::Acquire) {
            Interest::NONE
        } else if port.gate().is_shut() {
            interest.without(Interest::READ)
        } else {
            interest
        }
    }
}

impl State {
    fn selects(&self) -> &[Arc<PortSelect>] {
        self.rare.get().map_or(&[], |rare| &rare.selects)
    }

    fn find_select(&self, number: u64) -> Option<&Arc<PortSelect>> {
        self.selects().iter().find(|own| own.number == number)
    }
}

impl PortCore {
    /// `driver_select`.
    pub(super) fn select(
        self: &Arc<Self>,
        held: &Held<'_>,
        fd: RawFd,
        interest: Interest,
        select: Select,
    ) -> bool {
        if fd < 0 {
            return false;
        }
        let mut state = self.state(held);
        let rare = state.rare.make();
        let index = rare.selects.iter().position(|select| select.fd == fd);
        let old = index.map_or(Interest::NONE, |index| {
            rare.selects[index].registration.lock().interest
        });
        let new = match select {
            Select::On => old | interest,
            Select::Off => old.without(interest),
        };
        match index {
            Some(index) if new.is_none() => {
                let select = rare.selects.swap_remove(index);
                drop(state);
                self.forget_select(&select);
                true
            }
            Some(index) => {
                let select = Arc::clone(&rare.selects[index]);
                drop(state);
                select.registration.lock().interest = new;
                select.watch_for(self, select.wanted(self));
                true
            }
            None if new.is_none() => true,
            None => {
                let number = rare.next_select;
                rare.next_select += 1;
                let select = Arc::new(PortSelect {
                    number,
                    fd,
                    port: Arc::downgrade(self),
                    registration: Mutex::new(Registration {
                        token: None,
                        interest: new,
                    }),
                    waits: AtomicBool::new(false),
                });
                rare.selects.push(Arc::clone(&select));
                drop(state);
                let wanted = select.wanted(self);
                match self.node.reactor().register(fd, wanted, select.clone()) {
                    Ok((token, robbed)) => {
                        if let Some(holder) = robbed.and_then(|robbed| robbed.holder()) {
                            tracing::error!(
                                "{} stealing control of fd={fd} from {holder}",
                                self.for_reports()
                            );
                        }
                        select.registration.lock().token = Some(token);
                        // The gate or the interest may have moved meanwhile.
                        let now = select.wanted(self);
                        if now != wanted {
                            select.watch_for(self, now);
                        }
                        true
                    }
                    Err(_) => {
                        if let Some(rare) = self.state(held).rare.get_mut() {
                            rare.selects.retain(|other| other.number != number);
                        }
                        false
                    }
                }
            }
        }
    }

    /// The driver and the port, as OTP's reports name them.
    fn for_reports(&self) -> String {
        format!("{} driver {}", self.driver.entry.name(), self.id)
    }

    /// The driver ends without having deselected `fd` (D-M12, D-M13).
    pub(super) fn abandon_select(&self, held: &Held<'_>, fd: RawFd) {
        let select = {
            let mut state = self.state(held);
            state.rare.get_mut().and_then(|rare| {
                let index = rare.selects.iter().position(|select| select.fd == fd)?;
                Some(rare.selects.swap_remove(index))
            })
        };
        let Some(select) = select else { return };
        let (token, interest) = {
            let registration = select.registration.lock();
            (registration.token, registration.interest)
        };
        // Somebody else has taken it over, or it was closed.
        let is_ours = token.is_some_and(|token| {
            let reactor = self.node.reactor();
            reactor.set_interest(token, Interest::NONE).is_ok()
        });
        if !is_ours {
            return self.forget_select(&select);
        }
        let abandoned = Arc::new(Abandoned {
            fd,
            reactor: Arc::downgrade(self.node.reactor()),
            driver: self.for_reports(),
            token: Mutex::new(None),
        });
        // An event waits until the token is in place.
        let mut own = abandoned.token.lock();
        match self
            .node
            .reactor()
            .register(fd, interest, abandoned.clone())
        {
            Ok((token, _)) => *own = Some(token),
            Err(_) => self.forget_select(&select),
        }
    }

    pub(super) fn forget_select(&self, select: &PortSelect) {
        if let Some(token) = select.registration.lock().token.take() {
            self.node.reactor().deregister(token);
        }
    }

    /// Watches all descriptors for what is wanted now: the gate has moved.
    pub(super) fn update_selects(&self, held: &Held<'_>) {
        let selects = self.state(held).selects().to_vec();
        for select in selects {
            select.watch_for(self, select.wanted(self));
        }
    }

    /// A selected descriptor is ready: output first, then input, as OTP has it.
    pub(super) fn handle_ready(
        self: &Arc<Self>,
        held: &Held<'_>,
        number: u64,
        readiness: Interest,
    ) {
        let find = || {
            let state = self.state(held);
            let select = state.find_select(number)?;
            Some((select.fd, select.registration.lock().interest))
        };
        let has_driver = || matches!(self.phase(), Phase::Open | Phase::Closing);
        let Some((fd, mut interest)) = find() else {
            return;
        };
        if readiness.contains(Interest::WRITE) && interest.contains(Interest::WRITE) && has_driver()
        {
            self.callback(held, None, |driver, port| driver.ready_output(port, fd));
            // The callback may have ended the port, or its interest.
            match find() {
                Some((_, now)) => interest = now,
                None => return,
            }
        }
        if readiness.contains(Interest::READ)
            && interest.contains(Interest::READ)
            && has_driver()
            && !self.gate().is_shut()
        {
            self.callback(held, None, |driver, port| driver.ready_input(port, fd));
        }
    }

    /// As [`handle_ready`](Self::handle_ready), for an event that waited in the signal queue.
    pub(super) fn handle_queued_ready(
        self: &Arc<Self>,
        held: &Held<'_>,
        number: u64,
        readiness: Interest,
    ) {
        self.handle_ready(held, number, readiness);
        let select = self.state(held).find_select(number).cloned();
        if let Some(select) = select {
            // Whether it still says that one waits or not: two may have come one after the
            // other, and each of them has ended the watch.
            select.waits.store(false, Ordering::Release);
            select.watch_for(self, select.wanted(self));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::time::Duration;

    use portwright_driver::{Driver, PortContext, StartError};

    use super::*;
    use crate::process::Received;
    use crate::{Node, PortName, PortSettings};

    /// Tells when the descriptor that its command names is readable.
    struct Tells;

    impl Driver for Tells {
        fn start(port: &PortContext<'_>, command: &[u8]) -> Result<Self, StartError> {
            let command = std::str::from_utf8(command).unwrap();
            let fd = command.trim_start_matches("tells ").parse().unwrap();
            assert!(port.select(fd, Interest::READ, Select::On));
            Ok(Self)
        }

        fn ready_input(&mut self, port: &PortContext<'_>, fd: RawFd) {
            port.output("readable");
            port.select(fd, Interest::READ, Select::Off);
        }
    }

    // The poller ends the watch and then leaves the event; the watch may have begun anew in
    // between, for an event that was left before.
    #[test]
    fn every_event_that_was_left_begins_the_watch_anew() {
        let node = Node::new();
        node.register_driver::<Tells>("tells").unwrap();
        let mut me = node.attach();
        let (read_end, write_end) = rustix::pipe::pipe().unwrap();
        let name = PortName::spawn(format!("tells {}", read_end.as_raw_fd()));
        let port = me.open_port(name, PortSettings::new()).unwrap();
        let core = port.core();
        let held = Held::try_of(core).unwrap();
        let select = Arc::clone(&core.state(&held).selects()[0]);
        held.release();
        let leave = || {
            core.signal(Signal::Ready {
                select: select.number,
                readiness: Interest::NONE,
            });
        };
        // Two events come; the poller is held up in the middle of the second.
        select.waits.store(true, Ordering::Release);
        select.watch_for(core, Interest::NONE);
        leave();
        select.watch_for(core, Interest::NONE);
        leave();
        rustix::io::write(&write_end, b"x").unwrap();
        match me.receive_timeout_blocking(Duration::from_secs(30)) {
            Received::Message(message) => {
                assert!(message.to_string().contains("data"), "{message}")
            }
            other => panic!("{other:?}"),
        }
    }
}
