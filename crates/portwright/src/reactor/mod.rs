//! Readiness, timers and who waits for them.
//!
//! One epoll set per node. It needs no asynchronous runtime, so ports work for
//! tasks of any executor and for plain threads alike. Interest is level-triggered,
//! as `driver_select` demands: whoever handles an event and leaves the condition
//! in place is called again.
//!
//! # Who polls
//!
//! Exactly one at a time waits for the epoll set, the *poller*. A thread
//! that blocks in a receive becomes the poller itself where it can: the event
//! that it waits for is then handled on its own stack, without a wake-up between
//! threads. Otherwise a background thread polls. When a blocking thread has got
//! its message it leaves the role vacant, for it most likely comes back at once;
//! the background thread looks after a vacancy within [`VACANCY`]. While there are
//! neither descriptors nor timers, threads that block just sleep. Before they sleep
//! they look for a moment, if that has helped lately ([`spin`]). A host whose runtime is to
//! handle the events polls in a task of it ([`runtime`]): an event is then handled between
//! two tasks, on the thread that runs the one that waits for it.
//!
//! No lock of this module is held while an event is handled.

mod park;
mod runtime;
mod sources;
mod spin;
mod timers;

pub(crate) mod pool;

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use portwright_driver::Interest;
use rustix::event::{EventfdFlags, Timespec, epoll, eventfd};

pub(crate) use park::{block_on, block_on_pending, is_blocking};
pub(crate) use sources::{Source, Token};
pub(crate) use timers::TimerId;

use park::Parker;
use runtime::Candidate;
use sources::Sources;
use timers::Timers;

/// How long events may wait while the poller's role is vacant.
const VACANCY: Duration = Duration::from_millis(1);

/// The token of the descriptors that interrupt the poller.
const WAKE: u64 = u64::MAX;

/// Events taken out of the epoll set at a time.
const EVENTS: usize = 64;

/// A wait that is none.
const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

pub(crate) struct Reactor {
    epoll: OwnedFd,
    wake: OwnedFd,
    sources: Sources,
    timers: Timers,
    role: Mutex<Role>,
    role_changed: Condvar,
    /// Somebody waits outside of [`block_on`]: the role must not stay vacant.
    has_tasks: AtomicBool,
}

/// Who polls, and who waits for what.
struct Role {
    poller: Poller,
    /// Threads that block and do not poll.
    followers: Vec<Arc<Parker>>,
    /// Tasks that want to poll: before all others.
    candidates: Vec<Arc<Candidate>>,
    background: Background,
    /// Counts how often somebody in the foreground has left the role.
    departures: u64,
    shutdown: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Poller {
    Vacant,
    Background,
    /// A thread that blocks, or a task.
    Foreground,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Background {
    /// Not started yet.
    Absent,
    Running,
    /// Sleeps until it is told; a departing poller must wake it.
    Asleep,
}

/// Lets a descriptor end waits and do no more. It is edge-triggered, so that what makes it
/// readable need never be read.
fn add_wake(epoll: &OwnedFd, descriptor: &OwnedFd) -> io::Result<()> {
    let (data, flags) = (
        epoll::EventData::new_u64(WAKE),
        epoll::EventFlags::IN | epoll::EventFlags::ET,
    );
    Ok(epoll::add(epoll, descriptor, data, flags)?)
}

impl Reactor {
    pub(crate) fn new() -> io::Result<Arc<Self>> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        add_wake(&epoll, &wake)?;
        Ok(Arc::new(Self {
            epoll,
            wake,
            sources: Sources::default(),
            timers: Timers::default(),
            role: Mutex::new(Role {
                poller: Poller::Vacant,
                followers: Vec::new(),
                candidates: Vec::new(),
                background: Background::Absent,
                departures: 0,
                shutdown: false,
            }),
            role_changed: Condvar::new(),
            has_tasks: AtomicBool::new(false),
        }))
    }

    /// Watches `fd` for `interest` on behalf of `source`. A descriptor that
    /// another source watches is taken away from it; that source is returned too.
    pub(crate) fn register(
        self: &Arc<Self>,
        fd: RawFd,
        interest: Interest,
        source: Arc<dyn Source>,
    ) -> io::Result<(Token, Option<Arc<dyn Source>>)> {
        let registered = self.sources.add(self.epoll.as_fd(), fd, interest, source)?;
        self.ensure_background();
        if self.sources.has_always_ready() {
            self.interrupt();
        }
        Ok(registered)
    }

    /// Changes for what a registered descriptor is watched.
    pub(crate) fn set_interest(&self, token: Token, interest: Interest) -> io::Result<()> {
        self.sources
            .set_interest(self.epoll.as_fd(), token, interest)?;
        if self.sources.has_always_ready() {
            self.interrupt();
        }
        Ok(())
    }

    /// Stops watching. Once this returns no event of the descriptor is handed out
    /// any more, though one that is being handled may still be under way.
    pub(crate) fn deregister(&self, token: Token) {
        // Dropped outside of the lock: a source may own a whole port.
        drop(self.sources.remove(self.epoll.as_fd(), token));
    }

    /// Calls `expire` at `deadline`, on the poller's thread.
    pub(crate) fn set_timer(
        self: &Arc<Self>,
        deadline: Instant,
        expire: impl FnOnce() + Send + 'static,
    ) -> TimerId {
        let (id, interrupt) = self.timers.add(deadline, Box::new(expire));
        self.ensure_background();
        if interrupt {
            self.interrupt();
        }
        id
    }

    /// Takes a timer back; `false` when it has expired.
    pub(crate) fn cancel_timer(&self, id: TimerId) -> bool {
        self.timers.remove(id).is_some()
    }

    /// Says that a task waits that cannot poll for itself.
    pub(crate) fn note_task(self: &Arc<Self>) {
        if !self.has_tasks.load(Ordering::Relaxed) && !self.has_tasks.swap(true, Ordering::Relaxed)
        {
            self.role_changed.notify_all();
        }
    }

    /// Ends the background thread once nothing is registered any more.
    pub(crate) fn shut_down(&self) {
        self.role.lock().shutdown = true;
        self.role_changed.notify_all();
        self.interrupt();
    }

    /// Makes the poller return from its wait.
    fn interrupt(&self) {
        // A full counter interrupts as well as a counted one: the result says nothing.
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }

    /// Waits for events and handles what came.
    fn turn(&self) {
        let until = self.timers.begin_wait();
        let timeout = if self.sources.has_always_ready() {
            Some(AT_ONCE)
        } else {
            until.map(|until| timespec(until.saturating_duration_since(Instant::now())))
        };
        self.take_events(timeout.as_ref(), || self.timers.end_wait(until));
    }

    /// Handles what has come, without a wait; returns how much that was.
    fn look(&self) -> usize {
        self.take_events(Some(&AT_ONCE), || ())
    }

    fn take_events(&self, timeout: Option<&Timespec>, end_wait: impl FnOnce()) -> usize {
        let mut events = [const { MaybeUninit::<epoll::Event>::uninit() }; EVENTS];
        let events = match epoll::wait(&self.epoll, &mut events[..], timeout) {
            Ok((events, _)) => events,
            Err(rustix::io::Errno::INTR) => &mut [],
            Err(error) => panic!("epoll_wait on the node's own descriptor: {error}"),
        };
        end_wait();
        for event in &*events {
            let token = event.data.u64();
            if token == WAKE {
                continue;
            }
            let (token, readiness) = (Token::from_u64(token), readiness(event.flags));
            let source = self.sources.get(token, readiness);
            if let Some((source, readiness)) = source {
                source.ready(readiness);
            }
        }
        if self.sources.has_always_ready() {
            for (source, readiness) in self.sources.always_ready() {
                source.ready(readiness);
            }
        }
        if !self.timers.is_empty() {
            self.expire_timers();
        }
        events.len()
    }

    fn expire_timers(&self) {
        let now = Instant::now();
        while let Some(expire) = self.timers.pop_expired(now) {
            // It may be anybody's, as in `Node::after`. The poller goes on.
            if catch_unwind(AssertUnwindSafe(expire)).is_err() {
                tracing::error!("what was to be called at a deadline panicked");
            }
        }
    }

    fn ensure_background(self: &Arc<Self>) {
        let mut role = self.role.lock();
        if role.background != Background::Absent || role.shutdown {
            return;
        }
        role.background = Background::Running;
        let reactor = Arc::clone(self);
        let started = thread::Builder::new()
            .name("portwright-poll".into())
            .spawn(move || reactor.run_in_background());
        if started.is_err() {
            // No thread to be had: threads that block poll for themselves, and
            // the next registration tries again.
            role.background = Background::Absent;
        }
    }

    fn run_in_background(&self) {
        let mut role = self.role.lock();
        while !(role.shutdown && self.is_idle()) {
            let poller = role.poller;
            match poller {
                Poller::Foreground => self.stand_by(&mut role),
                Poller::Vacant if self.is_vacant_for_long(&mut role) => {
                    role.poller = Poller::Background;
                }
                Poller::Background if role.is_wanted() => {
                    role.poller = Poller::Vacant;
                    if let Some(waker) = role.promote() {
                        MutexGuard::unlocked(&mut role, || waker.wake());
                    }
                }
                Poller::Background => MutexGuard::unlocked(&mut role, || self.turn()),
                Poller::Vacant => {}
            }
        }
        let mut waker = None;
        if role.poller == Poller::Background {
            role.poller = Poller::Vacant;
            waker = role.promote();
        }
        role.background = Background::Absent;
        drop(role);
        // A task that polls, or was about to, ends as we do.
        if let Some(waker) = waker {
            waker.wake();
        }
        self.interrupt();
    }

    /// Waits while a thread or task polls in the foreground. When it stays for long we sleep
    /// until it wakes us as it leaves; else its departures cost it nothing.
    fn stand_by(&self, role: &mut MutexGuard<'_, Role>) {
        let departures = role.departures;
        let timed_out = self.role_changed.wait_for(role, VACANCY).timed_out();
        if timed_out && role.departures == departures && role.poller == Poller::Foreground {
            role.background = Background::Asleep;
            while role.background == Background::Asleep && !role.shutdown {
                self.role_changed.wait(role);
            }
            role.background = Background::Running;
        }
    }

    /// Waits a moment for the thread that left the role to come back.
    fn is_vacant_for_long(&self, role: &mut MutexGuard<'_, Role>) -> bool {
        if role.departures == 0 || self.has_tasks.load(Ordering::Relaxed) || role.shutdown {
            return true;
        }
        let departures = role.departures;
        self.role_changed.wait_for(role, VACANCY);
        role.poller == Poller::Vacant && role.departures == departures
    }

    fn is_idle(&self) -> bool {
        self.sources.is_empty()
    }

    fn has_something_to_poll_for(&self) -> bool {
        !self.sources.is_empty() || !self.timers.is_empty()
    }

    /// Blocks until `parker` is notified, polling if nobody else does.
    fn wait(self: &Arc<Self>, parker: &Arc<Parker>) {
        // Whoever makes something to poll for sees to it that somebody polls.
        let polls = self.has_something_to_poll_for();
        if !polls && spin::look(|| parker.is_notified()) {
            return;
        }
        let mut role = self.role.lock();
        match role.poller {
            Poller::Vacant if polls => role.poller = Poller::Foreground,
            _ => {
                let interrupt = polls && role.poller == Poller::Background;
                role.followers.push(Arc::clone(parker));
                drop(role);
                if interrupt {
                    self.interrupt();
                }
                let promoted = parker.wait();
                role = self.role.lock();
                if !promoted {
                    let count = role.followers.len();
                    role.followers
                        .retain(|follower| !Arc::ptr_eq(follower, parker));
                    // Promoted in the same moment: the role is ours to give away.
                    if count != role.followers.len() || !parker.take_promotion() {
                        return;
                    }
                }
            }
        }
        drop(role);
        parker.set_polling(true);
        spin::look(|| {
            parker.is_notified() || {
                self.look();
                parker.is_notified()
            }
        });
        while !parker.is_notified() {
            self.turn();
        }
        parker.set_polling(false);
        self.leave();
    }

    /// Asks for the role on behalf of a task; `None` when it has it at once.
    fn stand_for_role(&self) -> Option<Arc<Candidate>> {
        let mut role = self.role.lock();
        if role.poller == Poller::Vacant {
            role.poller = Poller::Foreground;
            return None;
        }
        let candidate = Arc::new(Candidate::default());
        role.candidates.push(Arc::clone(&candidate));
        let interrupt = role.poller == Poller::Background;
        drop(role);
        if interrupt {
            self.interrupt();
        }
        Some(candidate)
    }

    /// Takes that back; `false` when the task has been given the role already.
    fn withdraw(&self, candidate: &Arc<Candidate>) -> bool {
        let candidates = &mut self.role.lock().candidates;
        let count = candidates.len();
        candidates.retain(|other| !Arc::ptr_eq(other, candidate));
        count != candidates.len()
    }

    /// Whether the node was halted and nothing is left to poll for.
    fn has_ended(&self) -> bool {
        self.role.lock().shutdown && self.is_idle()
    }

    /// Leaves the role.
    fn leave(&self) {
        let mut role = self.role.lock();
        role.poller = Poller::Vacant;
        role.departures += 1;
        let waker = role.promote();
        if role.poller == Poller::Vacant
            && (role.background == Background::Asleep || self.has_tasks.load(Ordering::Relaxed))
        {
            if role.background == Background::Asleep {
                role.background = Background::Running;
            }
            self.role_changed.notify_all();
        }
        drop(role);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Role {
    /// Whether somebody would have the role rather than leave it to the background.
    fn is_wanted(&self) -> bool {
        !(self.followers.is_empty() && self.candidates.is_empty())
    }

    /// Hands a vacant role to whoever wants it; the caller wakes the waker without the lock.
    fn promote(&mut self) -> Option<Waker> {
        if let Some(candidate) = self.candidates.pop() {
            self.poller = Poller::Foreground;
            return candidate.choose();
        }
        if let Some(follower) = self.followers.pop() {
            self.poller = Poller::Foreground;
            follower.promote();
        }
        None
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}

/// An error or a hang-up makes a descriptor both readable and writable: the
/// driver learns more from its next read or write.
fn readiness(flags: epoll::EventFlags) -> Interest {
    let broken = flags.intersects(epoll::EventFlags::ERR | epoll::EventFlags::HUP);
    let mut readiness = Interest::NONE;
    if broken || flags.contains(epoll::EventFlags::IN) {
        readiness = readiness | Interest::READ;
    }
    if broken || flags.contains(epoll::EventFlags::OUT) {
        readiness = readiness | Interest::WRITE;
    }
    readiness
}
