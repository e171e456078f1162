//! The face of this crate in Rust: [`Ddll`].

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use portwright::{Node, Pid, Process, Term};

use crate::error::DdllError;
use crate::info::DriverInfo;
use crate::names::path_of;
use crate::table::{Outcome, Pending, Reload, Table, User, Whom};
use crate::waiting::{Answer, Slot};

/// `node.ddll()`.
pub trait NodeExt {
    /// The compiled drivers of the node.
    fn ddll(&self) -> Ddll;
}

impl NodeExt for Node {
    fn ddll(&self) -> Ddll {
        Ddll::of(self)
    }
}

/// Loads compiled drivers into a node, on behalf of the program ([`Ddll::of`]) or of a process ([`Ddll::of_process`]).
///
/// Whoever loads a driver is counted as its user. It is unloaded when it has no users and nothing of it is in use: no port,
/// no job. The program is a user for good; a process until it ends.
///
/// # What loading a driver means
///
/// A driver is foreign code in this process: it may crash it, block it and read all of its memory. Load only what you
/// would link to your program.
///
/// # Examples
///
/// ```no_run
/// use portwright::{Node, PortName, PortSettings};
/// use portwright_ddll::NodeExt;
///
/// let node = Node::new();
/// node.ddll().load("/usr/lib/erlang/lib/p1_sqlite3-1.1.14/priv", "sqlite3_drv")?;
/// let mut me = node.attach();
/// let db = me.open_port(PortName::driver("sqlite3_drv :memory:"), PortSettings::new().binary())?;
/// me.receive_blocking();                                      // {#Port<0.1>,ok}
/// me.control(&db, 2, "select 6 * 7 as answer;")?;
/// println!("{}", me.receive_blocking().unwrap());             // {#Port<0.1>,[{columns,["answer"]},{rows,[{42}]}]}
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Source
///
/// erl_ddll(3).
#[derive(Clone)]
pub struct Ddll {
    table: Arc<Table>,
    user: User,
}

/// How a driver is loaded or unloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DdllOptions {
    /// Ports do not keep the driver: they end, with reason `driver_unloaded`, when its last user goes.
    pub kill_ports: bool,
    /// Load another file in place of the driver.
    pub reload: Option<Reload>,
    /// Send the caller a message about the outcome; only for processes.
    pub monitor: Option<Pending>,
}

impl Ddll {
    /// On behalf of the program.
    pub fn of(node: &Node) -> Ddll {
        Ddll {
            table: Table::of(node),
            user: User::Host,
        }
    }

    /// On behalf of a process: what it has loaded is unloaded when it ends.
    pub fn of_process(process: &Process) -> Ddll {
        Self::on_behalf_of(process.node(), process.pid())
    }

    pub(crate) fn on_behalf_of(node: &Node, pid: Pid) -> Ddll {
        Ddll {
            table: Table::of(node),
            user: User::Process(pid),
        }
    }

    pub(crate) fn table(&self) -> &Arc<Table> {
        &self.table
    }

    pub(crate) fn user(&self) -> User {
        self.user
    }

    /// Loads the driver `name` from `directory/name.so`: `erl_ddll:load/2`.
    ///
    /// Its ports keep it loaded. A driver that is loaded already, from the same path, is counted once more.
    ///
    /// # Errors
    ///
    /// See [`DdllError`]; nothing is left of a driver that could not be loaded.
    ///
    /// # Blocking
    ///
    /// Runs `driver_init` and `init` of the driver on the calling thread. While the driver is waiting to be reloaded, waits
    /// for that.
    /// # Examples
    ///
    /// ```
    /// use portwright::{Node, PortName, PortSettings};
    /// use portwright_ddll::NodeExt;
    ///
    /// # let Ok(directory) = test_drivers::swiss("swissp") else { return Ok(()) };
    /// let node = Node::new();
    /// node.ddll().load(&directory, "swissp")?;
    ///
    /// let me = node.attach();
    /// let port = me.open_port(PortName::driver("swissp"), PortSettings::new())?;
    /// assert_eq!(me.control(&port, 1, "enq abc; deqall")?.bytes(), b"0 0");
    ///
    /// let error = node.ddll().load("/no/such/folder", "other").unwrap_err();
    /// assert!(error.to_string().starts_with("cannot load /no/such/folder/other.so: "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(&self, directory: impl AsRef<Path>, name: &str) -> Result<(), DdllError> {
        self.load_and_wait(directory.as_ref(), name, DdllOptions::default())
    }

    /// As [`load`](Self::load), but its ports end when its last user goes: `erl_ddll:load_driver/2`.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn load_driver(&self, directory: impl AsRef<Path>, name: &str) -> Result<(), DdllError> {
        let options = DdllOptions {
            kill_ports: true,
            ..DdllOptions::default()
        };
        self.load_and_wait(directory.as_ref(), name, options)
    }

    /// Replaces a driver by the file in `directory`, once its ports are closed, and waits for that:
    /// `erl_ddll:reload/2`.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load), and when others use the driver. When the new file cannot be loaded the old driver is gone.
    pub fn reload(&self, directory: impl AsRef<Path>, name: &str) -> Result<(), DdllError> {
        let options = DdllOptions {
            reload: Some(Reload::PendingDriver),
            ..DdllOptions::default()
        };
        self.load_and_wait(directory.as_ref(), name, options)
    }

    /// As [`reload`](Self::reload), for a driver of [`load_driver`](Self::load_driver): its ports end.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload).
    pub fn reload_driver(&self, directory: impl AsRef<Path>, name: &str) -> Result<(), DdllError> {
        let options = DdllOptions {
            kill_ports: true,
            reload: Some(Reload::PendingDriver),
            ..DdllOptions::default()
        };
        self.load_and_wait(directory.as_ref(), name, options)
    }

    fn load_and_wait(
        &self,
        directory: &Path,
        name: &str,
        options: DdllOptions,
    ) -> Result<(), DdllError> {
        match self.begin(directory.as_os_str().as_bytes(), name, options)? {
            Begun::Done => Ok(()),
            Begun::Wait(slot) => conclude(slot.wait(), name),
        }
    }

    /// As [`load`](Self::load) with any options, without blocking the thread while it waits.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future while it waits leaves the load pending.
    /// # Examples
    ///
    /// ```
    /// use portwright::Node;
    /// use portwright_ddll::{DdllOptions, NodeExt, Reload};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let Ok(directory) = test_drivers::swiss("swissp") else { return Ok(()) };
    /// let node = Node::new();
    /// let ddll = node.ddll();
    /// ddll.load_async(&directory, "swissp", DdllOptions::default()).await?;
    ///
    /// // Put another file in its place, once its ports are closed.
    /// let options = DdllOptions { reload: Some(Reload::PendingDriver), ..DdllOptions::default() };
    /// ddll.load_async(&directory, "swissp", options).await?;
    /// # Ok::<(), portwright_ddll::DdllError>(())
    /// # }).unwrap();
    /// ```
    pub async fn load_async(
        &self,
        directory: impl AsRef<Path>,
        name: &str,
        options: DdllOptions,
    ) -> Result<(), DdllError> {
        let begun = self.begin(directory.as_ref().as_os_str().as_bytes(), name, options)?;
        match begun {
            Begun::Done => Ok(()),
            Begun::Wait(slot) => conclude(Answer(slot).await, name),
        }
    }

    /// Loads; the slot in which the answer arrives when that takes a while.
    pub(crate) fn begin(
        &self,
        directory: &[u8],
        name: &str,
        options: DdllOptions,
    ) -> Result<Begun, DdllError> {
        let node = self.table.node()?;
        let slot: Arc<Slot> = Arc::default();
        let whom = Whom::Slot(Arc::clone(&slot), node.make_reference());
        let outcome = self.table.load(
            self.user,
            path_of(directory, name),
            name,
            options.kill_ports,
            options.reload,
            Some((Pending::Driver, whom)),
        );
        match outcome {
            Ok(Outcome::PendingDriver(Some(_)) | Outcome::PendingProcess(Some(_))) => {
                Ok(Begun::Wait(slot))
            }
            Ok(_) => Ok(Begun::Done),
            // `load/2` has a name of its own for it (L-2.1).
            Err(DdllError::Inconsistent(name)) => Err(DdllError::BadDriverName {
                found: name.clone(),
                name,
            }),
            Err(error) => Err(error),
        }
    }

    /// Loads with options and does not wait: `erl_ddll:try_load/3`.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    /// # Examples
    ///
    /// ```
    /// use portwright::Node;
    /// use portwright_ddll::{DdllOptions, NodeExt, Outcome};
    ///
    /// # let Ok(directory) = test_drivers::swiss("swissp") else { return Ok(()) };
    /// # let node = Node::new();
    /// let ddll = node.ddll();
    /// let options = DdllOptions::default();
    /// assert_eq!(ddll.try_load(&directory, "swissp", options)?, Outcome::Loaded);
    /// assert_eq!(ddll.try_load(&directory, "swissp", options)?, Outcome::AlreadyLoaded);
    /// # Ok::<(), portwright_ddll::DdllError>(())
    /// ```
    pub fn try_load(
        &self,
        directory: impl AsRef<Path>,
        name: &str,
        options: DdllOptions,
    ) -> Result<Outcome, DdllError> {
        self.try_load_bytes(directory.as_ref().as_os_str().as_bytes(), name, options)
    }

    pub(crate) fn try_load_bytes(
        &self,
        directory: &[u8],
        name: &str,
        options: DdllOptions,
    ) -> Result<Outcome, DdllError> {
        let whom = self.monitor_of(options)?;
        let path = path_of(directory, name);
        self.table.load(
            self.user,
            path,
            name,
            options.kill_ports,
            options.reload,
            whom,
        )
    }

    fn monitor_of(&self, options: DdllOptions) -> Result<Option<(Pending, Whom)>, DdllError> {
        let node = self.table.node()?;
        Ok(options
            .monitor
            .map(|pending| (pending, crate::waiting::whom(self.user, &node))))
    }

    /// What is known about a driver, loaded or part of the program: `erl_ddll:info/1`. `None` when there is none.
    /// # Examples
    ///
    /// ```
    /// use portwright::{Node, PortName, PortSettings};
    /// use portwright_ddll::{DriverInfo, NodeExt};
    ///
    /// # let Ok(directory) = test_drivers::swiss("swissp") else { return Ok(()) };
    /// # let node = Node::new();
    /// let ddll = node.ddll();
    /// ddll.load(&directory, "swissp")?;
    /// let me = node.attach();
    /// let _port = me.open_port(PortName::driver("swissp"), PortSettings::new())?;
    /// match ddll.info("swissp") {
    ///     Some(DriverInfo::Loaded { ports, permanent, .. }) => assert_eq!((ports, permanent), (1, false)),
    ///     other => panic!("{other:?}"),
    /// }
    /// assert_eq!(ddll.info("swissp2"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn info(&self, name: &str) -> Option<DriverInfo> {
        self.table.info(name)
    }

    /// All drivers that were loaded, in the order in which they were: `erl_ddll:info/0`.
    pub fn loaded(&self) -> Vec<(String, DriverInfo)> {
        self.table.all()
    }

    /// Calls the callback `emergency_close` of every open port whose driver has it: what OTP does before it writes a
    /// crash dump. No other callback of these ports is called afterwards, and `stop` neither. For programs that are about to abort.
    ///
    /// # Source
    ///
    /// driver_entry(3); D-N12.
    pub fn emergency_close(&self) {
        self.table
            .drivers()
            .iter()
            .for_each(crate::driver::emergency_close);
    }

    /// Gives up one load of the driver: `erl_ddll:unload/1`. It goes when the last user has given it up and its last port
    /// is closed.
    ///
    /// # Errors
    ///
    /// See [`DdllError`].
    pub fn unload(&self, name: &str) -> Result<(), DdllError> {
        self.try_unload(name, DdllOptions::default()).map(|_| ())
    }

    /// As [`unload`](Self::unload); when this was the last user the driver's ports end: `erl_ddll:unload_driver/1`.
    ///
    /// # Errors
    ///
    /// See [`DdllError`].
    /// # Examples
    ///
    /// ```
    /// use portwright::{Message, Node, PortName, PortSettings};
    /// use portwright_ddll::NodeExt;
    ///
    /// # let Ok(directory) = test_drivers::swiss("swissp") else { return Ok(()) };
    /// # let node = Node::new();
    /// let ddll = node.ddll();
    /// ddll.load_driver(&directory, "swissp")?;
    /// let mut me = node.attach();
    /// me.trap_exit(true);
    /// let _port = me.open_port(PortName::driver("swissp"), PortSettings::new())?;
    ///
    /// ddll.unload_driver("swissp")?;
    /// match me.receive_blocking() {
    ///     Some(Message::Exit { reason, .. }) => assert_eq!(reason.to_string(), "driver_unloaded"),
    ///     other => panic!("{other:?}"),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unload_driver(&self, name: &str) -> Result<(), DdllError> {
        let options = DdllOptions {
            kill_ports: true,
            ..DdllOptions::default()
        };
        self.try_unload(name, options).map(|_| ())
    }

    /// Gives up one load with options: `erl_ddll:try_unload/2`. ([`DdllOptions::reload`] has no meaning here.)
    ///
    /// # Errors
    ///
    /// See [`DdllError`].
    pub fn try_unload(&self, name: &str, options: DdllOptions) -> Result<Outcome, DdllError> {
        let whom = self.monitor_of(options)?;
        self.table.unload(self.user, name, options.kill_ports, whom)
    }
}

/// How a load has begun.
pub(crate) enum Begun {
    /// It is done.
    Done,
    /// The answer arrives here.
    Wait(Arc<Slot>),
}

/// What the news about a pending load mean for who waited.
pub(crate) fn conclude((is_up, what): (bool, Term), name: &str) -> Result<(), DdllError> {
    if is_up {
        return Ok(());
    }
    Err(match what.as_tuple() {
        Some([_, error]) => DdllError::LoadFailed {
            name: name.into(),
            error: error.to_string(),
            term: error.clone(),
        },
        _ => DdllError::LoadCancelled(name.into()),
    })
}
