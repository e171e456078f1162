//! `portwright driver run`: a port of a compiled driver, its conversation on our output.
//!
//! One process owns the port and makes all requests, as the drivers' answers go to their caller. It
//! runs on the main thread; standard input, signals and the deadline have threads of their own, for
//! a callback of a driver may never return.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::Duration;

use portwright::driver::StartError;
use portwright::{ExitReason, Identity, Message, Node, OpenError, Port, PortName, Process};
use portwright_ddll::NodeExt as _;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::request::{Reading, Request};
use crate::arguments::DriverRunArguments;
use crate::complaint::{Failure, complain};
use crate::run::output::{Answer, Printer};
use crate::run::signals::Interrupts;
use crate::run::{TIMED_OUT, input, settings};

/// Requests that have been read and not made yet.
const READ_AHEAD: usize = 16;

/// How often we look whether a closed port has written its queue.
const LOOK: Duration = Duration::from_millis(2);

/// Loads the driver, opens the port and talks with it; the exit code.
pub(super) fn run(arguments: &DriverRunArguments) -> Result<u8, Failure> {
    let settings = settings::of_driver(&arguments.settings)?;
    let file = super::read(&arguments.file)?;
    if let Some(missing) = super::missing(&file) {
        return Err(super::cannot_load(missing));
    }
    let (directory, name) = name_of(&arguments.file)?;
    let cannot = |what| move |error: io::Error| Failure::own(format!("cannot {what}: {error}"));
    let interrupts = Interrupts::catch().map_err(cannot("catch interrupts"))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(cannot("start a runtime"))?;
    let node = Node::builder().build().map_err(cannot("make a node"))?;
    let me = node.attach();
    me.trap_exit(true);
    // For the program: what a process has loaded ends with it.
    node.ddll()
        .load(directory, &name)
        .map_err(super::cannot_load)?;
    let command = command(&name, &arguments.command);
    let port = me
        .open_port(PortName::driver(&command), settings)
        .map_err(|error| not_opened(&error, &command))?;
    // The last word of every end: `driver_exit(Port, 0)` sends the owner nothing.
    let monitored = me.monitor(&port).is_ok();
    let ended_early = Arc::new(AtomicU8::new(0));
    let early = Early {
        node: node.clone(),
        port: port.clone(),
        grace: arguments.grace,
        code: Arc::clone(&ended_early),
    };
    early
        .watch(arguments.deadline, interrupts)
        .map_err(cannot("start a thread"))?;
    let reading = Reading::of(arguments);
    let reads_input = !arguments.settings.only_in;
    let requests = reads_input
        .then(|| read_requests(reading))
        .transpose()
        .map_err(cannot("start a thread"))?;
    let mut conversation = Conversation {
        me,
        port,
        printer: Printer::new(arguments.output),
        linger: arguments.linger,
        refused: false,
        reason: None,
    };
    let held = runtime.block_on(conversation.hold(monitored, requests));
    // Standard input may never end: nobody waits for its thread.
    runtime.shutdown_background();
    let early = ended_early.load(Ordering::Acquire);
    match held {
        // Whoever read our output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        Err(error) => Err(Failure::own(format!("cannot write the output: {error}"))),
        Ok(()) if early != 0 => Ok(early),
        Ok(()) => conversation.exit_code(),
    }
}

/// Directory and name of a driver, by its file.
fn name_of(file: &Path) -> Result<(&Path, String), Failure> {
    let named = file
        .file_name()
        .and_then(OsStr::to_str)
        .and_then(|name| name.strip_suffix(".so"));
    let Some(name) = named.filter(|name| !name.is_empty()) else {
        return Err(super::cannot_load(format!(
            "{} cannot be loaded: the file of a driver has the driver's name and ends in .so",
            file.display()
        )));
    };
    let directory = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    Ok((directory.unwrap_or(Path::new(".")), name.to_owned()))
}

/// The command: words joined by spaces, the driver's name first.
fn command(name: &str, words: &[OsString]) -> OsString {
    let given = words.join(OsStr::new(" "));
    let first = given.as_bytes().split(|byte| *byte == b' ').next();
    if first == Some(name.as_bytes()) {
        return given;
    }
    let mut command = OsString::from(name);
    if !given.is_empty() {
        command.push(" ");
        command.push(given);
    }
    command
}

fn not_opened(error: &OpenError, command: &OsStr) -> Failure {
    match error {
        OpenError::Driver { source, .. } => {
            let hint = match source {
                StartError::General | StartError::BadArgument => {
                    "; does it want other words behind its name?"
                }
                _ => "",
            };
            Failure::own(format!("cannot open {command:?}: {source}{hint}"))
        }
        error => Failure::own(error),
    }
}

/// Reads standard input on a thread of its own.
fn read_requests(reading: Reading) -> io::Result<mpsc::Receiver<Result<Request, String>>> {
    let (sender, requests) = mpsc::channel(READ_AHEAD);
    input::on_a_thread(move || {
        input::feed(reading.cut(), false, |bytes| match reading.read(bytes) {
            Ok(None) => Ok(()),
            Ok(Some(request)) => sender.blocking_send(Ok(request)).map_err(drop),
            Err(why) => sender.blocking_send(Err(why)).map_err(drop),
        })
    })?;
    Ok(requests)
}

/// Closes the port before its time: at the deadline, and when a signal asks us to end.
struct Early {
    node: Node,
    port: Port,
    grace: Duration,
    /// The exit code then, 0 before.
    code: Arc<AtomicU8>,
}

impl Early {
    fn watch(self, deadline: Option<Duration>, interrupts: Interrupts) -> io::Result<()> {
        let early = Arc::new(self);
        if let Some(deadline) = deadline {
            let early = Arc::clone(&early);
            thread::Builder::new()
                .name("deadline".into())
                .spawn(move || {
                    thread::sleep(deadline);
                    early.end(TIMED_OUT);
                })?;
        }
        interrupts.each(move |number| early.end(128 + number.to_le_bytes()[0]))
    }

    fn end(&self, code: u8) {
        if self
            .code
            .compare_exchange(0, code, Ordering::AcqRel, Ordering::Acquire)
            .is_err()
        {
            return;
        }
        let (node, port) = (self.node.clone(), self.port.clone());
        // May wait for ever, for a callback that does not return.
        let close = move || {
            let _ = node.attach().close(&port);
        };
        if let Err(error) = thread::Builder::new().name("close".into()).spawn(close) {
            complain(&format_args!("cannot start a thread: {error}"));
        } else {
            thread::sleep(self.grace);
        }
        std::process::exit(code.into());
    }
}

/// What goes on between the port and our output.
struct Conversation {
    me: Process,
    port: Port,
    printer: Printer,
    linger: Duration,
    /// A request was refused.
    refused: bool,
    /// Why the port ended, if it said so.
    reason: Option<ExitReason>,
}

impl Conversation {
    /// Makes the requests and prints everything up to the port's end. An error is one of our output.
    async fn hold(
        &mut self,
        monitored: bool,
        mut requests: Option<mpsc::Receiver<Result<Request, String>>>,
    ) -> io::Result<()> {
        // Without input the port lives as long as it likes.
        let mut closes_at = None;
        let mut is_over = !monitored;
        while !is_over {
            let next_request = async {
                match &mut requests {
                    Some(requests) => requests.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                message = self.me.receive() => {
                    let Some(message) = message else { break };
                    if closes_at.is_some() {
                        closes_at = Some(Instant::now() + self.linger);
                    }
                    is_over = self.hear(&message)?;
                }
                request = next_request => match request {
                    Some(Ok(request)) => self.ask(request).await?,
                    Some(Err(why)) => self.refuse(&why),
                    None => {
                        requests = None;
                        closes_at = Some(Instant::now() + self.linger);
                    }
                },
                () = at(closes_at) => {
                    closes_at = None;
                    // It may just have ended.
                    let _ = self.me.close(&self.port);
                }
            }
        }
        // What is queued is still being written.
        while !self.port.is_gone() {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Prints a message; whether it was the last one.
    fn hear(&mut self, message: &Message) -> io::Result<bool> {
        match message {
            Message::Down(_) => return Ok(true),
            Message::Exit { from, reason } if *from == Identity::from(self.port.id()) => {
                self.reason = Some(reason.clone());
            }
            _ => {}
        }
        self.printer.print(message)?;
        Ok(false)
    }

    async fn ask(&mut self, request: Request) -> io::Result<()> {
        let answer = match request {
            Request::Command(data) => {
                if let Err(error) = self.me.command(&self.port, data).await {
                    self.refuse(&format_args!("the command is refused: {error} (badarg)"));
                }
                return Ok(());
            }
            Request::Close => {
                let _ = self.me.close(&self.port);
                return Ok(());
            }
            Request::Control(operation, data) => self
                .me
                .control(&self.port, operation, data.into_bytes())
                .map(Answer::Control)
                .map_err(|error| ("port_control", operation, error)),
            Request::Call(operation, argument) => self
                .me
                .call(&self.port, operation, argument)
                .map(Answer::Call)
                .map_err(|error| ("port_call", operation, error)),
        };
        match answer {
            Ok(answer) => self.printer.print_answer(self.port.id(), &answer),
            Err((function, operation, error)) => {
                self.refuse(&format_args!(
                    "{function} with operation {operation} is refused: {error} (badarg)"
                ));
                Ok(())
            }
        }
    }

    fn refuse(&mut self, why: &dyn std::fmt::Display) {
        self.refused = true;
        complain(why);
    }

    fn exit_code(&self) -> Result<u8, Failure> {
        match &self.reason {
            Some(reason) if !reason.is_normal() => {
                Err(Failure::own(format!("the port ended: {reason}")))
            }
            _ if self.refused => Ok(crate::OWN_FAILURE),
            _ => Ok(0),
        }
    }
}

/// Waits for a moment, or for ever.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_driver_comes_first_and_once() {
        let command = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            command("some_drv", &words).into_string().unwrap()
        };
        assert_eq!(command(&[]), "some_drv");
        assert_eq!(command(&["some_drv"]), "some_drv");
        assert_eq!(command(&["some_drv a", "b"]), "some_drv a b");
        assert_eq!(command(&["some_drv2"]), "some_drv some_drv2");
        assert_eq!(command(&[":memory:"]), "some_drv :memory:");
    }

    #[test]
    fn a_file_names_directory_and_driver() {
        let name = |file: &str| {
            name_of(Path::new(file))
                .map(|(directory, name)| (directory.to_str().unwrap().to_owned(), name))
                .map_err(|failure| failure.code)
        };
        assert_eq!(name("a.so"), Ok((".".into(), "a".into())));
        assert_eq!(name("/x/y/a_drv.so"), Ok(("/x/y".into(), "a_drv".into())));
        assert_eq!(name("/x/liba.so.1"), Err(126));
        assert_eq!(name("/x/.so"), Err(126));
    }
}
