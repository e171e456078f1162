//! Built-in functions for processes, links, monitors, names and messages.

use portwright_term::{Atom, Pid, Term, atoms};

use super::{BifError, Outcome, arity, bad, truth};
use crate::node::{RegisterError, Registered};
use crate::process::{DemonitorOptions, MonitorTarget};
use crate::{Destination, Identity, Process, Sent};

fn identity(term: &Term) -> Option<Identity> {
    match term {
        Term::Pid(pid) => Some(Identity::Process(*pid)),
        Term::Port(port) => Some(Identity::Port(*port)),
        _ => None,
    }
}

/// `link(PidOrPort)`.
pub fn link(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [to] = arity(arguments)?;
    let to = identity(to).ok_or_else(|| bad(1, "not a pid"))?;
    process.link(to).map_err(|_| BifError::new(atoms::NOPROC))?;
    Ok(truth())
}

/// `unlink(PidOrPort)`.
pub fn unlink(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [from] = arity(arguments)?;
    process.unlink(identity(from).ok_or_else(|| bad(1, "not a pid"))?);
    Ok(truth())
}

/// `exit(PidOrPort, Reason)`.
pub fn exit(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [to, reason] = arity(arguments)?;
    let to = identity(to).ok_or_else(|| bad(1, "not a pid"))?;
    process.exit_signal(to, reason.clone());
    Ok(truth())
}

/// `monitor(Type, Item)` and `monitor(Type, Item, Options)`.
pub fn monitor(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let (kind, item, options) = match arguments {
        [kind, item] => (kind, item, None),
        [kind, item, options] => (kind, item, Some(options)),
        _ => return Err(BifError::new(atoms::UNDEF)),
    };
    let is_port = match kind {
        Term::Atom(atoms::PORT) => true,
        Term::Atom(atoms::PROCESS) => false,
        _ => return Err(bad(1, "invalid monitor type")),
    };
    let by_name = |name| {
        if is_port {
            MonitorTarget::PortName(name)
        } else {
            MonitorTarget::ProcessName(name)
        }
    };
    let target = match item {
        Term::Port(port) if is_port => MonitorTarget::from(*port),
        Term::Pid(pid) if !is_port => MonitorTarget::from(*pid),
        Term::Atom(name) => by_name(*name),
        Term::Tuple(tuple) => match &**tuple {
            [Term::Atom(name), Term::Atom(node)] if *node == process.node().name() => {
                by_name(*name)
            }
            _ => return Err(bad(2, if is_port { "not a port" } else { "not a pid" })),
        },
        _ => return Err(bad(2, if is_port { "not a port" } else { "not a pid" })),
    };
    let mut tag = None;
    if let Some(options) = options {
        for option in options.to_vec().ok_or_else(|| bad(3, "not a list"))? {
            match option.as_tuple() {
                Some([Term::Atom(atoms::TAG), value]) => tag = Some(value.clone()),
                // An alias is a way to be answered by: plain sending to it is not
                // offered here, monitoring is the same with and without.
                Some([Term::Atom(name), _]) if name.as_str() == "alias" => {}
                _ => return Err(bad(3, "invalid option in list")),
            }
        }
    }
    let reference = process
        .monitor_tagged(target, tag)
        .map_err(|_| BifError::badarg())?;
    Ok(Term::Reference(reference))
}

/// `demonitor(Reference)` and `demonitor(Reference, Options)`.
pub fn demonitor(process: &mut Process, arguments: &[Term]) -> Result<Term, BifError> {
    let (reference, options) = match arguments {
        [reference] => (reference, None),
        [reference, options] => (reference, Some(options)),
        _ => return Err(BifError::new(atoms::UNDEF)),
    };
    let reference = reference
        .as_reference()
        .ok_or_else(|| bad(1, "not a reference"))?;
    let (mut flush, mut info) = (false, false);
    if let Some(options) = options {
        if !options.is_list() {
            return Err(bad(2, "not a list"));
        }
        for option in options
            .to_vec()
            .ok_or_else(|| bad(2, "not a proper list"))?
        {
            match option {
                Term::Atom(atoms::FLUSH) => flush = true,
                Term::Atom(atoms::INFO) => info = true,
                _ => return Err(bad(2, "invalid option in list")),
            }
        }
    }
    let removed = process.demonitor(reference, DemonitorOptions { flush });
    Ok(Term::boolean(!info || removed))
}

/// `register(Name, PidOrPort)`.
pub fn register(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [name, who] = arity(arguments)?;
    let name = name.as_atom().ok_or_else(|| bad(1, "not an atom"))?;
    let who = identity(who).ok_or_else(|| bad(2, "not a pid or port"))?;
    process.register(name, who).map_err(|error| match error {
        RegisterError::Undefined => bad(1, "'undefined' is not a valid name"),
        RegisterError::NameInUse(_) => bad(1, "name is in use"),
        RegisterError::AlreadyNamed(_) => bad(2, "the pid or port already has a registered name"),
        // OTP cannot tell a dead one from a taken name here.
        RegisterError::NoSuchProcess(_) => match who {
            Identity::Process(_) => bad(2, "dead process"),
            Identity::Port(_) => bad(1, "name is in use"),
        },
    })?;
    Ok(truth())
}

/// `unregister(Name)`.
pub fn unregister(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [name] = arity(arguments)?;
    let name = name.as_atom().ok_or_else(|| bad(1, "not an atom"))?;
    if process.unregister(name) {
        Ok(truth())
    } else {
        Err(bad(1, "not a registered name"))
    }
}

/// `whereis(Name)`.
pub fn whereis(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [name] = arity(arguments)?;
    let name = name.as_atom().ok_or_else(|| bad(1, "not an atom"))?;
    Ok(match process.whereis(name) {
        Some(Registered::Process(pid)) => Term::Pid(pid),
        Some(Registered::Port(port)) => Term::Port(port),
        None => Term::Atom(atoms::UNDEFINED),
    })
}

/// `registered()`.
pub fn registered(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [] = arity(arguments)?;
    Ok(Term::list(
        process.node().registered().into_iter().map(Term::Atom),
    ))
}

/// `processes()`.
pub fn processes(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [] = arity(arguments)?;
    Ok(Term::list(
        process.node().processes().into_iter().map(Term::Pid),
    ))
}

/// `is_process_alive(Pid)`.
pub fn is_process_alive(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [pid] = arity(arguments)?;
    let pid = pid.as_pid().ok_or_else(|| bad(1, "not a pid"))?;
    Ok(Term::boolean(process.node().is_alive(pid)))
}

/// `process_flag(Flag, Value)`: `trap_exit`, and those that mean nothing here.
pub fn process_flag(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [flag, value] = arity(arguments)?;
    let wrong = || bad(2, "invalid value for this process flag");
    match flag.as_atom().map_or("", |flag| flag.as_str()) {
        "trap_exit" => {
            let trap = value.as_bool().ok_or_else(wrong)?;
            Ok(Term::boolean(process.trap_exit(trap)))
        }
        "priority" => {
            let known = value.as_atom().map(Atom::as_str);
            let known = known.is_some_and(|name| matches!(name, "low" | "normal" | "high" | "max"));
            if known {
                Ok(Term::Atom(atoms::NORMAL))
            } else {
                Err(wrong())
            }
        }
        "min_heap_size" | "min_bin_vheap_size" | "save_calls" | "max_heap_size" => {
            Ok(Term::from(0i64))
        }
        "sensitive" => value
            .as_bool()
            .map(|_| Term::boolean(false))
            .ok_or_else(wrong),
        "message_queue_data" => Ok(Term::atom("on_heap")),
        _ => Err(bad(1, "invalid process flag")),
    }
}

/// The items of `process_info/1`.
const ITEMS: [&str; 6] = [
    "registered_name",
    "status",
    "message_queue_len",
    "links",
    "trap_exit",
    "priority",
];

/// `process_info(Pid)` and `process_info(Pid, ItemOrItems)`.
///
/// `messages` of the caller itself are all; of another process those that it has
/// not looked at yet.
pub fn process_info(process: &mut Process, arguments: &[Term]) -> Result<Term, BifError> {
    let (pid, item) = match arguments {
        [pid] => (pid, None),
        [pid, item] => (pid, Some(item)),
        _ => return Err(BifError::new(atoms::UNDEF)),
    };
    let local = |pid: &Pid| process.node().core().is_local((*pid).into());
    let pid = pid
        .as_pid()
        .filter(local)
        .ok_or_else(|| bad(1, "not a pid"))?;
    let wrong = || bad(2, "invalid item or item list");
    let mut info = match process.node().process_info(pid) {
        Some(info) => info,
        None => return Ok(Term::Atom(atoms::UNDEFINED)),
    };
    if pid == process.pid() {
        info.messages = process.waiting_messages();
        info.message_queue_len = info.messages.len();
        info.status = crate::ProcessStatus::Running;
    }
    let pair = |item: Atom| {
        let value = info.item(item)?;
        // Of a process without a name `process_info(Pid, registered_name)` is `[]`.
        Some(Term::tuple([Term::Atom(item), value]))
    };
    match item {
        None => Ok(Term::list(
            ITEMS
                .iter()
                .filter(|item| **item != "registered_name" || info.registered_name.is_some())
                .filter_map(|item| pair(Atom::literal(item))),
        )),
        Some(Term::Atom(atoms::REGISTERED_NAME)) if info.registered_name.is_none() => Ok(Term::Nil),
        Some(Term::Atom(item)) => pair(*item).ok_or_else(wrong),
        Some(items) => {
            let items = items.to_vec().ok_or_else(wrong)?;
            let pairs: Option<Vec<Term>> = items
                .iter()
                .map(|item| item.as_atom().and_then(&pair))
                .collect();
            pairs.map(Term::list).ok_or_else(wrong)
        }
    }
}

/// Whom a message goes to; `None` when the term cannot be a destination.
fn destination(process: &Process, term: &Term) -> Option<Destination> {
    match term {
        Term::Pid(pid) => Some((*pid).into()),
        Term::Port(port) => Some((*port).into()),
        Term::Atom(name) => Some((*name).into()),
        Term::Tuple(tuple) => match &**tuple {
            [Term::Atom(name), Term::Atom(node)] if *node == process.node().name() => {
                Some((*name).into())
            }
            _ => None,
        },
        _ => None,
    }
}

/// `Destination ! Message`, `erlang:send/2,3` and `erlang:send_nosuspend/2`.
///
/// The name in `{Name,Node}` need not be registered.
pub fn send(process: &Process, arguments: &[Term]) -> Result<Outcome, BifError> {
    let (to, message, options) = match arguments {
        [to, message] => (to, message, Vec::new()),
        [to, message, options] => {
            let options = options.to_vec().ok_or_else(|| bad(3, "not a list"))?;
            let known = |option: &Term| {
                option
                    .as_atom()
                    .is_some_and(|name| matches!(name.as_str(), "nosuspend" | "noconnect"))
            };
            if !options.iter().all(known) {
                return Err(bad(3, "invalid option in list"));
            }
            (to, message, options)
        }
        _ => return Err(BifError::new(atoms::UNDEF)),
    };
    let with_options = arguments.len() == 3;
    let done = || {
        if with_options {
            Term::Atom(atoms::OK)
        } else {
            message.clone()
        }
    };
    let target = destination(process, to).ok_or_else(|| bad(1, "invalid destination"))?;
    match process.try_send(target, message.clone()) {
        Ok(Sent::Sent) => Ok(Outcome::Value(done())),
        Ok(Sent::WouldSuspend) if options.contains(&Term::Atom(atoms::NOSUSPEND)) => {
            Ok(Outcome::Value(Term::Atom(atoms::NOSUSPEND)))
        }
        Ok(Sent::WouldSuspend) => {
            let id = match target {
                Destination::Port(id) => Some(id),
                Destination::Name(name) => match process.whereis(name) {
                    Some(Registered::Port(id)) => Some(id),
                    _ => None,
                },
                Destination::Process(_) => None,
            };
            match id.and_then(|id| process.node().port(id)) {
                Some(port) => Ok(Outcome::Suspend(port)),
                // Gone since: the message is lost, as to any gone port.
                None => Ok(Outcome::Value(done())),
            }
        }
        Err(_) if to.is_tuple() => Ok(Outcome::Value(done())),
        Err(_) => Err(bad(1, "invalid destination")),
    }
}
