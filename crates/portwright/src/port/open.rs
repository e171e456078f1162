//! Opening ports.

use std::io;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};
use portwright_driver::{
    BusyLimits, Driver, DriverFlags, OpenOptions, PortContext, PortTarget, ProgramOptions,
    StandardError, StartError,
};
use portwright_term::{Atom, Pid, PortId, atoms};

use super::busy::{BusyState, DEFAULT_LIMITS};
use super::operations::Operations;
use super::spare::Spare;
use super::turn::{Held, Turn, TurnCell};
use super::{Gate, InitAck, KnownDriver, Outside, Phase, PortCore, RareOutside, Special, State};
use crate::framing::line::LineBuffer;
use crate::node::NodeCore;
use crate::process::ProcessCore;
use crate::{PortName, PortSettings, errno};

/// Why a port could not be opened. Nothing is left of it: no port, no link, no
/// message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A setting is unknown, out of range, or clashes with another one (`badarg`).
    #[error("bad port setting {setting}: {why}")]
    BadSetting {
        /// The setting in Erlang's syntax.
        setting: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The name makes no sense (`badarg`).
    #[error("bad port name {name}: {why}")]
    BadName {
        /// The name in Erlang's syntax.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No driver has that name (`badarg`).
    #[error("there is no driver named {name:?}; register or load it first")]
    NoSuchDriver {
        /// The first word of the command.
        name: String,
    },
    /// Every port slot is in use (`system_limit`).
    #[error("the port table is full ({limit} ports)")]
    TableFull {
        /// How many ports the node may have.
        limit: usize,
    },
    /// The operating system refused to start the program. The reason is the name of the
    /// error: `enoent`, `eacces`, `emfile`, `eagain` ...
    #[error("cannot start {}: {}", program.display(), explain(source))]
    Program {
        /// The program.
        program: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The program's working directory cannot be entered. The reason is the name of the error.
    #[error("cannot change to the directory {}: {source}", directory.display())]
    Directory {
        /// The setting `cd`.
        directory: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The driver refused.
    #[error("the driver {name:?} refused: {source}")]
    Driver {
        /// The driver.
        name: String,
        /// Why.
        source: StartError,
    },
    /// The process that opens the port was ended by an exit signal.
    #[error("the process that opens the port was ended")]
    OwnerExited,
}

fn explain(error: &io::Error) -> String {
    let name = error.raw_os_error().map_or("unknown", errno::name);
    let hint = match name {
        "enoent" => "no such file (enoent); is the path relative to another directory?",
        "eacces" => "permission denied (eacces); is it an executable file?",
        "emfile" => "too many open files (emfile); raise the limit (`ulimit -n`) or close ports",
        "enfile" => "the system's table of open files is full (enfile)",
        "eagain" => "the limit on processes is reached (eagain; `ulimit -u`)",
        "enoexec" => "not a program (enoexec); does a script begin with a `#!` line?",
        "e2big" => "the arguments or the environment are too long (e2big)",
        _ => return format!("{error} ({name})"),
    };
    hint.into()
}

impl OpenError {
    /// The reason that an Erlang caller of `open_port/2` sees.
    pub fn reason(&self) -> Atom {
        match self {
            Self::BadSetting { .. } | Self::BadName { .. } | Self::NoSuchDriver { .. } => {
                atoms::BADARG
            }
            Self::TableFull { .. } => atoms::SYSTEM_LIMIT,
            Self::Program { source, .. } | Self::Directory { source, .. } => {
                source.raw_os_error().map_or(atoms::EINVAL, errno::atom)
            }
            Self::Driver { source, .. } => source.reason(),
            Self::OwnerExited => atoms::NOPROC,
        }
    }
}

/// A checked request for a port.
pub(crate) struct Open<'a> {
    driver: Arc<KnownDriver>,
    /// `None`: the driver's.
    name: Option<Box<[u8]>>,
    options: OpenOptions,
    settings: &'a PortSettings,
}

impl<'a> Open<'a> {
    /// Finds the driver and checks the settings against it.
    pub(crate) fn prepare(
        node: &NodeCore,
        name: &PortName,
        settings: &'a PortSettings,
    ) -> Result<Self, OpenError> {
        settings.check()?;
        let (driver, target) = resolve(node, name, settings).inspect_err(|error| {
            // P-062: it fails later in OTP, when the port has its number.
            if matches!(error, OpenError::Program { .. }) {
                node.skip_port_number();
            }
        })?;
        let is_program = matches!(
            target,
            PortTarget::Shell { .. } | PortTarget::Executable { .. }
        );
        check_against(&driver, is_program, &target, settings)?;
        let both = settings.only_in == settings.only_out;
        let options = OpenOptions {
            target,
            framing: settings.framing(),
            reads: both || settings.only_in,
            writes: both || settings.only_out,
        };
        let name = name.shown_unless(driver.entry.name());
        Ok(Self {
            driver,
            name,
            options,
            settings,
        })
    }
}

/// What the name stands for.
fn resolve(
    node: &NodeCore,
    name: &PortName,
    settings: &PortSettings,
) -> Result<(Arc<KnownDriver>, PortTarget), OpenError> {
    match name {
        PortName::Spawn(command) => {
            check_text(command.as_bytes(), name)?;
            if let Some(driver) = node.find_driver(command.as_bytes()) {
                return Ok((driver, PortTarget::Driver));
            }
            let program = Box::new(program_options(node, settings));
            Ok((
                node.program_driver(),
                PortTarget::Shell {
                    command: command.clone(),
                    program,
                },
            ))
        }
        PortName::SpawnDriver(command) => {
            check_text(command.as_bytes(), name)?;
            match node.find_driver(command.as_bytes()) {
                Some(driver) => Ok((driver, PortTarget::Driver)),
                None => {
                    let word = command.as_bytes().split(|byte| *byte == b' ').next();
                    let name = String::from_utf8_lossy(word.unwrap_or_default()).into_owned();
                    Err(OpenError::NoSuchDriver { name })
                }
            }
        }
        PortName::Executable { file, search } => {
            check_text(file.as_os_str().as_bytes(), name)?;
            let program = Box::new(program_options(node, settings));
            let file = find_executable(file, *search, &program)?;
            Ok((
                node.program_driver(),
                PortTarget::Executable { file, program },
            ))
        }
        PortName::Vanilla(file) => {
            let target = PortTarget::Vanilla { file: file.clone() };
            Ok((node.vanilla_driver(), target))
        }
        PortName::Fd { input, output } => {
            let target = PortTarget::Descriptors {
                input: *input,
                output: *output,
            };
            Ok((node.descriptor_driver(), target))
        }
    }
}

fn check_text(text: &[u8], name: &PortName) -> Result<(), OpenError> {
    if text.contains(&0) {
        return Err(OpenError::BadName {
            name: name.to_term().to_string(),
            why: "there is a NUL in it",
        });
    }
    Ok(())
}

fn program_options(node: &NodeCore, settings: &PortSettings) -> ProgramOptions {
    ProgramOptions {
        args: settings.args.clone().unwrap_or_default(),
        arg0: settings.arg0.clone(),
        directory: settings.directory.clone(),
        environment: node.environment_with(&settings.env),
        nouse_stdio: settings.nouse_stdio,
        standard_error: settings.standard_error,
        exit_status: settings.exit_status,
        exit_signal: settings.exit_signal,
        early_status: settings.early_status,
        keep_reading: settings.keep_reading,
        keep_group: settings.keep_group,
        gather_writes: gathers_writes(settings),
        late_exec_errors: settings.late_exec_errors,
    }
}

/// Bytes that are put off count as queued, so limits that are smaller than what is
/// put off would make the port busy where OTP's is not.
fn gathers_writes(settings: &PortSettings) -> bool {
    match settings.busy_limits_port.unwrap_or(DEFAULT_LIMITS) {
        BusyLimits::Disabled => true,
        BusyLimits::Limits { high, .. } => high > crate::program::GATHER_BYTES as u64,
    }
}

/// Rule P-041: the file is looked at before anything is started.
fn find_executable(
    file: &Path,
    search: bool,
    program: &ProgramOptions,
) -> Result<PathBuf, OpenError> {
    let access = |file: &Path| {
        rustix::fs::access(file, rustix::fs::Access::EXEC_OK).map_err(|error| OpenError::Program {
            program: file.to_owned(),
            source: error.into(),
        })
    };
    if !search || file.as_os_str().as_bytes().contains(&b'/') {
        access(file)?;
        return Ok(file.to_owned());
    }
    let path = program.environment.iter().find(|(name, _)| name == "PATH");
    let path = path.map_or(
        std::ffi::OsStr::new("/usr/local/bin:/bin:/usr/bin"),
        |(_, path)| path,
    );
    let mut refused = None;
    for directory in std::env::split_paths(path) {
        let candidate = directory.join(file);
        match access(&candidate) {
            Ok(()) if !candidate.is_dir() => return Ok(candidate),
            Err(error) if error.reason() == atoms::EACCES => refused = Some(error),
            _ => {}
        }
    }
    Err(refused.unwrap_or_else(|| OpenError::Program {
        program: file.to_owned(),
        source: rustix::io::Errno::NOENT.into(),
    }))
}

/// Settings that only some drivers take.
fn check_against(
    driver: &KnownDriver,
    is_program: bool,
    target: &PortTarget,
    settings: &PortSettings,
) -> Result<(), OpenError> {
    let bad = |setting: &str, why| {
        Err(OpenError::BadSetting {
            setting: setting.to_owned(),
            why,
        })
    };
    if settings.exit_status && !is_program {
        return bad("exit_status", "only an external program has one");
    }
    if settings.standard_error == StandardError::Stream && !is_program {
        return bad("stderr", "only an external program has one");
    }
    if !matches!(target, PortTarget::Executable { .. }) {
        if settings.args.is_some() {
            return bad("args", "only {spawn_executable,File} takes arguments");
        }
        if settings.arg0.is_some() {
            return bad("arg0", "only {spawn_executable,File} takes it");
        }
    }
    let flags = driver.entry.driver_flags();
    if settings.busy_limits_port.is_some() && !flags.contains(DriverFlags::QUEUE_LIMITS) {
        return bad(
            "busy_limits_port",
            "the driver decides itself when its port is busy",
        );
    }
    if flags.contains(DriverFlags::NO_BUSY_MSGQ)
        && matches!(settings.busy_limits_msgq, Some(BusyLimits::Limits { .. }))
    {
        return bad("busy_limits_msgq", "the driver does without limits");
    }
    if let PortTarget::Descriptors { input, output } = target {
        let both = settings.only_in == settings.only_out;
        let used = [
            (both || settings.only_in, *input),
            (both || settings.only_out, *output),
        ];
        for (used, fd) in used {
            if used && (fd < 0 || fd >= descriptor_limit()) {
                return Err(OpenError::Driver {
                    name: format!("fd {fd}"),
                    source: StartError::General,
                });
            }
        }
    }
    Ok(())
}

fn descriptor_limit() -> RawFd {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit
        .current
        .and_then(|limit| RawFd::try_from(limit).ok())
        .unwrap_or(RawFd::MAX)
}

/// Opens a port that `owner` owns and is linked to.
pub(crate) fn open(
    node: &Arc<NodeCore>,
    owner: &Arc<ProcessCore>,
    open: Open<'_>,
) -> Result<Arc<PortCore>, OpenError> {
    let Open {
        driver,
        name,
        options,
        settings,
    } = open;
    let waits_for_ack = driver
        .entry
        .driver_flags()
        .contains(DriverFlags::USE_INIT_ACK);
    let ack = waits_for_ack.then(|| {
        Arc::new(InitAck {
            result: Mutex::new(None),
            arrived: Condvar::new(),
        })
    });
    let port = node
        .add_port(|id| Arc::new(PortCore::new(id, node, driver, owner, name, settings)))
        .ok_or(OpenError::TableFull {
            limit: node.port_limit,
        })?;
    if owner.add_link(port.id.into()).is_none() {
        node.forget_port(port.id);
        return Err(OpenError::OwnerExited);
    }
    let started = match Held::try_of(&port) {
        Some(held) => {
            let started = port.start(&held, owner, &options, settings, ack.clone());
            held.release();
            Some(started)
        }
        None => {
            // Another port of the driver has the turn that they share.
            let (owner, ack) = (Arc::clone(owner), ack.clone());
            let (options, settings) = (options.clone(), settings.clone());
            port.request(move |port, held| port.start(held, &owner, &options, &settings, ack))
        }
    };
    // `None`: a callback of a driver with driver-level locking opens a port of
    // the same driver.
    started
        .ok_or_else(|| driver_error(&port, StartError::General))?
        .map_err(|source| start_error(&port, &options.target, source))?;
    if let Some(ack) = ack {
        let mut result = ack.result.lock();
        while result.is_none() {
            ack.arrived.wait(&mut result);
        }
        if let Some(Err(source)) = result.take() {
            drop(result);
            port.refuse_after_start(owner);
            return Err(driver_error(&port, source));
        }
    }
    if owner.is_exited() {
        // Its end may not have seen the link.
        let reason = owner
            .exit_reason()
            .unwrap_or_else(crate::ExitReason::noproc);
        port.exit_signal(
            owner.pid().into(),
            reason,
            crate::process::Signalled::ByLink,
        );
    }
    Ok(port)
}

fn driver_error(port: &PortCore, source: StartError) -> OpenError {
    OpenError::Driver {
        name: port.driver.entry.name().to_owned(),
        source,
    }
}

fn start_error(port: &PortCore, target: &PortTarget, source: StartError) -> OpenError {
    let (program, options) = match target {
        PortTarget::Executable { file, program } => (file.clone(), program),
        PortTarget::Shell { program, .. } => (PathBuf::from("/bin/sh"), program),
        PortTarget::Driver | PortTarget::Descriptors { .. } | PortTarget::Vanilla { .. } => {
            return driver_error(port, source);
        }
    };
    match source {
        StartError::Errno(number) => {
            let source = io::Error::from_raw_os_error(number);
            // The program's error would be a riddle when it is the directory that is missing.
            match &options.directory {
                Some(directory) if cannot_enter(directory, number) => OpenError::Directory {
                    directory: directory.clone(),
                    source,
                },
                _ => OpenError::Program { program, source },
            }
        }
        source => OpenError::Driver {
            name: program.display().to_string(),
            source,
        },
    }
}

/// Whether entering the directory fails with this error.
fn cannot_enter(directory: &Path, number: i32) -> bool {
    let within = directory.join(".");
    rustix::fs::access(&within, rustix::fs::Access::EXEC_OK)
        .is_err_and(|error| error.raw_os_error() == number)
}

impl PortCore {
    /// A port whose `start` is still to come.
    fn new(
        id: PortId,
        node: &Arc<NodeCore>,
        driver: Arc<KnownDriver>,
        owner: &Arc<ProcessCore>,
        name: Option<Box<[u8]>>,
        settings: &PortSettings,
    ) -> Self {
        let usual = driver.queue_limits();
        let special = Special {
            name,
            queue_limits: settings.busy_limits_port.filter(|own| *own != usual),
            gate: Gate::new(settings.unread_limit),
        };
        let usual = driver.signal_limits();
        let mut rare = Spare::<RareOutside>::default();
        if let Some(limits) = settings.busy_limits_msgq.filter(|own| *own != usual) {
            rare.make().signal_limits = Some(limits);
        }
        PortCore {
            id,
            node: Arc::clone(node),
            driver,
            special: special.is_any().then(|| Box::new(special)),
            own_turn: Turn::new(),
            queue_len: 0.into(),
            phase: (Phase::Open as u8).into(),
            busy: BusyState::new(),
            input_state: 0.into(),
            output_dropped: false.into(),
            finish_pending: false.into(),
            parallelism: settings.parallelism,
            outside: Mutex::new(Outside {
                owner: Arc::clone(owner),
                rare,
            }),
            state: TurnCell::new(State {
                connected: Arc::clone(owner),
                input: 0,
                output: 0,
                queue: Spare::default(),
                rare: Spare::default(),
                // These two count from the end of `start` on, and so does `Rare::line`.
                binary: false,
                eof: false,
                only_owner_linked: true,
                queue_lent: false,
                starting: true,
            }),
            instance: TurnCell::new(None),
        }
    }

    /// Another port of this port's driver, which is running: `driver_create_port`.
    pub(super) fn create_sibling(
        self: &Arc<Self>,
        held: &Held<'_>,
        owner: Pid,
        name: &[u8],
        make: &mut dyn FnMut(PortId) -> Option<Box<dyn Driver>>,
    ) -> Option<PortId> {
        let owner = self.node.process(owner)?;
        let has_own_name = name != self.driver.entry.name().as_bytes();
        let name = has_own_name.then(|| name.into());
        let settings = PortSettings::new().busy_limits_port(BusyLimits::Disabled);
        let port = self.node.add_port(|id| {
            let mut port = PortCore::new(
                id,
                &self.node,
                Arc::clone(&self.driver),
                &owner,
                name,
                &settings,
            );
            port.state.get_exclusive().starting = false;
            // Whoever finds the port now leaves its signals until it has a driver.
            port.own_turn.take_exclusive();
            Arc::new(port)
        })?;
        let own = port.own_turn.held_by_maker(&port);
        let instance = match owner.add_link(port.id.into()) {
            Some(()) => make(port.id),
            None => None,
        };
        let id = instance.is_some().then_some(port.id);
        if id.is_none() {
            owner.remove_link(port.id.into());
            port.set_phase(Phase::Gone);
            self.node.forget_port(port.id);
        }
        if self.driver.shared.is_some() {
            held.with_port(&port, |held| *port.instance.get_mut(&port, held) = instance);
        } else {
            *port.instance.get_mut(&port, &own) = instance;
        }
        own.release();
        id
    }

    fn start(
        self: &Arc<Self>,
        held: &Held<'_>,
        owner: &Arc<ProcessCore>,
        options: &OpenOptions,
        settings: &PortSettings,
        ack: Option<Arc<InitAck>>,
    ) -> Result<(), StartError> {
        let operations = Operations {
            port: self,
            held,
            caller: Some(owner.pid()),
            options: Some(options),
        };
        let context = PortContext::new(&operations);
        let start = AssertUnwindSafe(|| self.driver.entry.start(&context, self.name_bytes()));
        let result = catch_unwind(start).unwrap_or(Err(StartError::General));
        let ended = self.phase() != Phase::Open;
        self.state(held).starting = false;
        match result {
            Ok(instance) if !ended => {
                *self.instance.get_mut(self, held) = Some(instance);
                let mut state = self.state(held);
                state.binary = settings.binary;
                state.eof = settings.eof;
                if let Some(max_bytes) = settings.line {
                    state.rare.make().line = Some(Box::new(LineBuffer::new(max_bytes)));
                }
                if ack.is_some() {
                    state.rare.make().init_ack = ack;
                }
                drop(state);
                self.update_busy();
                Ok(())
            }
            result => {
                owner.remove_link(self.id.into());
                let error = match result {
                    Ok(mut instance) => {
                        let stop = AssertUnwindSafe(|| {
                            instance.stop(&context);
                            drop(instance);
                        });
                        if catch_unwind(stop).is_err() {
                            tracing::error!(port = %self.id, "the driver panicked while stopping");
                        }
                        StartError::General
                    }
                    Err(error) => error,
                };
                self.state(held).unlink(owner.pid());
                self.begin_close(held, crate::ExitReason::normal(), super::Ending::Dropping);
                self.vanish(held);
                Err(error)
            }
        }
    }

    /// `erl_drv_init_ack` with an error: the port ends and the opener gets no exit
    /// signal.
    fn refuse_after_start(self: &Arc<Self>, owner: &Arc<ProcessCore>) {
        owner.remove_link(self.id.into());
        let owner = owner.pid();
        self.request(move |port, held| {
            port.state(held).unlink(owner);
            port.begin_close(held, crate::ExitReason::normal(), super::Ending::Dropping);
        });
    }
}
