//! One call that runs a program: input in, output out, and an end in any case.

use std::ffi::OsStr;
use std::future::{Future, IntoFuture};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use portwright_term::IoVec;

use crate::port::Port;
use crate::process::Received;
use crate::reactor::block_on;
use crate::{ExitReason, Message, Node, OpenError, PortMessage, PortName, PortSettings, Process};

/// How long after the end of the program its output may stay open, held by
/// processes that it has left behind.
const LINGER: Duration = Duration::from_millis(200);

/// How much of the program's output may wait to be kept or dropped: a task that is kept from
/// running does not make the memory grow.
const UNREAD_LIMIT: usize = 1024 * 1024;

/// A program to be run to its end, see [`run()`].
#[derive(Debug, Clone)]
#[must_use = "nothing runs until it is awaited, or `blocking` is called"]
pub struct Run {
    node: Option<Node>,
    program: PathBuf,
    settings: PortSettings,
    arguments: Vec<std::ffi::OsString>,
    input: IoVec,
    deadline: Option<Duration>,
    grace: Duration,
    keep_at_most: usize,
    leave_group: bool,
}

/// How a program ended, and what it printed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished {
    /// How it ended.
    pub status: RunStatus,
    /// What it wrote to its standard output, up to the limit.
    pub stdout: Bytes,
    /// What it wrote to its standard error, up to the limit.
    pub stderr: Bytes,
    /// There was more output than was kept.
    pub truncated: bool,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// With a code, 0 to 255. 255 as well when somebody else in the host has reaped the program
    /// (SIGCHLD is ignored, or `waitpid(-1)`): how it ended is lost then.
    Exited(i32),
    /// By a signal that was not ours.
    Signalled(i32),
    /// The deadline came first.
    Deadline {
        /// The grace was over as well: the process group was killed.
        killed: bool,
    },
}

impl RunStatus {
    /// Whether the program exited with 0.
    pub fn success(self) -> bool {
        self == Self::Exited(0)
    }
}

/// Why a program could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// It could not be started.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no node to run it on, and none can be made: no descriptors are left.
    #[error("cannot make a node to run the program on: {0}")]
    Node(#[source] std::io::Error),
    /// The port was closed while the program ran, by another process of the node. The program was
    /// sent no signal: its output is closed, and it may go on.
    #[error("the program's port was closed before the program ended: {reason}")]
    Closed {
        /// The port's exit reason.
        reason: ExitReason,
    },
    /// The node that ran it was halted.
    #[error("the node was halted while the program ran")]
    Halted,
}

/// Runs a program to its end and returns what it printed.
///
/// The program is a file, or a name to look for along `PATH`; there is no shell. Its
/// standard input is what [`Run::input`] gave, else empty. Both its outputs are read
/// until they end, as far as [`Run::keep_at_most`] allows.
///
/// Whatever happens, the call returns: at the deadline the program's whole process
/// group gets SIGTERM, after a grace SIGKILL. A process that the program leaves
/// behind and that holds its output open cannot keep the call from returning; it
/// gets SIGTERM too, unless [`Run::leave_group`] says otherwise.
///
/// # Cancel safety
///
/// Dropping the future kills the process group.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # use portwright::RunStatus;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), portwright::RunError> {
/// let end = portwright::run("tr").args(["a-z", "A-Z"]).input("hello").await?;
/// assert_eq!((end.status, &end.stdout[..]), (RunStatus::Exited(0), &b"HELLO"[..]));
///
/// let end = portwright::run("sh")
///     .args(["-c", "echo so far; sleep 1000"])
///     .deadline(Duration::from_millis(100))
///     .await?;
/// assert!(matches!(end.status, RunStatus::Deadline { .. }));
/// println!("{:?}", end.stdout);          // "so far\n", if it had the time to say so
/// # Ok(()) }
/// ```
pub fn run(program: impl AsRef<Path>) -> Run {
    Run {
        node: None,
        program: program.as_ref().to_owned(),
        settings: PortSettings::new(),
        arguments: Vec::new(),
        input: IoVec::default(),
        deadline: None,
        grace: Duration::from_secs(2),
        keep_at_most: usize::MAX,
        leave_group: false,
    }
}

impl Run {
    /// Adds one argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(
            arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned()),
        );
        self
    }

    /// What the program reads from its standard input. Default: nothing.
    pub fn input(mut self, input: impl Into<IoVec>) -> Self {
        self.input = input.into();
        self
    }

    /// The program's working directory. Default: the host's.
    pub fn cd(mut self, directory: impl AsRef<Path>) -> Self {
        self.settings = self.settings.cd(directory);
        self
    }

    /// Sets a variable in the program's environment.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.settings = self.settings.env(name, value);
        self
    }

    /// Removes a variable from the program's environment.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.settings = self.settings.env_remove(name);
        self
    }

    /// How long the program may take. Default: for ever.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How long after SIGTERM the process group gets SIGKILL. Default: 2 seconds.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How many bytes of each output are kept; what is beyond is read and dropped.
    /// Default: all.
    pub fn keep_at_most(mut self, bytes: usize) -> Self {
        self.keep_at_most = bytes;
        self
    }

    /// Leaves alone what the program leaves behind when it ends by itself, such as
    /// a daemon that it started. The deadline ends the group all the same.
    pub fn leave_group(mut self) -> Self {
        self.leave_group = true;
        self
    }

    /// The node whose environment and limits count. Default: one that all such calls
    /// share.
    pub fn on(mut self, node: &Node) -> Self {
        self.node = Some(node.clone());
        self
    }

    /// Runs the program and blocks the thread until it ends.
    ///
    /// # Errors
    ///
    /// See [`RunError`].
    pub fn blocking(self) -> Result<Finished, RunError> {
        let node = self.node()?;
        let reactor = node.core().reactor().clone();
        block_on(&reactor, self.on(&node).finish())
    }

    fn node(&self) -> Result<Node, RunError> {
        static SHARED: OnceLock<Node> = OnceLock::new();
        if let Some(node) = self.node.as_ref().or_else(|| SHARED.get()) {
            return Ok(node.clone());
        }
        let node = Node::builder().build().map_err(RunError::Node)?;
        // Another call may have been faster.
        Ok(SHARED.get_or_init(|| node).clone())
    }

    async fn finish(self) -> Result<Finished, RunError> {
        let started = Instant::now();
        let process = self.node()?.attach();
        process.trap_exit(true);
        let settings = self
            .settings
            .clone()
            .args(&self.arguments)
            .stderr()
            .eof()
            .unread_limit(UNREAD_LIMIT)
            .supervised();
        let port =
            process.open_port(PortName::executable(&self.program), settings.keep_reading())?;
        let mut running = Running {
            group: Group {
                port: &port,
                done: false,
            },
            process,
            stdout: Kept::new(self.keep_at_most),
            stderr: Kept::new(self.keep_at_most),
            status: None,
            gone: false,
        };
        if !self.input.is_empty() {
            // A program that is gone already reads nothing: that is no error.
            let _ = running
                .process
                .try_command(&port, self.input.clone(), crate::Busy::NoSuspend);
        }
        let _ = running.process.close_input(&port);
        let deadline = self
            .deadline
            .and_then(|deadline| started.checked_add(deadline));
        let status = running
            .wait_for_the_end(deadline, self.grace, self.leave_group)
            .await?;
        running.group.done = true;
        Ok(Finished {
            status,
            truncated: running.stdout.truncated || running.stderr.truncated,
            stdout: running.stdout.bytes.freeze(),
            stderr: running.stderr.bytes.freeze(),
        })
    }
}

impl IntoFuture for Run {
    type Output = Result<Finished, RunError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.finish())
    }
}

/// The first bytes of a stream.
struct Kept {
    bytes: BytesMut,
    at_most: usize,
    truncated: bool,
}

impl Kept {
    fn new(at_most: usize) -> Self {
        Self {
            bytes: BytesMut::new(),
            at_most,
            truncated: false,
        }
    }

    fn add(&mut self, data: &[u8]) {
        let room = self.at_most - self.bytes.len();
        self.bytes.extend_from_slice(&data[..data.len().min(room)]);
        self.truncated |= data.len() > room;
    }
}

/// Kills the process group when the call is dropped half-way.
struct Group<'a> {
    port: &'a Port,
    done: bool,
}

impl Group<'_> {
    /// Sends a signal to everybody in the group. The program itself is reaped only
    /// when its port closes, so the group's number cannot have passed to others.
    fn signal(&self, number: i32) {
        // Nobody left is as good as everybody told.
        let _ = self.port.signal(number, true);
    }
}

impl Drop for Group<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.signal(libc::SIGKILL);
        }
    }
}

/// A program on its way to its end.
struct Running<'a> {
    // Dropped first: the group is signalled while the port still knows it.
    group: Group<'a>,
    process: Process,
    stdout: Kept,
    stderr: Kept,
    status: Option<RunStatus>,
    /// All output is read, or the port has ended.
    gone: bool,
}

/// What a stretch of waiting came to.
#[derive(PartialEq, Eq)]
enum Waited {
    /// The program has ended and all its output is read.
    Done,
    /// The program has ended; somebody holds its output open.
    Left,
    /// The time is up.
    Timeout,
}

impl Running<'_> {
    async fn wait_for_the_end(
        &mut self,
        deadline: Option<Instant>,
        grace: Duration,
        leave_group: bool,
    ) -> Result<RunStatus, RunError> {
        let mut waited = self.wait(deadline, true).await?;
        if waited == Waited::Left {
            let linger = Instant::now() + LINGER;
            let until = deadline.map_or(linger, |deadline| deadline.min(linger));
            waited = self.wait(Some(until), false).await?;
        }
        let in_time = self.status;
        if let Some(status) = in_time
            && (waited == Waited::Done || leave_group)
        {
            // What is left behind lives on if it may. The port closes with the process.
            if !leave_group {
                self.group.signal(libc::SIGTERM);
            }
            return Ok(status);
        }
        self.group.signal(libc::SIGTERM);
        let mut killed = false;
        // A grace beyond all times is for ever.
        let until = Instant::now().checked_add(grace);
        if self.wait(until, false).await? != Waited::Done {
            killed = true;
            self.group.signal(libc::SIGKILL);
            // Who has left the group and the session may still hold the output.
            self.wait(Some(Instant::now() + LINGER), false).await?;
        }
        Ok(in_time.unwrap_or(RunStatus::Deadline { killed }))
    }

    /// Collects output until all is read and the program has ended, or (if asked) the program has, or
    /// the time is up.
    async fn wait(&mut self, until: Option<Instant>, or_left: bool) -> Result<Waited, RunError> {
        loop {
            if self.gone && self.status.is_some() {
                return Ok(Waited::Done);
            }
            if or_left && self.status.is_some() {
                return Ok(Waited::Left);
            }
            match self.process.receive_until(until, |_| true).await {
                Received::Timeout => return Ok(Waited::Timeout),
                Received::Exited => return Err(RunError::Halted),
                Received::Message(Message::Port { message, .. }) => match message {
                    PortMessage::Data(data) => {
                        self.stdout.add(&data);
                        self.group.port.core().taken(data.len());
                    }
                    PortMessage::StandardError(data) => {
                        self.stderr.add(&data);
                        self.group.port.core().taken(data.len());
                    }
                    PortMessage::ExitStatus(code) => self.status = Some(RunStatus::Exited(code)),
                    PortMessage::ExitSignal(number) => {
                        self.status = Some(RunStatus::Signalled(number));
                    }
                    PortMessage::Eof => self.gone = true,
                    _ => {}
                },
                // A port with `eof` does not end by itself.
                Received::Message(Message::Exit { reason, .. }) => {
                    if self.status.is_none() {
                        return Err(RunError::Closed { reason });
                    }
                    self.gone = true;
                }
                Received::Message(_) => {}
            }
        }
    }
}
