//! What is known about loaded drivers, and monitors on them.

use portwright::{Pid, Reference, Term};

use crate::error::DdllError;
use crate::table::{Awaits, Notice, Record, Stage, Table, User, Whom};

/// What a monitor waits for: the second element of `{Name,When}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The driver is loaded.
    Loaded,
    /// The driver is unloaded, or will not be after all.
    Unloaded,
    /// The driver is unloaded.
    UnloadedOnly,
}

/// A process in the way of, or waiting for, a driver, and how often.
pub type Share = (Pid, usize);

/// What is known about a driver: `erl_ddll:info/1`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DriverInfo {
    /// It is part of the program.
    LinkedIn,
    /// It was loaded.
    Loaded {
        /// Who has loaded it. The program itself appears as a process with the number 0.
        users: Vec<Share>,
        /// Whether its ports are killed when the last user goes.
        kill_ports: bool,
        /// Ports that have not ended.
        ports: usize,
        /// It stays for good.
        permanent: bool,
        /// Who waits for it to be loaded.
        awaiting_load: Vec<Share>,
        /// Who waits for it to be unloaded.
        awaiting_unload: Vec<Share>,
    },
}

/// The items of `erl_ddll:info/2`, in their order.
pub(crate) const ITEMS: [&str; 7] = [
    "processes",
    "driver_options",
    "port_count",
    "linked_in_driver",
    "permanent",
    "awaiting_load",
    "awaiting_unload",
];

impl DriverInfo {
    /// One item of `erl_ddll:info/2`; `None` when there is no such item.
    pub fn item(&self, item: &str) -> Option<Term> {
        let shares = |shares: &[Share]| {
            Term::list(
                shares
                    .iter()
                    .map(|(pid, count)| Term::tuple([Term::Pid(*pid), Term::from(*count)])),
            )
        };
        let (users, kill_ports, ports, permanent, load, unload) = match self {
            Self::LinkedIn => {
                return match item {
                    "linked_in_driver" => Some(Term::boolean(true)),
                    "permanent" => Some(Term::boolean(false)),
                    _ => ITEMS
                        .contains(&item)
                        .then(|| Term::atom("linked_in_driver")),
                };
            }
            Self::Loaded {
                users,
                kill_ports,
                ports,
                permanent,
                awaiting_load,
                awaiting_unload,
            } => (
                users,
                *kill_ports,
                *ports,
                *permanent,
                awaiting_load,
                awaiting_unload,
            ),
        };
        let counts = matches!(
            item,
            "processes" | "port_count" | "awaiting_load" | "awaiting_unload"
        );
        if permanent && counts {
            return Some(Term::atom("permanent"));
        }
        Some(match item {
            "processes" => shares(users),
            "driver_options" if kill_ports => Term::list([Term::atom("kill_ports")]),
            "driver_options" => Term::Nil,
            "port_count" => Term::from(ports),
            "linked_in_driver" => Term::boolean(false),
            "permanent" => Term::boolean(permanent),
            "awaiting_load" => shares(load),
            "awaiting_unload" => shares(unload),
            _ => return None,
        })
    }

    /// All items, as `erl_ddll:info/1` returns them.
    pub fn to_term(&self) -> Term {
        Term::list(ITEMS.iter().filter_map(|name| {
            let value = self.item(name)?;
            Some(Term::tuple([Term::atom(name), value]))
        }))
    }
}

impl Table {
    /// `None` when no driver has that name.
    pub(crate) fn info(&self, name: &str) -> Option<DriverInfo> {
        let node = self.node().ok()?;
        let state = self.state();
        match state
            .records
            .iter()
            .find(|record| record.driver.name == name)
        {
            Some(record) => Some(describe(record, host(&node))),
            None => {
                drop(state);
                node.drivers()
                    .iter()
                    .any(|known| known == name)
                    .then_some(DriverInfo::LinkedIn)
            }
        }
    }

    /// All drivers that were loaded, in the order in which they were.
    pub(crate) fn all(&self) -> Vec<(String, DriverInfo)> {
        let Ok(node) = self.node() else {
            return Vec::new();
        };
        let state = self.state();
        let all = state.records.iter();
        all.map(|record| (record.driver.name.clone(), describe(record, host(&node))))
            .collect()
    }

    /// `erl_ddll:monitor/2`. `echo` is the name as the caller has written it, for answers at once (L-6.6).
    pub(crate) fn monitor(
        &self,
        user: User,
        whom: Whom,
        name: &str,
        echo: &Term,
        when: When,
    ) -> Result<Reference, DdllError> {
        let node = self.node()?;
        let reference = whom.reference().clone();
        let mut state = self.state();
        let record = state
            .records
            .iter_mut()
            .find(|record| record.driver.name == name);
        let (is_up, what) = match record {
            None => {
                drop(state);
                if node.drivers().iter().any(|known| known == name) {
                    (true, "permanent")
                } else {
                    (false, "unloaded")
                }
            }
            Some(record) => {
                let answer = match (when, &record.stage) {
                    (_, Stage::Permanent) => Some((true, "permanent")),
                    (When::Loaded, Stage::Loaded) => Some((true, "loaded")),
                    (When::Loaded, Stage::Unload { .. }) => Some((false, "load_cancelled")),
                    _ => None,
                };
                let Some(answer) = answer else {
                    let awaits = match when {
                        When::Loaded => Awaits::Load,
                        When::Unloaded => Awaits::Unload,
                        When::UnloadedOnly => Awaits::UnloadOnly,
                    };
                    record.wait(awaits, whom);
                    drop(state);
                    self.watch(&node, user);
                    return Ok(reference);
                };
                drop(state);
                answer
            }
        };
        let notice = Notice {
            whom,
            is_up,
            name: echo.clone(),
            what: Term::atom(what),
        };
        notice.deliver(&node);
        Ok(reference)
    }

    /// `erl_ddll:demonitor/1`: an unknown reference is no error.
    pub(crate) fn demonitor(&self, reference: &Reference) {
        for record in &mut self.state().records {
            record
                .waiters
                .retain(|waiter| waiter.whom.reference() != reference);
        }
    }
}

/// The pid that stands for the program.
fn host(node: &portwright::Node) -> Pid {
    Pid::new(node.name(), 0, 0, 0)
}

fn describe(record: &Record, host: Pid) -> DriverInfo {
    let users = record.users.iter().map(|(user, count)| match user {
        User::Host => (host, *count),
        User::Process(pid) => (*pid, *count),
    });
    let waiting = |load: bool| {
        let mut shares: Vec<Share> = Vec::new();
        for waiter in &record.waiters {
            if (waiter.awaits == Awaits::Load) != load {
                continue;
            }
            let pid = waiter.whom.pid().unwrap_or(host);
            match shares.iter_mut().find(|(own, _)| *own == pid) {
                Some((_, count)) => *count += 1,
                None => shares.push((pid, 1)),
            }
        }
        shares
    };
    DriverInfo::Loaded {
        users: users.collect(),
        kill_ports: record.kill_ports,
        ports: record.driver.ports(),
        permanent: record.stage == Stage::Permanent,
        awaiting_load: waiting(true),
        awaiting_unload: waiting(false),
    }
}
