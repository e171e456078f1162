//! What all processes of one evaluator share: the node, where output goes, the
//! arguments of the script, and values of the library.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use portwright::Node;
use portwright_term::Atom;
use tokio::sync::Notify;

use crate::code::Module;
use crate::machine::StackLimit;

/// Which stream of the host program text goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The group leader: `io:format/2`, `standard_io`.
    Output,
    /// `standard_error` and error reports.
    Error,
}

/// Where what expressions print goes.
///
/// The shell, `eval`, scripts and tests each have their own.
pub trait Output: Send + Sync + 'static {
    /// Writes bytes, already encoded. Blocking is allowed for as long as a
    /// terminal or pipe blocks.
    ///
    /// # Errors
    ///
    /// An error of kind `BrokenPipe` ends the whole evaluation quietly; others
    /// give `{error, Reason}` to the printing function.
    fn write(&self, stream: Stream, bytes: &[u8]) -> io::Result<()>;

    /// Reads a line with its newline, or an empty vector at the end. Called on
    /// a thread that may block. The default has no input.
    ///
    /// # Errors
    ///
    /// Whatever the device says.
    fn read_line(&self) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }
}

/// Standard output, error and input of the host program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standard;

impl Output for Standard {
    fn write(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        match stream {
            Stream::Output => {
                let mut out = io::stdout().lock();
                out.write_all(bytes)?;
                out.flush()
            }
            Stream::Error => io::stderr().lock().write_all(bytes),
        }
    }

    fn read_line(&self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        io::BufRead::read_until(&mut io::stdin().lock(), b'\n', &mut line)?;
        Ok(line)
    }
}

/// Keeps what is printed: for tests and for hosts that show it themselves.
#[derive(Debug, Default)]
pub struct Captured {
    output: Mutex<Vec<u8>>,
    error: Mutex<Vec<u8>>,
}

impl Captured {
    /// What was printed on this stream since the last call.
    pub fn take(&self, stream: Stream) -> Vec<u8> {
        std::mem::take(
            &mut *self
                .buffer(stream)
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn buffer(&self, stream: Stream) -> &Mutex<Vec<u8>> {
        match stream {
            Stream::Output => &self.output,
            Stream::Error => &self.error,
        }
    }
}

impl Output for Captured {
    fn write(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        self.buffer(stream)
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(())
    }
}

/// What all processes of one evaluator share.
pub struct System {
    node: Node,
    output: Arc<dyn Output>,
    unicode_output: AtomicBool,
    arguments: Vec<String>,
    script_name: Option<String>,
    halted: OnceLock<i32>,
    exit: Option<fn(i32) -> !>,
    halt_wanted: Notify,
    programs: RwLock<HashMap<Atom, Arc<Module>>>,
    stack_limit: StackLimit,
    reports_errors: AtomicBool,
    shared: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl System {
    /// A system on this node that prints to `output`.
    ///
    /// The node gets the driver `ram_file_drv` unless it has one: in OTP it is part
    /// of the emulator.
    pub fn new(node: Node, output: Arc<dyn Output>) -> System {
        // Refused only when another system, or the host, has added it before.
        let _ = node.add_driver(crate::library::ram_file::entry());
        System {
            node,
            output,
            unicode_output: AtomicBool::new(false),
            arguments: Vec::new(),
            script_name: None,
            halted: OnceLock::new(),
            exit: None,
            halt_wanted: Notify::new(),
            programs: RwLock::default(),
            stack_limit: StackLimit::default(),
            reports_errors: AtomicBool::new(true),
            shared: Mutex::default(),
        }
    }

    /// Sets what `init:get_plain_arguments/0` and `escript:script_name/0` give.
    #[must_use]
    pub fn with_script(mut self, name: String, arguments: Vec<String>) -> System {
        self.script_name = Some(name);
        self.arguments = arguments;
        self
    }

    /// The node.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Where printed text goes.
    pub fn output(&self) -> &Arc<dyn Output> {
        &self.output
    }

    /// Writes to the output; a closed pipe ends the evaluation with status 0.
    ///
    /// # Errors
    ///
    /// What the device says.
    pub fn write(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        let result = self.output.write(stream, bytes);
        if result
            .as_ref()
            .is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        {
            self.halt(0);
        }
        result
    }

    /// Whether standard output takes UTF-8 (`io:setopts([{encoding,unicode}])`)
    /// or latin1.
    pub fn unicode_output(&self) -> bool {
        self.unicode_output.load(Ordering::Relaxed)
    }

    /// Chooses UTF-8 or latin1 for standard output.
    pub fn set_unicode_output(&self, unicode: bool) {
        self.unicode_output.store(unicode, Ordering::Relaxed);
    }

    /// The arguments of the script.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The script's file name.
    pub fn script_name(&self) -> Option<&str> {
        self.script_name.as_deref()
    }

    /// Sets how the whole program ends at once, for `halt/2` with `{flush,false}` and
    /// the like. Without it they halt as `halt/1` does.
    #[must_use]
    pub fn with_exit(mut self, exit: fn(i32) -> !) -> System {
        self.exit = Some(exit);
        self
    }

    /// How far recursion may go; see [`StackLimit`].
    #[must_use]
    pub fn with_stack_limit(mut self, limit: StackLimit) -> System {
        self.stack_limit = limit;
        self
    }

    /// How far recursion may go.
    pub fn stack_limit(&self) -> StackLimit {
        self.stack_limit
    }

    /// Whether a spawned process that ends with an error is reported on the
    /// output, as OTP's logger does. On by default.
    pub fn reports_errors(&self) -> bool {
        self.reports_errors.load(Ordering::Relaxed)
    }

    /// Switches the reports on or off.
    pub fn set_reports_errors(&self, report: bool) {
        self.reports_errors.store(report, Ordering::Relaxed);
    }

    /// The program loaded under this module name.
    pub(crate) fn program(&self, name: Atom) -> Option<Arc<Module>> {
        self.programs
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&name)
            .cloned()
    }

    pub(crate) fn load(&self, module: Arc<Module>) {
        let mut programs = self
            .programs
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        programs.insert(module.name, module);
    }

    /// The meaning of `init:stop/1`: as [`System::halt`], but the caller goes on
    /// for as long as that takes.
    pub(crate) fn stop(&self, status: i32) {
        self.end(status);
    }

    /// Ends the program at once, with no callback of a driver, where the program has
    /// said how.
    pub(crate) fn exit(&self, status: i32) {
        if let Some(exit) = self.exit {
            exit(status);
        }
        self.halt(status);
    }

    /// What is left to do once everything has halted and before the program ends:
    /// ports are closed and write what is queued. After `halt/1` drivers then stay as
    /// they are; OTP does not call their `finish` either.
    ///
    /// # Blocking
    ///
    /// As [`Node::close_ports`].
    pub fn wind_up(&self) {
        self.node.close_ports();
        if self.node.is_halting() {
            std::mem::forget(self.node.clone());
        }
    }

    /// Asks for the end of everything, as `halt/1` does. The first status
    /// counts. A native function that calls this returns
    /// `Err(Exception::uncatchable(..))` afterwards.
    pub fn halt(&self, status: i32) {
        self.node.begin_halt();
        self.end(status);
    }

    fn end(&self, status: i32) {
        if self.halted.set(status).is_ok() {
            self.halt_wanted.notify_waiters();
        }
    }

    /// The status given to [`System::halt`], if it was called.
    pub fn halted(&self) -> Option<i32> {
        self.halted.get().copied()
    }

    /// Waits for [`System::halt`]. Cancel safe.
    pub async fn wait_halted(&self) -> i32 {
        loop {
            let wanted = self.halt_wanted.notified();
            if let Some(status) = self.halted() {
                return status;
            }
            wanted.await;
        }
    }

    /// The value of this type that all processes share, made with `Default` at
    /// first use.
    pub fn shared<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let value = shared
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::<T>::default())
            .clone();
        drop(shared);
        // The key is the type's own id.
        value
            .downcast()
            .expect("values are stored under their own type")
    }
}
