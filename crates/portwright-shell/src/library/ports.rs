//! The port functions of `erlang(3)`, on top of `portwright::bif`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use portwright::bif::{self, BifError, Outcome};
use portwright_term::{Pid, PortId, Term, atoms};

use super::argument::{Answer, atom, badarg, count, elements, is_atom};
use crate::exception::Exception;
use crate::native::{Call, Native, NativeFuture, NativeModule};

/// What this file registers.
pub(crate) const PORTS: NativeModule = NativeModule::new(
    "erlang",
    &[
        Native::new("open_port", 2, |call, args| {
            done(bif::open_port(call.process(), args))
        }),
        Native::either("port_command", 2, command_now, command_waiting),
        Native::either("port_command", 3, command_now, command_waiting),
        Native::new("port_close", 1, |call, args| {
            done(bif::port_close(call.process(), args))
        }),
        Native::new("port_connect", 2, |call, args| {
            done(bif::port_connect(call.process(), args))
        }),
        Native::new("port_control", 3, |call, args| {
            done(bif::port_control(call.process(), args))
        }),
        Native::new("port_call", 2, |call, args| {
            let args = [args[0].clone(), Term::Integer(0), args[1].clone()];
            done(bif::port_call(call.process(), &args))
        }),
        Native::new("port_call", 3, |call, args| {
            done(bif::port_call(call.process(), args))
        }),
        Native::new("port_info", 1, |call, args| {
            done(bif::port_info(call.process(), args))
        }),
        Native::new("port_info", 2, |call, args| {
            done(bif::port_info(call.process(), args))
        }),
        Native::new("ports", 0, |call, args| {
            done(bif::ports(call.process(), args))
        }),
        Native::new("port_to_list", 1, |call, args| {
            done(bif::port_to_list(call.process(), args))
        }),
        Native::new("list_to_port", 1, |call, args| {
            done(bif::list_to_port(call.process(), args))
        }),
        Native::new("port_set_data", 2, |call, args| {
            done(bif::port_set_data(call.process(), args))
        }),
        Native::new("port_get_data", 1, |call, args| {
            done(bif::port_get_data(call.process(), args))
        }),
        Native::new("send_nosuspend", 2, send_nosuspend),
        Native::new("send_nosuspend", 3, send_nosuspend),
        Native::new("system_monitor", 0, system_monitor_now),
        Native::new("system_monitor", 1, set_system_monitor),
        Native::new("system_monitor", 2, set_system_monitor),
    ],
);

/// An error of the core as an exception.
pub(crate) fn raised(error: BifError) -> Exception {
    let mut exception = Exception::error(error.reason);
    for (argument, text) in error.notes {
        exception = exception.note(u8::try_from(argument).unwrap_or(u8::MAX), text);
    }
    match error.cause {
        Some(cause) => exception.with_cause(Term::Atom(cause)),
        None => exception,
    }
}

fn done(result: Result<Term, BifError>) -> Answer {
    result.map_err(raised)
}

fn command_now(call: &mut Call, args: &[Term]) -> Result<Option<Term>, Exception> {
    match bif::port_command(call.process(), args).map_err(raised)? {
        Outcome::Value(value) => Ok(Some(value)),
        Outcome::Suspend(port) => {
            report_busy_port(call, port.id());
            Ok(None)
        }
    }
}

/// Who wants to know about processes that wait, and what exactly.
#[derive(Default)]
struct SystemMonitor(Mutex<Option<Watch>>);

#[derive(Clone)]
struct Watch {
    pid: Pid,
    events: Events,
}

impl SystemMonitor {
    fn lock(&self) -> MutexGuard<'_, Option<Watch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the system monitor that this process starts to wait for a busy port.
pub(crate) fn report_busy_port(call: &Call, port: PortId) {
    let monitor = call.system().shared::<SystemMonitor>();
    let watch = monitor.lock().clone();
    if let Some(watch) = watch.filter(|watch| watch.events.busy_port) {
        let message = Term::tuple([
            atom("monitor"),
            Term::Pid(call.pid()),
            atom("busy_port"),
            Term::Port(port),
        ]);
        // A monitor that has ended is told nothing.
        let _ = call.system().node().send(watch.pid, message);
    }
}

/// `{Pid, Options}`, or `undefined` without a monitor that lives.
fn shown(call: &Call, watch: Option<Watch>) -> Term {
    match watch.filter(|watch| call.system().node().is_alive(watch.pid)) {
        Some(watch) => Term::tuple([Term::Pid(watch.pid), watch.events.to_term()]),
        None => atom("undefined"),
    }
}

fn system_monitor_now(call: &mut Call, _: &[Term]) -> Answer {
    let watch = call.system().shared::<SystemMonitor>().lock().clone();
    Ok(shown(call, watch))
}

/// Of the events of OTP only `busy_port` happens here; the others are accepted.
fn set_system_monitor(call: &mut Call, args: &[Term]) -> Answer {
    // The one argument of `system_monitor/1` holds both.
    let wrong = |argument: u8, text| match args {
        [_] => badarg().note(1, "invalid system monitor item"),
        _ => badarg().note(argument, text),
    };
    let (pid, options) = match args {
        [one] if is_atom(one, "undefined") => (one, &Term::Nil),
        [one] => match one.as_tuple() {
            Some([pid, options]) => (pid, options),
            _ => return Err(wrong(1, "")),
        },
        _ => (&args[0], &args[1]),
    };
    let watch = if is_atom(pid, "undefined") {
        None
    } else {
        let wanted = elements(options).ok_or_else(|| wrong(2, "not a list"))?;
        let events =
            Events::read(&wanted).ok_or_else(|| wrong(2, "invalid system monitor option"))?;
        match pid {
            // No options at all means no monitor, whoever it would be.
            _ if wanted.is_empty() => None,
            Term::Pid(pid) if call.system().node().is_alive(*pid) => {
                Some(Watch { pid: *pid, events })
            }
            _ => return Err(wrong(1, "not a pid")),
        }
    };
    let monitor = call.system().shared::<SystemMonitor>();
    let before = std::mem::replace(&mut *monitor.lock(), watch);
    Ok(shown(call, before))
}

/// What a system monitor wants to know.
#[derive(Clone, Default)]
struct Events {
    busy_dist_port: bool,
    busy_port: bool,
    /// The events with a limit, in the order in which OTP shows them.
    limits: [Option<Term>; 3],
}

const WITH_LIMIT: [&str; 3] = ["large_heap", "long_schedule", "long_gc"];

impl Events {
    fn read(options: &[Term]) -> Option<Events> {
        let mut events = Events::default();
        for option in options {
            if is_atom(option, "busy_port") {
                events.busy_port = true;
            } else if is_atom(option, "busy_dist_port") {
                events.busy_dist_port = true;
            } else {
                let [name, limit] = option.as_tuple()? else {
                    return None;
                };
                count(limit)?;
                let index = WITH_LIMIT.iter().position(|known| is_atom(name, known))?;
                events.limits[index] = Some(limit.clone());
            }
        }
        Some(events)
    }

    fn to_term(&self) -> Term {
        let flags = [
            (self.busy_dist_port, "busy_dist_port"),
            (self.busy_port, "busy_port"),
        ];
        let flags = flags.iter().filter(|(set, _)| *set);
        let limits = WITH_LIMIT.iter().zip(&self.limits);
        let limits =
            limits.filter_map(|(name, limit)| Some(Term::tuple([atom(name), limit.clone()?])));
        Term::list(flags.map(|(_, name)| atom(name)).chain(limits))
    }
}

/// Waits while the port is busy, then tries again.
fn command_waiting<'a>(call: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    Box::pin(async move {
        loop {
            let outcome = bif::port_command(call.process(), args).map_err(raised)?;
            match outcome {
                Outcome::Value(value) => return Ok(value),
                Outcome::Suspend(port) => {
                    let waited = call.process().not_busy(&port).await;
                    waited.map_err(|_| Exception::uncatchable(atom("killed")))?;
                }
            }
        }
    })
}

/// Like `!`, but answers `false` instead of waiting for a busy port.
fn send_nosuspend(call: &mut Call, args: &[Term]) -> Answer {
    let mut options = match args.get(2) {
        Some(options) => elements(options).ok_or_else(badarg)?,
        None => Vec::new(),
    };
    options.push(Term::Atom(atoms::NOSUSPEND));
    let args = [args[0].clone(), args[1].clone(), Term::list(options)];
    match bif::send(call.process(), &args).map_err(raised)? {
        Outcome::Value(value) => Ok(Term::boolean(value != atom("nosuspend"))),
        Outcome::Suspend(_) => Ok(Term::boolean(false)),
    }
}
