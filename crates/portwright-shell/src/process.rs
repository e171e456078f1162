//! A machine as a process of the node.

use std::sync::Arc;

use portwright::{Changed, ExitReason, Process, Scan, SpawnOptions};
use portwright_term::{Atom, Pid, Reference, Term};

use crate::exception::{Class, Exception};
use crate::machine::{Machine, Step};
use crate::native::Call;
use crate::system::{Stream, System};

/// Calls that a process may make before others get their turn.
const BUDGET: u32 = 4_000;

/// What a new process runs.
pub(crate) enum Entry {
    /// A fun without arguments.
    Fun(Term),
    /// `Module:Function(Arguments...)`.
    Named {
        module: Atom,
        function: Atom,
        arguments: Term,
    },
}

impl Entry {
    /// A machine that is about to run this.
    pub(crate) fn machine(self, pid: Pid, system: &System) -> Machine {
        let limit = system.stack_limit();
        match self {
            Entry::Fun(fun) => Machine::apply_fun(fun, Term::Nil, pid, limit),
            Entry::Named {
                module,
                function,
                arguments,
            } => Machine::apply(module, function, arguments, pid, limit),
        }
    }
}

/// Runs a machine to its end.
///
/// # Cancel safety
///
/// Not cancel safe: what was running is lost when the future is dropped.
pub(crate) async fn run(machine: &mut Machine, call: &mut Call) -> Result<Term, Exception> {
    loop {
        match machine.run(BUDGET, call) {
            Step::Done(value) => return Ok(value),
            Step::Raised(exception) => return Err(exception),
            Step::Yield => {
                tokio::task::yield_now().await;
                check_alive(call)?;
            }
            Step::Receive(deadline) => {
                if call.process().changed_until(deadline).await == Changed::Exited {
                    check_alive(call)?;
                }
            }
            Step::Await {
                function,
                arguments,
            } => {
                let result = function(call, &arguments).await;
                check_alive(call)?;
                if let Some(exception) = machine.resume(result) {
                    return Err(exception);
                }
            }
        }
    }
}

/// Whether the process may go on: it may have been killed, or everything halted.
pub(crate) fn check_alive(call: &Call) -> Result<(), Exception> {
    if let Some(reason) = call.process_ref().exit_reason() {
        return Err(Exception::uncatchable(reason.into_term()));
    }
    if call.system().halted().is_some() {
        return Err(Exception::uncatchable(Term::atom("halt")));
    }
    Ok(())
}

/// Starts a process.
pub(crate) fn spawn(
    call: &mut Call,
    entry: Entry,
    options: SpawnOptions,
) -> (Pid, Option<Reference>) {
    let system = call.system().clone();
    let leader = call.group_leader().clone();
    let node = system.node().clone();
    node.spawn_with(call.process_ref(), options, move |process| {
        body(process, system, leader, entry)
    })
}

async fn body(
    process: Process,
    system: Arc<System>,
    leader: Option<Term>,
    entry: Entry,
) -> ExitReason {
    let pid = process.pid();
    let mut machine = entry.machine(pid, &system);
    let mut call = Call::new(process, system);
    *call.group_leader() = leader;
    let result = run(&mut machine, &mut call).await;
    match result {
        Ok(_) => ExitReason::normal(),
        Err(exception) => {
            report(call.system(), pid, &exception);
            ExitReason::from(exception.exit_reason())
        }
    }
}

/// The error report of a process that ends with an error or a throw.
fn report(system: &System, pid: Pid, exception: &Exception) {
    if exception.class() == Class::Exit || !system.reports_errors() {
        return;
    }
    let reason = exception.exit_reason();
    let text = portwright_term::text::format_p(&reason, 1, 80);
    let time = chrono::Local::now().format("%d-%b-%Y::%H:%M:%S%.6f");
    let report = format!(
        "=ERROR REPORT==== {time} ===\nError in process {:?} with exit value:\n{text}\n\n",
        Term::Pid(pid)
    );
    // Nobody is left to tell that the report could not be written.
    let _ = system.write(Stream::Output, report.as_bytes());
}

/// The group leader, as a pid: the one that was set, or one of no process.
pub(crate) fn group_leader(call: &mut Call) -> Term {
    let node = call.system().node().name();
    let creation = call.pid().creation();
    call.group_leader()
        .clone()
        .unwrap_or_else(|| Term::Pid(Pid::new(node, 0, 0, creation)))
}

/// All messages in the process's own mailbox.
pub(crate) fn messages(call: &mut Call) -> Vec<Term> {
    let mut messages = Vec::new();
    let process = call.process();
    process.rescan();
    let _ = process.scan(|message| {
        messages.push(message.to_term());
        Scan::<()>::Continue(())
    });
    process.rescan();
    messages
}
