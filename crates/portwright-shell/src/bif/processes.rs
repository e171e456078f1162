//! Processes: spawning, sending, links, monitors, names, flags, dictionary.

use portwright::{
    DemonitorOptions, Destination, ExitReason, Identity, MonitorTarget, Registered, Sent,
    SpawnOptions,
};
use portwright_term::{Atom, Pid, Term, atoms};

use super::Value;
use super::aliases::{self, Ends};
use crate::exception::Exception;
use crate::native::{Call, Native, NativeFuture, NativeModule};
use crate::process::{self, Entry};

/// Processes, as `erlang` has them.
pub(super) const PROCESSES: NativeModule = NativeModule::new(
    "erlang",
    &[
        Native::new("self", 0, |call, _| Ok(Term::Pid(call.pid()))),
        Native::new("node", 0, |call, _| {
            Ok(Term::Atom(call.system().node().name()))
        }),
        Native::new("spawn", 1, |call, args| spawn(call, args, &[])),
        Native::new("spawn", 2, |call, args| {
            spawn(call, own_node(call, args)?, &[])
        }),
        Native::new("spawn", 3, |call, args| spawn(call, args, &[])),
        Native::new("spawn", 4, |call, args| {
            spawn(call, own_node(call, args)?, &[])
        }),
        Native::new("spawn_link", 1, |call, args| {
            spawn(call, args, &[atoms::LINK])
        }),
        Native::new("spawn_link", 2, |call, args| {
            spawn(call, own_node(call, args)?, &[atoms::LINK])
        }),
        Native::new("spawn_link", 3, |call, args| {
            spawn(call, args, &[atoms::LINK])
        }),
        Native::new("spawn_link", 4, |call, args| {
            spawn(call, own_node(call, args)?, &[atoms::LINK])
        }),
        Native::new("spawn_monitor", 1, |call, args| {
            spawn(call, args, &[atoms::MONITOR])
        }),
        Native::new("spawn_monitor", 2, |call, args| {
            spawn(call, own_node(call, args)?, &[atoms::MONITOR])
        }),
        Native::new("spawn_monitor", 3, |call, args| {
            spawn(call, args, &[atoms::MONITOR])
        }),
        Native::new("spawn_monitor", 4, |call, args| {
            spawn(call, own_node(call, args)?, &[atoms::MONITOR])
        }),
        Native::new("spawn_opt", 2, spawn_opt),
        Native::new("spawn_opt", 4, spawn_opt),
        Native::either("!", 2, send_now, send_waiting),
        Native::either("send", 2, send_now, send_waiting),
        Native::either("send", 3, send_options_now, send_waiting),
        Native::new("link", 1, link),
        Native::new("unlink", 1, unlink),
        Native::new("monitor", 2, monitor),
        Native::new("monitor", 3, monitor),
        Native::new("demonitor", 1, demonitor),
        Native::new("demonitor", 2, demonitor),
        Native::new("exit", 2, exit_signal),
        Native::new("register", 2, register),
        Native::new("unregister", 1, unregister),
        Native::new("whereis", 1, whereis),
        Native::new("registered", 0, registered),
        Native::new("process_flag", 2, process_flag),
        Native::new("process_flag", 3, |call, args| {
            process_flag(call, &args[1..])
        }),
        Native::new("process_info", 1, process_info),
        Native::new("process_info", 2, process_info_item),
        Native::new("processes", 0, processes),
        Native::new("is_process_alive", 1, is_process_alive),
        Native::new("put", 2, put),
        Native::new("get", 0, get_all),
        Native::new("get", 1, get),
        Native::new("get_keys", 0, get_keys),
        Native::new("get_keys", 1, get_keys_of),
        Native::new("erase", 0, erase_all),
        Native::new("erase", 1, erase),
        Native::new("group_leader", 0, group_leader),
        Native::new("group_leader", 2, set_group_leader),
        Native::new("make_ref", 0, |call, _| {
            Ok(Term::Reference(call.system().node().make_reference()))
        }),
        Native::waiting("yield", 0, |_, _| {
            Box::pin(async {
                tokio::task::yield_now().await;
                Ok(Term::Atom(atoms::TRUE))
            })
        }),
    ],
);

/// The end of everything.
pub(super) const INIT: NativeModule = NativeModule::new(
    "init",
    &[Native::new("stop", 0, stop), Native::new("stop", 1, stop)],
);

fn bad(argument: u8, text: &'static str) -> Exception {
    Exception::badarg().note(argument, text)
}

/// What the `error_info` of an exception names as its cause.
fn cause(name: &'static str) -> Term {
    Term::atom(name)
}

/// The arguments behind a node's name, which must be this node's.
fn own_node<'a>(call: &Call, args: &'a [Term]) -> Result<&'a [Term], Exception> {
    match args.split_first() {
        Some((Term::Atom(node), rest)) if *node == call.system().node().name() => Ok(rest),
        Some((Term::Atom(_), rest)) => {
            // What is wrong with the function is seen first.
            entry(rest).map_err(|_| Exception::badarg())?;
            Err(Exception::error(Term::atom("notalive")))
        }
        _ => Err(Exception::badarg()),
    }
}

/// What `Fun` or `Module, Function, Arguments` start.
fn entry(args: &[Term]) -> Result<Entry, Exception> {
    match args {
        [fun] => match fun {
            // One that takes arguments fails in the new process.
            Term::Fun(_) => Ok(Entry::Fun(fun.clone())),
            _ => Err(bad(1, "not a fun")),
        },
        [module, function, arguments] => {
            match (module.as_atom(), function.as_atom(), arguments.to_vec()) {
                (Some(module), Some(function), Some(_)) => Ok(Entry::Named {
                    module,
                    function,
                    arguments: arguments.clone(),
                }),
                (None, ..) => Err(bad(1, "not an atom")),
                (_, None, _) => Err(bad(2, "not an atom")),
                _ => Err(bad(3, "not a list")),
            }
        }
        _ => Err(Exception::badarg()),
    }
}

fn spawn(call: &mut Call, args: &[Term], options: &[Atom]) -> Value {
    let entry = entry(args)?;
    if let (Entry::Fun(Term::Fun(fun)), true) = (&entry, options.contains(&atoms::MONITOR))
        && fun.arity() != 0
    {
        return Err(Exception::badarg());
    }
    let options = SpawnOptions {
        link: options.contains(&atoms::LINK),
        monitor: options.contains(&atoms::MONITOR),
    };
    let (pid, monitor) = process::spawn(call, entry, options);
    Ok(match monitor {
        Some(reference) => Term::tuple([Term::Pid(pid), Term::Reference(reference)]),
        None => Term::Pid(pid),
    })
}

fn spawn_opt(call: &mut Call, args: &[Term]) -> Value {
    let Some((options, args)) = args.split_last() else {
        return Err(Exception::badarg());
    };
    let argument = if args.len() == 1 { 2 } else { 4 };
    let Some(options) = options.to_vec() else {
        return Err(bad(argument, "not a list").with_cause(cause("badopt")));
    };
    let mut wanted = Vec::new();
    for option in options {
        match &option {
            Term::Atom(atom @ (atoms::LINK | atoms::MONITOR)) => wanted.push(*atom),
            // Priorities and heap sizes mean nothing here.
            Term::Tuple(parts) if parts.len() == 2 => match parts[0].as_atom().map(Atom::as_str) {
                Some("monitor") => wanted.push(atoms::MONITOR),
                Some(
                    "priority" | "fullsweep_after" | "min_heap_size" | "min_bin_vheap_size"
                    | "max_heap_size" | "message_queue_data" | "async_dist",
                ) => {}
                _ => return Err(bad(argument, "invalid spawn option").with_cause(cause("badopt"))),
            },
            _ => return Err(bad(argument, "invalid spawn option").with_cause(cause("badopt"))),
        }
    }
    spawn(call, args, &wanted)
}

/// Where a message goes; `None` for a place that takes everything silently.
fn destination(call: &Call, to: &Term) -> Result<Option<Destination>, Exception> {
    match to {
        Term::Pid(pid) => Ok(Some((*pid).into())),
        Term::Port(port) => Ok(Some((*port).into())),
        Term::Atom(name) => Ok(Some((*name).into())),
        Term::Tuple(parts) => match &parts[..] {
            [Term::Atom(name), Term::Atom(node)] if *node == call.system().node().name() => {
                // Unlike a plain name, one with a node need not exist.
                Ok(call.process_ref().whereis(*name).map(|_| (*name).into()))
            }
            [Term::Atom(_), Term::Atom(_)] => Ok(None),
            _ => Err(Exception::badarg()),
        },
        // One that is no active alias takes everything.
        Term::Reference(reference) => Ok(aliases::receiver(call, reference).map(Into::into)),
        _ => Err(Exception::badarg()),
    }
}

fn send_now(call: &mut Call, args: &[Term]) -> Result<Option<Term>, Exception> {
    let sent = try_send(call, args)?;
    if sent.is_none() {
        report_wait(call, &args[0]);
    }
    Ok(sent)
}

/// Tells the system monitor that this process waits to send to a port.
fn report_wait(call: &Call, to: &Term) {
    let port = match destination(call, to) {
        Ok(Some(Destination::Port(port))) => Some(port),
        Ok(Some(Destination::Name(name))) => match call.process_ref().whereis(name) {
            Some(Registered::Port(port)) => Some(port),
            _ => None,
        },
        _ => None,
    };
    if let Some(port) = port {
        crate::library::ports::report_busy_port(call, port);
    }
}

/// `None` when a busy port makes the sender wait.
fn try_send(call: &mut Call, args: &[Term]) -> Result<Option<Term>, Exception> {
    // To a process: nothing can make the sender wait.
    if let Term::Pid(pid) = &args[0] {
        let _ = call.process_ref().send(*pid, args[1].clone());
        return Ok(Some(args[1].clone()));
    }
    let Some(to) = destination(call, &args[0])? else {
        return Ok(Some(args[1].clone()));
    };
    match call.process_ref().try_send(to, args[1].clone()) {
        Ok(Sent::Sent) => Ok(Some(args[1].clone())),
        Ok(_) => Ok(None),
        Err(_) => Err(Exception::badarg()),
    }
}

fn send_waiting<'a>(call: &'a mut Call, args: &'a [Term]) -> NativeFuture<'a> {
    Box::pin(async move {
        let result = Term::Atom(atoms::OK);
        let result = if args.len() == 3 {
            result
        } else {
            args[1].clone()
        };
        let Some(to) = destination(call, &args[0])? else {
            return Ok(result);
        };
        match call.process_ref().send_waiting(to, args[1].clone()).await {
            Ok(()) => Ok(result),
            Err(_) => Err(Exception::badarg()),
        }
    })
}

/// `erlang:send/3`.
fn send_options_now(call: &mut Call, args: &[Term]) -> Result<Option<Term>, Exception> {
    let Some(options) = args[2].to_vec() else {
        return Err(bad(3, "not a list").with_cause(cause("badopt")));
    };
    let mut nosuspend = false;
    for option in options {
        match option.as_atom().map(Atom::as_str) {
            Some("nosuspend") => nosuspend = true,
            Some("noconnect") => {}
            _ => return Err(bad(3, "invalid option in list").with_cause(cause("badopt"))),
        }
    }
    match try_send(call, &args[..2])? {
        Some(_) => Ok(Some(Term::Atom(atoms::OK))),
        None if nosuspend => Ok(Some(Term::Atom(atoms::NOSUSPEND))),
        None => {
            report_wait(call, &args[0]);
            Ok(None)
        }
    }
}

fn identity(term: &Term) -> Option<Identity> {
    match term {
        Term::Pid(pid) => Some((*pid).into()),
        Term::Port(port) => Some((*port).into()),
        _ => None,
    }
}

fn link(call: &mut Call, args: &[Term]) -> Value {
    let Some(to) = identity(&args[0]) else {
        return Err(bad(1, "not a pid"));
    };
    match call.process_ref().link(to) {
        Ok(()) => Ok(Term::boolean(true)),
        Err(_) => Err(Exception::error(Term::Atom(atoms::NOPROC))),
    }
}

fn unlink(call: &mut Call, args: &[Term]) -> Value {
    let Some(from) = identity(&args[0]) else {
        return Err(bad(1, "not a pid"));
    };
    call.process_ref().unlink(from);
    Ok(Term::boolean(true))
}

fn monitor(call: &mut Call, args: &[Term]) -> Value {
    let own = call.system().node().name();
    let port = match &args[0] {
        Term::Atom(atoms::PROCESS) => false,
        Term::Atom(atoms::PORT) => true,
        // `monitor(time_offset, clock_service)`: the offset never changes here.
        Term::Atom(atoms::TIME_OFFSET) if args[1] == Term::atom("clock_service") => {
            return Ok(Term::Reference(call.system().node().make_reference()));
        }
        _ => return Err(bad(1, "invalid monitor type").with_cause(cause("badtype"))),
    };
    let named = |name: Atom| {
        if port {
            MonitorTarget::PortName(name)
        } else {
            MonitorTarget::ProcessName(name)
        }
    };
    let target = match &args[1] {
        Term::Pid(pid) if !port => MonitorTarget::from(*pid),
        Term::Port(id) if port => MonitorTarget::from(*id),
        Term::Atom(name) => named(*name),
        Term::Tuple(parts) => match &parts[..] {
            [Term::Atom(name), Term::Atom(node)] if *node == own => named(*name),
            _ => return Err(bad(2, "invalid process or port")),
        },
        _ if port => return Err(bad(2, "not a port")),
        _ => return Err(bad(2, "not a pid")),
    };
    let mut tag = None;
    let mut alias = None;
    if let Some(options) = args.get(2) {
        let Some(options) = options.to_vec() else {
            return Err(bad(3, "not a list").with_cause(cause("badopt")));
        };
        for option in options {
            match option.as_tuple() {
                Some([Term::Atom(atoms::TAG), value]) => tag = Some(value.clone()),
                Some([Term::Atom(name), value]) if name.as_str() == "alias" => {
                    let ends = Ends::of_monitor(value);
                    alias = Some(ends.ok_or_else(|| {
                        bad(3, "invalid option in list").with_cause(cause("badopt"))
                    })?);
                }
                _ => return Err(bad(3, "invalid option in list").with_cause(cause("badopt"))),
            }
        }
    }
    match call.process_ref().monitor_tagged(target, tag) {
        Ok(reference) => {
            if let Some(ends) = alias {
                aliases::activate(call, reference.clone(), ends);
            }
            Ok(Term::Reference(reference))
        }
        Err(_) => Err(Exception::badarg()),
    }
}

fn demonitor(call: &mut Call, args: &[Term]) -> Value {
    let Term::Reference(reference) = &args[0] else {
        return Err(bad(1, "not a reference"));
    };
    let (mut flush, mut info) = (false, false);
    if let Some(options) = args.get(1) {
        let Some(options) = options.to_vec() else {
            return Err(bad(2, "not a list"));
        };
        for option in options {
            match option {
                Term::Atom(atoms::FLUSH) => flush = true,
                Term::Atom(atoms::INFO) => info = true,
                _ => return Err(bad(2, "invalid option in list")),
            }
        }
    }
    let found = call
        .process()
        .demonitor(reference, DemonitorOptions { flush });
    aliases::monitor_ended(call, reference);
    Ok(Term::boolean(if info { found } else { true }))
}

fn exit_signal(call: &mut Call, args: &[Term]) -> Value {
    let Some(to) = identity(&args[0]) else {
        return Err(bad(1, "not a pid"));
    };
    call.process_ref()
        .exit_signal(to, ExitReason::from(args[1].clone()));
    process::check_alive(call)?;
    Ok(Term::boolean(true))
}

fn register(call: &mut Call, args: &[Term]) -> Value {
    let Some(name) = args[0].as_atom() else {
        return Err(bad(1, "not an atom").with_cause(cause("none")));
    };
    let Some(identity) = identity(&args[1]) else {
        return Err(bad(2, "not a pid or port").with_cause(cause("none")));
    };
    match call.process_ref().register(name, identity) {
        Ok(()) => Ok(Term::boolean(true)),
        Err(_) if name == atoms::UNDEFINED => {
            Err(bad(1, "'undefined' is not a valid name").with_cause(cause("none")))
        }
        Err(error) => {
            use portwright::RegisterError;
            Err(match error {
                // OTP looks at the process first.
                RegisterError::NameInUse(_) if is_named(call, &args[1]) => {
                    bad(2, "this process or port already has a name")
                        .with_cause(cause("registered_name"))
                }
                RegisterError::NameInUse(_) => bad(1, "name is in use").with_cause(cause("none")),
                RegisterError::AlreadyNamed(_) => bad(2, "this process or port already has a name")
                    .with_cause(cause("registered_name")),
                _ => bad(2, "the pid does not refer to an existing process")
                    .with_cause(cause("notalive")),
            })
        }
    }
}

fn unregister(call: &mut Call, args: &[Term]) -> Value {
    match args[0].as_atom() {
        Some(name) if call.process_ref().unregister(name) => Ok(Term::boolean(true)),
        // In OTP's words, which are about another argument.
        _ => Err(bad(1, "not a pid")),
    }
}

fn whereis(call: &mut Call, args: &[Term]) -> Value {
    let Some(name) = args[0].as_atom() else {
        return Err(bad(1, "not an atom"));
    };
    Ok(match call.process_ref().whereis(name) {
        Some(Registered::Process(pid)) => Term::Pid(pid),
        Some(Registered::Port(port)) => Term::Port(port),
        None => Term::Atom(atoms::UNDEFINED),
    })
}

fn registered(call: &mut Call, _: &[Term]) -> Value {
    Ok(Term::list(
        call.system()
            .node()
            .registered()
            .into_iter()
            .map(Term::Atom),
    ))
}

fn process_flag(call: &mut Call, args: &[Term]) -> Value {
    let Some(flag) = args[0].as_atom() else {
        return Err(bad(1, "not an atom"));
    };
    match flag.as_str() {
        "trap_exit" => match args[1].as_bool() {
            Some(trap) => Ok(Term::boolean(call.process_ref().trap_exit(trap))),
            None => Err(bad(2, "invalid value for this process flag")),
        },
        // Kept and given back, without a meaning here.
        "priority" | "error_handler" | "message_queue_data" | "min_heap_size"
        | "min_bin_vheap_size" | "max_heap_size" | "save_calls" | "sensitive"
        | "fullsweep_after" | "async_dist" => {
            let fits = match flag.as_str() {
                "priority" => matches!(
                    args[1].as_atom().map(Atom::as_str),
                    Some("low" | "normal" | "high" | "max")
                ),
                "message_queue_data" => matches!(
                    args[1].as_atom().map(Atom::as_str),
                    Some("on_heap" | "off_heap")
                ),
                "error_handler" => args[1].as_atom().is_some(),
                "sensitive" | "async_dist" => args[1].as_bool().is_some(),
                "max_heap_size" if args[1].is_map() => args[1]
                    .as_map()
                    .and_then(|map| map.get(&Term::atom("size"))?.as_u64())
                    .is_some(),
                _ => args[1].as_u64().is_some(),
            };
            if !fits {
                return Err(bad(2, "invalid value for this process flag"));
            }
            let flags = call.local::<Flags>();
            let old = flags.0.get(&flag).cloned();
            let old = old.unwrap_or_else(|| default_flag(flag));
            let new = if flag.as_str() == "max_heap_size" {
                max_heap_size(&old, &args[1])
            } else {
                args[1].clone()
            };
            flags.0.insert(flag, new);
            Ok(old)
        }
        _ => Err(bad(1, "invalid process flag").with_cause(cause("badopt"))),
    }
}

/// Process flags that only remember.
#[derive(Default)]
struct Flags(std::collections::HashMap<Atom, Term>);

fn default_flag(flag: Atom) -> Term {
    match flag.as_str() {
        "priority" => Term::Atom(atoms::NORMAL),
        "error_handler" => Term::atom("error_handler"),
        "message_queue_data" => Term::atom("on_heap"),
        "min_heap_size" => Term::from(233_i64),
        "min_bin_vheap_size" => Term::from(46_422_i64),
        "fullsweep_after" => Term::from(65_535_i64),
        "save_calls" => Term::from(0_i64),
        "max_heap_size" => Term::map([
            (Term::atom("error_logger"), Term::boolean(true)),
            (Term::atom("kill"), Term::boolean(true)),
            (Term::atom("size"), Term::from(0_i64)),
        ]),
        _ => Term::boolean(false),
    }
}

/// A size, or a map with some of the keys, changes what the flag was.
fn max_heap_size(old: &Term, new: &Term) -> Term {
    let size = Term::map([(Term::atom("size"), new.clone())]);
    let (Some(old), Some(new)) = (old.as_map(), new.as_map().or(size.as_map())) else {
        return old.clone();
    };
    let entries = old.iter().map(|(key, value)| {
        let value = new.get(key).unwrap_or(value);
        (key.clone(), value.clone())
    });
    Term::map(entries)
}

/// The items of `process_info/1`, in its order.
const INFO_ITEMS: &[&str] = &[
    "registered_name",
    "current_function",
    "initial_call",
    "status",
    "message_queue_len",
    "links",
    "dictionary",
    "trap_exit",
    "error_handler",
    "priority",
    "group_leader",
    "total_heap_size",
    "heap_size",
    "stack_size",
    "reductions",
];

fn info_pid(term: &Term) -> Result<Pid, Exception> {
    term.as_pid().ok_or_else(|| bad(1, "not a pid"))
}

fn process_info(call: &mut Call, args: &[Term]) -> Value {
    let pid = info_pid(&args[0])?;
    let mut list = Vec::new();
    for item in INFO_ITEMS {
        match info_item(call, pid, Atom::literal(item))? {
            Some(Term::Nil) => {}
            Some(value) => list.push(value),
            None => return Ok(Term::Atom(atoms::UNDEFINED)),
        }
    }
    Ok(Term::list(list))
}

fn process_info_item(call: &mut Call, args: &[Term]) -> Value {
    let pid = info_pid(&args[0])?;
    let undefined = Term::Atom(atoms::UNDEFINED);
    match &args[1] {
        Term::Atom(item) => Ok(info_item(call, pid, *item)?.unwrap_or(undefined)),
        list => {
            let items = list
                .to_vec()
                .ok_or_else(|| bad(2, "invalid item or item list"))?;
            let mut values = Vec::new();
            for item in items {
                let Some(item) = item.as_atom() else {
                    return Err(bad(2, "invalid item or item list"));
                };
                match info_item(call, pid, item)? {
                    Some(Term::Nil) if item == atoms::REGISTERED_NAME => {
                        values.push(Term::tuple([Term::Atom(item), Term::Nil]));
                    }
                    Some(value) => values.push(value),
                    None => return Ok(undefined),
                }
            }
            Ok(Term::list(values))
        }
    }
}

/// Whether a process or port has a name.
fn is_named(call: &Call, identity: &Term) -> bool {
    let node = call.system().node();
    match identity {
        Term::Pid(pid) => node
            .process_info(*pid)
            .is_some_and(|info| info.registered_name.is_some()),
        _ => false,
    }
}

/// `{Item, Value}`, `[]` for a missing name, `None` for a dead process.
fn info_item(call: &mut Call, pid: Pid, item: Atom) -> Result<Option<Term>, Exception> {
    let Some(info) = call.system().node().process_info(pid) else {
        return Ok(None);
    };
    let own = pid == call.pid();
    let pair = |value: Term| Ok(Some(Term::tuple([Term::Atom(item), value])));
    let number = |value: i64| pair(Term::from(value));
    let mfa = |module: &'static str, function: &'static str, arity: i64| {
        Term::tuple([Term::atom(module), Term::atom(function), Term::from(arity)])
    };
    match item.as_str() {
        "registered_name" if info.registered_name.is_none() => Ok(Some(Term::Nil)),
        "dictionary" if own => {
            let pairs = dictionary_pairs(call);
            pair(Term::list(pairs))
        }
        "group_leader" => pair(process::group_leader(call)),
        "initial_call" => match call.initial_call().clone().filter(|_| own) {
            Some(initial) => pair(initial),
            None => pair(mfa("erlang", "apply", 2)),
        },
        "current_function" if own => pair(mfa("erl_eval", "do_apply", 7)),
        "current_function" => pair(mfa("prim_eval", "receive", 2)),
        "current_location" => pair(Term::tuple([
            Term::atom("erl_eval"),
            Term::atom("do_apply"),
            Term::from(7_i64),
            Term::Nil,
        ])),
        "current_stacktrace" => pair(Term::Nil),
        "error_handler" => pair(Term::atom("error_handler")),
        "messages" if own => {
            let messages = process::messages(call);
            pair(Term::list(messages))
        }
        "memory" => number(2688),
        "total_heap_size" | "heap_size" => number(233),
        "stack_size" => number(10),
        "reductions" => number(1000),
        "min_heap_size" => number(233),
        "suspending" | "monitored_by_nodes" | "binary" => pair(Term::Nil),
        "message_queue_data" => pair(Term::atom("on_heap")),
        "status" if own => pair(Term::atom("running")),
        _ => match info.item(item) {
            Some(value) => pair(value),
            None => Err(bad(2, "invalid item or item list")),
        },
    }
}

fn processes(call: &mut Call, _: &[Term]) -> Value {
    Ok(Term::list(
        call.system().node().processes().into_iter().map(Term::Pid),
    ))
}

fn is_process_alive(call: &mut Call, args: &[Term]) -> Value {
    let pid = info_pid(&args[0])?;
    Ok(Term::boolean(call.system().node().is_alive(pid)))
}

fn undefined(value: Option<Term>) -> Term {
    value.unwrap_or(Term::Atom(atoms::UNDEFINED))
}

fn put(call: &mut Call, args: &[Term]) -> Value {
    Ok(undefined(
        call.dictionary().insert(args[0].clone(), args[1].clone()),
    ))
}

fn dictionary_pairs(call: &mut Call) -> Vec<Term> {
    let mut pairs: Vec<(Term, Term)> = call
        .dictionary()
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    pairs.sort_unstable();
    pairs
        .into_iter()
        .map(|(key, value)| Term::tuple([key, value]))
        .collect()
}

fn get_all(call: &mut Call, _: &[Term]) -> Value {
    Ok(Term::list(dictionary_pairs(call)))
}

fn get(call: &mut Call, args: &[Term]) -> Value {
    Ok(undefined(call.dictionary().get(&args[0]).cloned()))
}

fn get_keys(call: &mut Call, _: &[Term]) -> Value {
    let mut keys: Vec<Term> = call.dictionary().keys().cloned().collect();
    keys.sort_unstable();
    Ok(Term::list(keys))
}

fn get_keys_of(call: &mut Call, args: &[Term]) -> Value {
    let mut keys: Vec<Term> = call
        .dictionary()
        .iter()
        .filter(|(_, value)| **value == args[0])
        .map(|(key, _)| key.clone())
        .collect();
    keys.sort_unstable();
    Ok(Term::list(keys))
}

fn erase_all(call: &mut Call, _: &[Term]) -> Value {
    let pairs = dictionary_pairs(call);
    call.dictionary().clear();
    Ok(Term::list(pairs))
}

fn erase(call: &mut Call, args: &[Term]) -> Value {
    Ok(undefined(call.dictionary().remove(&args[0])))
}

fn group_leader(call: &mut Call, _: &[Term]) -> Value {
    Ok(process::group_leader(call))
}

fn set_group_leader(call: &mut Call, args: &[Term]) -> Value {
    if !args[0].is_pid() {
        return Err(bad(1, "not a pid"));
    }
    let pid = info_pid(&args[1]).map_err(|_| bad(2, "not a pid"))?;
    if pid == call.pid() {
        *call.group_leader() = Some(args[0].clone());
    }
    Ok(Term::boolean(true))
}

/// `init:stop/0,1`: an orderly end that returns to its caller first. Here
/// nothing else has to be stopped, so it ends as `halt` does.
fn stop(call: &mut Call, args: &[Term]) -> Value {
    let status = match args.first() {
        None => 0,
        Some(Term::Integer(status)) => i32::try_from(status & 0xff).unwrap_or(0),
        Some(_) => 1,
    };
    call.system().stop(status);
    Ok(Term::Atom(atoms::OK))
}
