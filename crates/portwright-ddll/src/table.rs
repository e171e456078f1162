//! The drivers that a node has loaded: who uses them, who waits, and what is to become of them.
//!
//! The model of ddll.md section 1. Two locks: `work` is held while drivers are opened, initialised, finished and closed
//! (it may be taken again by the same thread, for `driver_init` may call us); `state` guards the records and is held for
//! moments, never while code of a driver or of a port runs.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, MutexGuard, ReentrantMutex};
use portwright::{Node, Pid, Reference, Term, WeakNode};
use portwright_driver_abi::ErlDrvEntry;

use crate::error::DdllError;
use crate::instance::Instance;
use crate::loaded::{Idle, LoadedDriver};
use crate::open::{finish, open_driver};
pub(crate) use crate::waiting::{Awaits, Notice, Waiter, Whom};
use crate::{driver, waiting};

/// What a node keeps of loaded drivers.
pub(crate) struct Table {
    node: WeakNode,
    this: Weak<Table>,
    work: ReentrantMutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    /// In the order in which they were loaded.
    pub(crate) records: Vec<Record>,
    /// Drivers of `add_driver_entry`.
    entries: Vec<(usize, Arc<LoadedDriver>)>,
    /// Processes whose end we wait for.
    watched: HashSet<Pid>,
}

/// A loaded driver.
pub(crate) struct Record {
    pub(crate) driver: Arc<LoadedDriver>,
    /// `Path/Name`, without `.so`. Compared as text: another spelling is another path (L-1.5).
    pub(crate) path: OsString,
    pub(crate) kill_ports: bool,
    /// Who has loaded it, and how often.
    pub(crate) users: Vec<(User, usize)>,
    pub(crate) waiters: Vec<Waiter>,
    pub(crate) stage: Stage,
}

/// On whose behalf something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum User {
    /// The program; never ends.
    Host,
    /// A process.
    Process(Pid),
}

/// What is to become of a loaded driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    Loaded,
    /// To be unloaded once nothing uses it; its ports are being killed if `forced`.
    Unload {
        forced: bool,
    },
    /// To be replaced once nothing uses it.
    Reload {
        path: OsString,
        forced: bool,
    },
    Permanent,
}

/// How `try_load` is to go about a driver that is loaded already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// `{reload,pending_driver}`: replace it once its ports are closed; only its single user may ask for that.
    PendingDriver,
    /// `{reload,pending}`: the same, when others use it too.
    Pending,
}

/// When the caller wants to hear of the outcome: the option `monitor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pending {
    /// `{monitor,pending_driver}`: when ports are in the way.
    Driver,
    /// `{monitor,pending}`: also when other processes are.
    Any,
}

/// What has become of a request to load or unload.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The driver was loaded.
    Loaded,
    /// It was loaded before; the caller is counted once more.
    AlreadyLoaded,
    /// It happens when all ports of the driver are closed. With the monitor, if there is one.
    PendingDriver(Option<Reference>),
    /// Other processes use the driver. With the monitor, if there is one.
    PendingProcess(Option<Reference>),
}

/// The table of a node, as the node keeps it.
struct Slot(Arc<Table>);

impl Table {
    pub(crate) fn of(node: &Node) -> Arc<Table> {
        let weak = node.downgrade();
        let slot = node.extension(|| {
            Slot(Arc::new_cyclic(|this| Table {
                node: weak,
                this: this.clone(),
                work: ReentrantMutex::new(()),
                state: Mutex::default(),
            }))
        });
        Arc::clone(&slot.0)
    }

    pub(crate) fn node(&self) -> Result<Node, DdllError> {
        self.node.upgrade().ok_or(DdllError::NodeHalted)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// `try_load/3`.
    pub(crate) fn load(
        &self,
        user: User,
        path: OsString,
        name: &str,
        kill_ports: bool,
        reload: Option<Reload>,
        whom: Option<(Pending, Whom)>,
    ) -> Result<Outcome, DdllError> {
        let node = self.node()?;
        let work = self.work.lock();
        let mut state = self.state.lock();
        let Some(record) = state
            .records
            .iter_mut()
            .find(|record| record.driver.name == name)
        else {
            drop(state);
            if node.drivers().iter().any(|known| known == name) {
                return Err(DdllError::LinkedIn(name.into()));
            }
            if reload.is_some() {
                return Err(DdllError::NotLoaded(name.into()));
            }
            let driver = self.open(&node, &path, name)?;
            self.state.lock().records.push(Record {
                driver,
                path,
                kill_ports,
                users: vec![(user, 1)],
                waiters: Vec::new(),
                stage: Stage::Loaded,
            });
            drop(work);
            self.watch(&node, user);
            return Ok(Outcome::Loaded);
        };
        if record.stage == Stage::Permanent {
            return Err(DdllError::Permanent(name.into()));
        }
        if let Some(reload) = reload {
            let outcome = record.begin_reload(user, path, kill_ports, reload, whom)?;
            let driver = Arc::clone(&record.driver);
            if kill_ports {
                node.remove_driver(name);
            }
            drop(state);
            drop(work);
            self.hurry(&driver, kill_ports);
            return Ok(outcome);
        }
        let mut notices = Vec::new();
        let outcome = match &record.stage {
            Stage::Reload { path: new, .. } => {
                if *new != path || record.kill_ports != kill_ports {
                    return Err(DdllError::Inconsistent(name.into()));
                }
                record.count(user);
                // A message comes also without being asked for (L-3.6).
                let (_, whom) = whom.unwrap_or((Pending::Driver, waiting::whom(user, &node)));
                Outcome::PendingDriver(Some(record.wait(Awaits::Load, whom)))
            }
            _ if record.path != path || record.kill_ports != kill_ports => {
                return Err(DdllError::Inconsistent(name.into()));
            }
            Stage::Unload { forced } => {
                if *forced {
                    // Back among those that can be opened.
                    let _ = driver::register(&node, &record.driver);
                }
                record.users = vec![(user, 1)];
                record.stage = Stage::Loaded;
                notices =
                    record.take_notices(Awaits::Unload, &Term::atom("unload_cancelled"), true);
                Outcome::AlreadyLoaded
            }
            _ => {
                record.count(user);
                Outcome::AlreadyLoaded
            }
        };
        drop(state);
        drop(work);
        notices.into_iter().for_each(|notice| notice.deliver(&node));
        self.watch(&node, user);
        Ok(outcome)
    }

    fn open(&self, node: &Node, path: &OsStr, name: &str) -> Result<Arc<LoadedDriver>, DdllError> {
        let mut file = path.to_owned();
        file.push(".so");
        let idle: Weak<dyn Idle> = self.this.clone();
        let driver = open_driver(Path::new(&file), name, &self.node, idle)?;
        if driver::register(node, &driver).is_err() {
            // Only a name that `open_port` could never find, for the name was free.
            driver.close();
            finish(&driver);
            return Err(DdllError::BadDriverName {
                name: name.into(),
                found: name.into(),
            });
        }
        Ok(driver)
    }

    /// `try_unload/2`.
    pub(crate) fn unload(
        &self,
        user: User,
        name: &str,
        kill_ports: bool,
        whom: Option<(Pending, Whom)>,
    ) -> Result<Outcome, DdllError> {
        let node = self.node()?;
        let mut state = self.state.lock();
        let Some(record) = state
            .records
            .iter_mut()
            .find(|record| record.driver.name == name)
        else {
            drop(state);
            return Err(if node.drivers().iter().any(|known| known == name) {
                DdllError::LinkedIn(name.into())
            } else {
                DdllError::NotLoaded(name.into())
            });
        };
        if record.stage == Stage::Permanent {
            return Err(DdllError::Permanent(name.into()));
        }
        match record.users.iter().position(|(own, _)| *own == user) {
            Some(index) => {
                record.users[index].1 -= 1;
                if record.users[index].1 == 0 {
                    record.users.remove(index);
                }
            }
            None if !record.users.is_empty() => {
                return Err(DdllError::NotLoadedByThisProcess(name.into()));
            }
            None => {}
        }
        if !record.users.is_empty() {
            let reference = whom
                .filter(|(pending, _)| *pending == Pending::Any)
                .map(|(_, whom)| record.wait(Awaits::Unload, whom));
            return Ok(Outcome::PendingProcess(reference));
        }
        let reference = whom.map(|(_, whom)| record.wait(Awaits::Unload, whom));
        let end = record.end(kill_ports, &node);
        drop(state);
        self.carry_out(end, &node);
        Ok(Outcome::PendingDriver(reference))
    }

    fn carry_out(&self, end: EndOfUse, node: &Node) {
        end.notices
            .into_iter()
            .for_each(|notice| notice.deliver(node));
        self.hurry(&end.driver, end.kill);
    }

    /// Gets rid of a driver that nobody uses, and of its ports if `kill`.
    fn hurry(&self, driver: &Arc<LoadedDriver>, kill: bool) {
        // Keeps the driver from becoming idle before all ports have been told.
        let in_use = driver.begin_use(false);
        if kill {
            for instance in Instance::of_driver(driver) {
                instance.port.end_at_once(Term::atom("driver_unloaded"));
            }
        }
        drop(in_use);
    }

    /// A process has ended: all that it has loaded is unloaded (L-7.1).
    fn process_died(&self, pid: Pid) {
        let Ok(node) = self.node() else { return };
        if node.is_halting() {
            // Nobody calls `finish` then (D-N9).
            return;
        }
        let mut state = self.state.lock();
        state.watched.remove(&pid);
        let mut ends = Vec::new();
        for record in &mut state.records {
            record
                .waiters
                .retain(|waiter| waiter.whom.pid() != Some(pid));
            let had = record.users.len();
            record.users.retain(|(user, _)| *user != User::Process(pid));
            if had > 0 && record.users.is_empty() && record.stage != Stage::Permanent {
                ends.push(record.end(false, &node));
            }
        }
        drop(state);
        ends.into_iter().for_each(|end| self.carry_out(end, &node));
    }

    pub(crate) fn watch(&self, node: &Node, user: User) {
        let User::Process(pid) = user else { return };
        if self.state.lock().watched.insert(pid) {
            let table = self.this.clone();
            node.at_exit(pid, move || {
                if let Some(table) = table.upgrade() {
                    table.process_died(pid);
                }
            });
        }
    }

    /// `driver_lock_driver`; `false` for a driver that was not loaded.
    pub(crate) fn lock_driver(&self, driver: &Arc<LoadedDriver>) -> bool {
        let Ok(node) = self.node() else { return false };
        let mut state = self.state.lock();
        let Some(record) = state
            .records
            .iter_mut()
            .find(|record| Arc::ptr_eq(&record.driver, driver))
        else {
            return false;
        };
        record.stage = Stage::Permanent;
        let permanent = Term::atom("permanent");
        let mut notices = record.take_notices(Awaits::Load, &permanent, true);
        notices.extend(record.take_notices(Awaits::Unload, &permanent, true));
        notices.extend(record.take_notices(Awaits::UnloadOnly, &permanent, true));
        drop(state);
        notices.into_iter().for_each(|notice| notice.deliver(&node));
        true
    }

    /// The drivers that ports may be open of.
    pub(crate) fn drivers(&self) -> Vec<Arc<LoadedDriver>> {
        let state = self.state.lock();
        let loaded = state.records.iter().map(|record| &record.driver);
        let added = state.entries.iter().map(|(_, driver)| driver);
        loaded.chain(added).cloned().collect()
    }

    /// `add_driver_entry`.
    pub(crate) fn add_entry(&self, address: *mut ErlDrvEntry, driver: Arc<LoadedDriver>) {
        let Ok(node) = self.node() else { return };
        match driver::register(&node, &driver) {
            Ok(()) => self.state.lock().entries.push((address.addr(), driver)),
            Err(error) => tracing::error!(%error, "add_driver_entry"),
        }
    }

    /// `remove_driver_entry`: 1 removed, 0 unknown, -1 loaded.
    pub(crate) fn remove_entry(&self, address: *mut ErlDrvEntry) -> i32 {
        let Ok(node) = self.node() else { return 0 };
        let mut state = self.state.lock();
        if state
            .records
            .iter()
            .any(|record| record.driver.entry_address == address.addr())
        {
            return -1;
        }
        let index = state
            .entries
            .iter()
            .position(|(own, _)| *own == address.addr());
        let Some(index) = index else { return 0 };
        let (_, driver) = state.entries.remove(index);
        drop(state);
        node.remove_driver(&driver.name);
        1
    }
}

/// What is to be done once the records' lock is free.
pub(crate) struct EndOfUse {
    driver: Arc<LoadedDriver>,
    kill: bool,
    notices: Vec<Notice>,
}

impl Record {
    /// Counts one more load of a user.
    fn count(&mut self, user: User) {
        match self.users.iter_mut().find(|(own, _)| *own == user) {
            Some((_, count)) => *count += 1,
            None => self.users.push((user, 1)),
        }
    }

    fn begin_reload(
        &mut self,
        user: User,
        path: OsString,
        kill_ports: bool,
        reload: Reload,
        whom: Option<(Pending, Whom)>,
    ) -> Result<Outcome, DdllError> {
        let name = || self.driver.name.clone();
        if matches!(self.stage, Stage::Reload { .. }) {
            return Err(DdllError::PendingReload(name()));
        }
        let is_user = self.users.iter().any(|(own, _)| *own == user);
        if self.users.is_empty() {
            return Err(DdllError::NotLoadedByThisProcess(name()));
        }
        if reload == Reload::PendingDriver && self.users[..] != [(user, 1)] {
            return Err(DdllError::PendingProcess(name()));
        }
        if self.kill_ports != kill_ports {
            return Err(DdllError::Inconsistent(name()));
        }
        if !is_user {
            return Err(DdllError::NotLoadedByThisProcess(name()));
        }
        self.stage = Stage::Reload {
            path,
            forced: kill_ports,
        };
        let reference = whom.map(|(_, whom)| self.wait(Awaits::Load, whom));
        // By what was asked for, whoever else uses the driver (L-5.5).
        Ok(match reload {
            Reload::Pending => Outcome::PendingProcess(reference),
            Reload::PendingDriver => Outcome::PendingDriver(reference),
        })
    }

    /// The last user has gone.
    fn end(&mut self, kill_ports: bool, node: &Node) -> EndOfUse {
        let mut notices = Vec::new();
        if matches!(self.stage, Stage::Reload { .. }) {
            // L-4.10, L-7.4.
            notices = self.take_notices(Awaits::Load, &Term::atom("load_cancelled"), false);
        }
        let kill = kill_ports || self.kill_ports;
        self.stage = Stage::Unload { forced: kill };
        if kill {
            // No new ports (L-4.8).
            node.remove_driver(&self.driver.name);
        }
        EndOfUse {
            driver: Arc::clone(&self.driver),
            kill,
            notices,
        }
    }
}

impl Idle for Table {
    /// Nothing uses a driver any more: if that was waited for, it goes.
    fn idle(&self, driver: &Arc<LoadedDriver>) {
        let Ok(node) = self.node() else { return };
        let _work = self.work.lock();
        let mut state = self.state.lock();
        let index = state
            .records
            .iter()
            .position(|record| Arc::ptr_eq(&record.driver, driver));
        let Some(index) = index else { return };
        let waits = matches!(
            state.records[index].stage,
            Stage::Unload { .. } | Stage::Reload { .. }
        );
        if !waits || !driver.close() {
            return;
        }
        let mut record = state.records.remove(index);
        drop(state);
        node.remove_driver(&driver.name);
        finish(driver);
        let unloaded = Term::atom("unloaded");
        let mut notices = record.take_notices(Awaits::Unload, &unloaded, false);
        notices.extend(record.take_notices(Awaits::UnloadOnly, &unloaded, false));
        if let Stage::Reload { path, .. } = std::mem::replace(&mut record.stage, Stage::Loaded) {
            match self.open(&node, &path, &driver.name) {
                Ok(new) => {
                    notices.extend(record.take_notices(Awaits::Load, &Term::atom("loaded"), true));
                    record.driver = new;
                    record.path = path;
                    // Users may have died meanwhile.
                    let orphaned = record.users.is_empty();
                    if orphaned {
                        record.stage = Stage::Unload { forced: false };
                    }
                    let driver = Arc::clone(&record.driver);
                    self.state.lock().records.push(record);
                    if orphaned {
                        self.hurry(&driver, false);
                    }
                }
                Err(error) => {
                    let failure = Term::tuple([Term::atom("load_failure"), error.to_term()]);
                    notices.extend(record.take_notices(Awaits::Load, &failure, false));
                }
            }
        }
        notices.into_iter().for_each(|notice| notice.deliver(&node));
    }
}

impl Drop for Table {
    /// The node is gone: what nothing uses is finished and closed.
    fn drop(&mut self) {
        for record in self.state.get_mut().records.drain(..) {
            if record.driver.close() {
                finish(&record.driver);
            }
        }
    }
}
