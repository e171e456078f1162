//! The port functions of `erlang(3)`, on top of `portwright::bif`.

use portwright::bif::{self, BifError, Outcome};
use portwright_term::{Term, atoms};

use super::argument::{Answer, atom, badarg, elements};
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
        Outcome::Suspend(_) => Ok(None),
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
