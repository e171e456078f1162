//! Built-in functions for ports: section 7 of the specification.

use portwright_term::{Atom, IoVec, PortId, Term, atoms, iolist};

use super::{BifError, Outcome, arity, bad, truth};
use crate::node::Registered;
use crate::{Busy, CommandError, OpenError, Port, PortName, PortSettings, Process};

/// What an argument that should name a port stands for.
enum Named {
    /// An open or closing port.
    Port(Port),
    /// A port that is gone, or a name that nobody (or no port) has.
    Nothing,
    /// Neither a port nor a name.
    Wrong,
}

fn named(process: &Process, term: &Term) -> Named {
    let port = match term {
        Term::Port(id) => process.node().port(*id),
        Term::Atom(name) => match process.whereis(*name) {
            Some(Registered::Port(id)) => process.node().port(id),
            _ => None,
        },
        _ => return Named::Wrong,
    };
    port.map_or(Named::Nothing, Named::Port)
}

/// The port, or the `badarg` that OTP raises without one.
fn port_of(process: &Process, term: &Term) -> Result<Port, BifError> {
    match named(process, term) {
        Named::Port(port) => Ok(port),
        Named::Nothing => Err(BifError::badarg()),
        Named::Wrong => Err(bad(1, "not a port")),
    }
}

fn io_data(term: &Term) -> Result<IoVec, ()> {
    iolist::gather_command(term).map_err(drop)
}

/// `open_port(PortName, PortSettings)`.
///
/// Unlike [`Process::open_port`], an executable that turns out not to be one ends
/// its port with the number of the error, as in OTP (P-042).
pub fn open_port(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [name, settings] = arity(arguments)?;
    let opened = PortSettings::from_term(settings).and_then(|settings| {
        let name = PortName::from_term(name)?;
        process.open_port(name, settings.late_exec_errors())
    });
    opened.map(|port| Term::Port(port.id())).map_err(|error| {
        let raised = BifError::new(error.reason());
        // OTP explains names that are tuples.
        let explains = name.as_tuple().is_some();
        match &error {
            OpenError::TableFull { .. } | OpenError::OwnerExited => raised,
            OpenError::BadSetting { setting, .. } if !is_looked_at_last(setting) => {
                let raised = BifError {
                    cause: Some(Atom::literal("badopt")),
                    ..raised
                };
                let raised = match explains {
                    true => raised,
                    false => raised.note(1, "not a tuple"),
                };
                raised.note(2, "invalid option in list")
            }
            _ if !explains => raised,
            OpenError::BadSetting { setting, .. } if setting == "args" => {
                raised.note(1, "must be spawn_executable")
            }
            _ => raised.note(1, "invalid port name"),
        }
    })
}

/// Whether a setting is refused because of what is opened or, as `cd`, when everything else
/// was found good. OTP names no cause then, and takes the name for the culprit.
fn is_looked_at_last(setting: &str) -> bool {
    const LAST: [&str; 5] = [
        "args",
        "arg0",
        "exit_status",
        "busy_limits_port",
        "busy_limits_msgq",
    ];
    setting.starts_with("{cd,") || LAST.contains(&setting)
}

/// `port_command(Port, Data)` and `port_command(Port, Data, Options)`.
pub fn port_command(process: &Process, arguments: &[Term]) -> Result<Outcome, BifError> {
    let (port, data, mut force, mut nosuspend) = match arguments {
        [port, data] => (port, data, false, false),
        [port, data, _] => (port, data, false, false),
        _ => return Err(BifError::new(atoms::UNDEF)),
    };
    if let [_, _, options] = arguments {
        let bad = |argument, text| BifError {
            cause: Some(Atom::literal("badopt")),
            ..bad(argument, text)
        };
        if !options.is_list() {
            return Err(bad(3, "not a list"));
        }
        let options = options
            .to_vec()
            .ok_or_else(|| bad(3, "not a proper list"))?;
        for option in options {
            match option {
                Term::Atom(atoms::FORCE) => force = true,
                Term::Atom(atoms::NOSUSPEND) => nosuspend = true,
                _ => return Err(bad(3, "invalid option in list")),
            }
        }
    }
    let bytes = io_data(data);
    let with_data = |error: BifError| match &bytes {
        Ok(_) => error,
        Err(()) => error.note(2, "not an iodata term"),
    };
    let port = match named(process, port) {
        Named::Port(port) if port.core().is_open_or_told() => port,
        Named::Wrong => return Err(with_data(bad(1, "not a port"))),
        _ => return Err(with_data(BifError::badarg())),
    };
    if force && !port.core().is_forceable() {
        return Err(with_data(BifError::new(atoms::NOTSUP)));
    }
    let Ok(bytes) = bytes else {
        // P-809: OTP looks at the data when the port is not busy any more.
        if port.is_busy() && !force && !nosuspend {
            return Ok(Outcome::Suspend(port));
        }
        port.core().report_bad_value();
        return Err(bad(2, "not an iodata term"));
    };
    let busy = if force { Busy::Force } else { Busy::NoSuspend };
    match process.try_command(&port, bytes, busy) {
        Ok(()) => Ok(Outcome::Value(truth())),
        Err(CommandError::Busy) if nosuspend => Ok(Outcome::Value(Term::boolean(false))),
        Err(CommandError::Busy) => Ok(Outcome::Suspend(port)),
        Err(_) => Err(BifError::badarg()),
    }
}

/// `port_close(Port)`.
pub fn port_close(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [port] = arity(arguments)?;
    process
        .close(&port_of(process, port)?)
        .map_err(|_| BifError::badarg())?;
    Ok(truth())
}

/// `port_eof(Port)`: closes the program's input and reads on. An extension to OTP.
pub fn port_eof(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [port] = arity(arguments)?;
    match process.close_input(&port_of(process, port)?) {
        Ok(()) => Ok(truth()),
        Err(crate::CloseInputError::NotSupported) => Err(BifError::new(atoms::NOTSUP)),
        Err(crate::CloseInputError::NotOpen) => Err(BifError::badarg()),
    }
}

/// `port_connect(Port, Pid)`.
pub fn port_connect(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [port, pid] = arity(arguments)?;
    let found = port_of(process, port);
    let Some(pid) = pid.as_pid() else {
        let error = match found {
            Err(error) => error,
            Ok(_) => BifError::badarg(),
        };
        return Err(error.note(2, "not a pid"));
    };
    process
        .connect(&found?, pid)
        .map_err(|_| BifError::badarg())?;
    Ok(truth())
}

/// The checks that `port_control/3` and `port_call/3` share.
fn operation(
    process: &Process,
    port: &Term,
    operation: &Term,
) -> (Option<Port>, Option<u32>, BifError) {
    let mut error = BifError::badarg();
    let port = match named(process, port) {
        Named::Port(port) => Some(port),
        Named::Nothing => None,
        Named::Wrong => {
            error = error.note(1, "not a port");
            None
        }
    };
    let number = operation
        .as_u64()
        .and_then(|number| u32::try_from(number).ok());
    if number.is_none() {
        let why = if operation.is_integer() {
            "out of range"
        } else {
            "not an integer"
        };
        error = error.note(2, why);
    }
    (port, number, error)
}

/// `port_control(Port, Operation, Data)`.
pub fn port_control(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [port, number, data] = arity(arguments)?;
    let (port, number, mut error) = operation(process, port, number);
    let data = io_data(data);
    if data.is_err() {
        error = error.note(3, "not an iodata term");
    }
    let (Some(port), Some(number), Ok(data)) = (port, number, data) else {
        return Err(error);
    };
    match process.control(&port, number, data.into_bytes()) {
        Ok(reply) => Ok(reply.to_term()),
        Err(_) => Err(BifError::badarg()),
    }
}

/// `erlang:port_call(Port, Operation, Term)` and `erlang:port_call(Port, Term)`.
pub fn port_call(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let zero = Term::from(0i64);
    let (port, number, argument) = match arguments {
        [port, argument] => (port, &zero, argument),
        [port, number, argument] => (port, number, argument),
        _ => return Err(BifError::new(atoms::UNDEF)),
    };
    let (port, number, error) = operation(process, port, number);
    let (Some(port), Some(number)) = (port, number) else {
        return Err(error);
    };
    process
        .call(&port, number, argument.clone())
        .map_err(|_| BifError::badarg())
}

/// `erlang:port_info(Port)` and `erlang:port_info(Port, Item)`.
pub fn port_info(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let (port, item) = match arguments {
        [port] => (port, None),
        [port, item] => (port, Some(item)),
        _ => return Err(BifError::new(atoms::UNDEF)),
    };
    let info = match named(process, port) {
        Named::Port(port) => port.info(),
        Named::Nothing => None,
        Named::Wrong => return Err(bad(1, "not a port")),
    };
    // P-508: the item is not looked at when there is no port.
    let Some(info) = info else {
        return Ok(Term::Atom(atoms::UNDEFINED));
    };
    match item {
        None => Ok(info.to_term()),
        Some(item) => item
            .as_atom()
            .and_then(|item| info.item(item))
            .ok_or_else(|| bad(2, "invalid option in list")),
    }
}

/// `erlang:ports()`.
pub fn ports(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [] = arity(arguments)?;
    Ok(Term::list(
        process.node().ports().into_iter().map(Term::Port),
    ))
}

/// `erlang:port_to_list(Port)`.
pub fn port_to_list(_process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [port] = arity(arguments)?;
    let Term::Port(_) = port else {
        return Err(bad(1, "not a port"));
    };
    Ok(Term::string(&port.to_string()))
}

/// Numbers of ports in text are below it.
const PORT_NUMBERS: u64 = 1 << 28;

/// `list_to_port(String)`: rule P-510.
pub fn list_to_port(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [text] = arity(arguments)?;
    if !text.is_list() {
        return Err(bad(1, "not a list"));
    }
    let number = text.to_text().and_then(|text| {
        let number = text.strip_prefix("#Port<0.")?.strip_suffix('>')?;
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        // OTP counts in 64 bits and drops what goes beyond.
        let value = number.bytes().fold(0_u64, |value, digit| {
            value
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit.wrapping_sub(b'0')))
        });
        (digits && value < PORT_NUMBERS).then_some(value)
    });
    let number = number.ok_or_else(|| bad(1, "not a textual representation of a port"))?;
    let node = process.node().core();
    Ok(Term::Port(PortId::new(
        node.name(),
        number,
        node.creation(),
    )))
}

/// `erlang:port_set_data(Port, Data)`.
pub fn port_set_data(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [port, data] = arity(arguments)?;
    let Named::Port(port) = named(process, port) else {
        return Err(BifError::badarg());
    };
    process
        .set_port_data(&port, data.clone())
        .map_err(|_| BifError::badarg())?;
    Ok(truth())
}

/// `erlang:port_get_data(Port)`.
pub fn port_get_data(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [port] = arity(arguments)?;
    let Named::Port(port) = named(process, port) else {
        return Err(BifError::badarg());
    };
    process.port_data(&port).map_err(|_| BifError::badarg())
}
