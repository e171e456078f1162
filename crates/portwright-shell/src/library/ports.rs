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
    options: Term,
    busy_port: bool,
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
    if let Some(watch) = watch.filter(|watch| watch.busy_port) {
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
        Some(watch) => Term::tuple([Term::Pid(watch.pid), watch.options]),
        None => atom("undefined"),
    }
}

fn system_monitor_now(call: &mut Call, _: &[Term]) -> Answer {
    let watch = call.system().shared::<SystemMonitor>().lock().clone();
    Ok(shown(call, watch))
}

/// Of the events of OTP only `busy_port` happens here; the others are accepted.
fn set_system_monitor(call: &mut Call, args: &[Term]) -> Answer {
    let (pid, options) = match args {
        [one] => match one.as_tuple() {
            Some([pid, options]) => (pid.clone(), options.clone()),
            _ => (one.clone(), Term::Nil),
        },
        _ => (args[0].clone(), args[1].clone()),
    };
    let wanted = elements(&options).ok_or_else(badarg)?;
    let mut busy_port = false;
    for option in &wanted {
        match option.as_tuple() {
            Some([name, limit])
                if is_atom(name, "long_gc")
                    || is_atom(name, "long_schedule")
                    || is_atom(name, "large_heap") =>
            {
                count(limit).ok_or_else(badarg)?;
            }
            _ if is_atom(option, "busy_port") => busy_port = true,
            _ if is_atom(option, "busy_dist_port") => {}
            _ => return Err(badarg()),
        }
    }
    let watch = match &pid {
        Term::Pid(pid) => Some(Watch {
            pid: *pid,
            options,
            busy_port,
        }),
        _ if is_atom(&pid, "undefined") => None,
        _ => return Err(badarg()),
    };
    let monitor = call.system().shared::<SystemMonitor>();
    // No options at all means no monitor.
    let watch = watch.filter(|_| !wanted.is_empty());
    let before = std::mem::replace(&mut *monitor.lock(), watch);
    Ok(shown(call, before))
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
