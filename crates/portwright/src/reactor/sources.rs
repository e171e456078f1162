//! The descriptors that are watched.

use std::collections::HashMap;
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use portwright_driver::Interest;
use rustix::event::epoll;
use rustix::io::Errno;

/// Is told when its descriptor is ready.
pub(crate) trait Source: Send + Sync {
    /// Handles the event. Called again as long as the condition holds.
    fn ready(self: Arc<Self>, readiness: Interest);

    /// Whose it is, for reports; `None` when nobody is waiting for it any more.
    fn holder(&self) -> Option<String>;

    /// Whether nobody waits for it, ever since it was registered: then it does not keep
    /// the reactor going.
    fn is_abandoned(&self) -> bool {
        false
    }
}

/// Names a registration; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    index: u32,
    generation: u32,
}

impl Token {
    pub(super) fn from_u64(value: u64) -> Self {
        Self {
            index: value as u32,
            generation: (value >> 32) as u32,
        }
    }

    fn as_u64(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.index)
    }
}

/// All watched descriptors. What a poller asks at every turn it learns without the lock.
#[derive(Default)]
pub(super) struct Sources {
    table: Mutex<Table>,
    /// Descriptors for which somebody waits. Written under the lock, as the next.
    awaited: AtomicUsize,
    /// As `Table::unpollable`.
    unpollable: AtomicUsize,
}

impl Sources {
    /// Watches a descriptor; also returns who watched it before.
    pub(super) fn add(
        &self,
        epoll: BorrowedFd<'_>,
        fd: RawFd,
        interest: Interest,
        source: Arc<dyn Source>,
    ) -> io::Result<(Token, Option<Arc<dyn Source>>)> {
        self.change(|table| table.add(epoll, fd, interest, source))
    }

    pub(super) fn set_interest(
        &self,
        epoll: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.table.lock().set_interest(epoll, token, interest)
    }

    /// Forgets a registration; the caller drops the source.
    pub(super) fn remove(&self, epoll: BorrowedFd<'_>, token: Token) -> Option<Arc<dyn Source>> {
        self.change(|table| table.remove(epoll, token))
    }

    fn change<R>(&self, change: impl FnOnce(&mut Table) -> R) -> R {
        let mut table = self.table.lock();
        let result = change(&mut table);
        self.awaited.store(table.awaited(), Ordering::Release);
        self.unpollable.store(table.unpollable, Ordering::Release);
        result
    }

    /// The source of an event, and what of the event it wants.
    pub(super) fn get(
        &self,
        token: Token,
        readiness: Interest,
    ) -> Option<(Arc<dyn Source>, Interest)> {
        self.table.lock().get(token, readiness)
    }

    /// Whether a descriptor that epoll cannot watch is wanted.
    pub(super) fn has_always_ready(&self) -> bool {
        self.unpollable.load(Ordering::Acquire) > 0 && self.table.lock().has_always_ready()
    }

    pub(super) fn always_ready(&self) -> Vec<(Arc<dyn Source>, Interest)> {
        self.table.lock().always_ready()
    }

    /// Whether nobody waits for anything.
    pub(super) fn is_empty(&self) -> bool {
        self.awaited.load(Ordering::Acquire) == 0
    }
}

#[derive(Default)]
struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_fd: HashMap<RawFd, Token>,
    /// Registered descriptors that epoll cannot watch.
    unpollable: usize,
    /// Registered descriptors that nobody waits for.
    abandoned: usize,
}

#[derive(Default)]
struct Slot {
    generation: u32,
    entry: Option<Entry>,
}

struct Entry {
    fd: RawFd,
    interest: Interest,
    /// epoll refused the descriptor: it is always ready.
    unpollable: bool,
    abandoned: bool,
    source: Arc<dyn Source>,
}

impl Table {
    fn add(
        &mut self,
        epoll: BorrowedFd<'_>,
        fd: RawFd,
        interest: Interest,
        source: Arc<dyn Source>,
    ) -> io::Result<(Token, Option<Arc<dyn Source>>)> {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).expect("fewer descriptors than 2^32")
        });
        let token = Token {
            index,
            generation: self.slots[index as usize].generation,
        };
        let unpollable = match control(epoll, Control::Add, fd, token, interest) {
            Ok(()) => false,
            Err(Errno::PERM) => true,
            Err(error) => {
                self.free.push(index);
                return Err(error.into());
            }
        };
        let robbed = self.by_fd.insert(fd, token);
        let robbed = robbed.and_then(|robbed| self.forget(robbed));
        self.unpollable += usize::from(unpollable);
        let abandoned = source.is_abandoned();
        self.abandoned += usize::from(abandoned);
        self.slots[index as usize].entry = Some(Entry {
            fd,
            interest,
            unpollable,
            abandoned,
            source,
        });
        Ok((token, robbed))
    }

    fn set_interest(
        &mut self,
        epoll: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let entry = self.entry(token).ok_or(Errno::BADF)?;
        if entry.interest != interest {
            if !entry.unpollable {
                control(epoll, Control::Modify, entry.fd, token, interest)?;
            }
            entry.interest = interest;
        }
        Ok(())
    }

    fn remove(&mut self, epoll: BorrowedFd<'_>, token: Token) -> Option<Arc<dyn Source>> {
        let entry = self.entry(token)?;
        let fd = entry.fd;
        if !entry.unpollable {
            // Fails when the descriptor was closed before: epoll forgot it then.
            let _ = control(epoll, Control::Delete, fd, token, Interest::NONE);
        }
        if self.by_fd.get(&fd) == Some(&token) {
            self.by_fd.remove(&fd);
        }
        self.forget(token)
    }

    fn get(&self, token: Token, readiness: Interest) -> Option<(Arc<dyn Source>, Interest)> {
        let slot = self.slots.get(token.index as usize)?;
        let entry = slot
            .entry
            .as_ref()
            .filter(|_| slot.generation == token.generation)?;
        let unwanted = (Interest::READ | Interest::WRITE).without(entry.interest);
        let wanted = readiness.without(unwanted);
        (!wanted.is_none()).then(|| (Arc::clone(&entry.source), wanted))
    }

    fn has_always_ready(&self) -> bool {
        self.entries()
            .any(|entry| entry.unpollable && !entry.interest.is_none())
    }

    fn always_ready(&self) -> Vec<(Arc<dyn Source>, Interest)> {
        self.entries()
            .filter(|entry| entry.unpollable && !entry.interest.is_none())
            .map(|entry| (Arc::clone(&entry.source), entry.interest))
            .collect()
    }

    fn awaited(&self) -> usize {
        self.slots.len() - self.free.len() - self.abandoned
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.slots.iter().filter_map(|slot| slot.entry.as_ref())
    }

    fn entry(&mut self, token: Token) -> Option<&mut Entry> {
        let slot = self.slots.get_mut(token.index as usize)?;
        if slot.generation == token.generation {
            slot.entry.as_mut()
        } else {
            None
        }
    }

    fn forget(&mut self, token: Token) -> Option<Arc<dyn Source>> {
        let slot = self.slots.get_mut(token.index as usize)?;
        if slot.generation != token.generation {
            return None;
        }
        let entry = slot.entry.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(token.index);
        self.unpollable -= usize::from(entry.unpollable);
        self.abandoned -= usize::from(entry.abandoned);
        Some(entry.source)
    }
}

#[derive(Clone, Copy)]
enum Control {
    Add,
    Modify,
    Delete,
}

fn control(
    epoll: BorrowedFd<'_>,
    control: Control,
    fd: RawFd,
    token: Token,
    interest: Interest,
) -> rustix::io::Result<()> {
    if fd < 0 {
        return Err(Errno::BADF);
    }
    let fd = crate::descriptor::borrow(fd);
    let data = epoll::EventData::new_u64(token.as_u64());
    let mut flags = epoll::EventFlags::empty();
    if interest.contains(Interest::READ) {
        flags |= epoll::EventFlags::IN;
    }
    if interest.contains(Interest::WRITE) {
        flags |= epoll::EventFlags::OUT;
    }
    if interest.is_none() {
        // Errors and hang-ups are reported to everybody. Once will do for those who want
        // nothing now, else the poller would not come to rest.
        flags |= epoll::EventFlags::ET;
    }
    match control {
        // A descriptor that is in the set already is taken over.
        Control::Add => match epoll::add(epoll, fd, data, flags) {
            Err(Errno::EXIST) => epoll::modify(epoll, fd, data, flags),
            result => result,
        },
        // Closed and opened again behind our back: the set has forgotten it.
        Control::Modify => match epoll::modify(epoll, fd, data, flags) {
            Err(Errno::NOENT) => epoll::add(epoll, fd, data, flags),
            result => result,
        },
        Control::Delete => epoll::delete(epoll, fd),
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsFd, AsRawFd};

    use rustix::event::Timespec;

    use super::*;

    struct Nobody;

    impl Source for Nobody {
        fn ready(self: Arc<Self>, _: Interest) {}

        fn holder(&self) -> Option<String> {
            Some("nobody".into())
        }
    }

    fn events(epoll: BorrowedFd<'_>) -> usize {
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let mut events = Vec::with_capacity(4);
        let buffer = rustix::buffer::spare_capacity(&mut events);
        epoll::wait(epoll, buffer, Some(&now)).unwrap()
    }

    #[test]
    fn a_hang_up_does_not_keep_those_busy_who_want_nothing() {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
        let (read_end, write_end) = rustix::pipe::pipe().unwrap();
        drop(write_end);
        let sources = Sources::default();
        let fd = read_end.as_raw_fd();
        let token = sources
            .add(epoll.as_fd(), fd, Interest::READ, Arc::new(Nobody))
            .unwrap()
            .0;
        assert_eq!([events(epoll.as_fd()), events(epoll.as_fd())], [1, 1]);
        let set = |interest| {
            sources
                .set_interest(epoll.as_fd(), token, interest)
                .unwrap()
        };
        set(Interest::NONE);
        events(epoll.as_fd());
        assert_eq!(events(epoll.as_fd()), 0);
        set(Interest::READ);
        assert_eq!([events(epoll.as_fd()), events(epoll.as_fd())], [1, 1]);
    }
}
