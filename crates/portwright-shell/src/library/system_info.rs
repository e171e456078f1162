//! `system_info/1`, `statistics/1`, `memory/0,1` and other questions about the node.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Instant;

use portwright_ddll::NodeExt as _;
use portwright_term::{Atom, Term};

use super::argument::{
    Answer, atom, atom_text, badarg, binary_term, elements_or_badarg, error_tuple,
};
use crate::exception::Exception;
use crate::native::{Call, Native, NativeModule};

/// What this file registers.
pub(crate) const SYSTEM_INFO: NativeModule = NativeModule::new(
    "erlang",
    &[
        Native::new("system_info", 1, system_info),
        Native::new("statistics", 1, statistics),
        Native::new("memory", 0, memory_all),
        Native::new("memory", 1, memory),
        Native::new("nodes", 0, |_, _| Ok(Term::Nil)),
        Native::new("nodes", 1, nodes),
        Native::new("is_alive", 0, is_alive),
        Native::new("get_cookie", 0, |_, _| Ok(atom("nocookie"))),
        Native::new("garbage_collect", 0, |_, _| Ok(Term::boolean(true))),
        Native::new("garbage_collect", 1, |call, args| match &args[0] {
            Term::Pid(pid) => Ok(Term::boolean(call.system().node().is_alive(*pid))),
            _ => Err(badarg()),
        }),
        Native::new("bump_reductions", 1, |_, _| Ok(Term::boolean(true))),
        Native::new("system_flag", 2, |_, _| Err(badarg())),
        Native::new("loaded", 0, loaded),
        Native::new("pre_loaded", 0, loaded),
        Native::new("module_loaded", 1, module_loaded),
        Native::new("function_exported", 3, function_exported),
        Native::new("is_builtin", 3, is_builtin),
        Native::new("display", 1, display),
        Native::new("monitor_node", 2, |_, _| {
            Err(Exception::error(atom("notalive")))
        }),
    ],
);

/// The release whose behaviour this library has.
const OTP_RELEASE: &str = "25";
/// The emulator version that goes with it.
const ERTS_VERSION: &str = "13.1.5";

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

fn system_info(call: &mut Call, args: &[Term]) -> Answer {
    let Some(item) = atom_text(&args[0]) else {
        return Err(badarg());
    };
    Ok(match item {
        "otp_release" => Term::string(OTP_RELEASE),
        "version" => Term::string(ERTS_VERSION),
        "system_version" => Term::string(concat!("Portwright ", env!("CARGO_PKG_VERSION"), "\n")),
        "system_architecture" => Term::string(&format!(
            "{}-pc-{}-gnu",
            std::env::consts::ARCH,
            std::env::consts::OS
        )),
        "machine" => Term::string("PORTWRIGHT"),
        "logical_processors"
        | "logical_processors_available"
        | "logical_processors_online"
        | "schedulers"
        | "schedulers_online"
        | "dirty_cpu_schedulers"
        | "dirty_cpu_schedulers_online" => Term::from(processors()),
        "dirty_io_schedulers" => Term::Integer(10),
        "async_threads" | "thread_pool_size" => Term::Integer(1),
        "wordsize" => Term::from(size_of::<usize>()),
        "process_count" => Term::from(call.system().node().processes().len()),
        "port_count" => Term::from(call.system().node().ports().len()),
        "process_limit" => Term::Integer(262_144),
        "port_limit" => Term::Integer(65_536),
        "atom_limit" => Term::Integer(1_048_576),
        "ets_limit" => Term::Integer(8192),
        "ets_count" => Term::from(super::ets::count(call)),
        "time_offset" => atom("volatile"),
        "os_monotonic_time_source" | "os_system_time_source" => Term::Nil,
        "start_time" => super::time::start(),
        "endian" => atom(if cfg!(target_endian = "little") {
            "little"
        } else {
            "big"
        }),
        "threads" | "smp_support" => Term::boolean(true),
        "dist_buf_busy_limit" => Term::Integer(1_048_576),
        "creation" => Term::Integer(0),
        "emu_type" | "build_type" => atom("opt"),
        "emu_flavor" => atom("portwright"),
        "allocator" => Term::tuple([atom("undefined"), Term::Nil, Term::Nil, Term::Nil]),
        "heap_type" => atom("private"),
        "multi_scheduling" => atom("enabled"),
        "tolerant_timeofday" => atom("enabled"),
        "trace_control_word" => Term::Integer(0),
        "kernel_poll" => Term::boolean(true),
        "driver_version" => Term::string("3.3"),
        "nif_version" => Term::string("2.16"),
        "c_compiler_used" => Term::tuple([atom("undefined"), atom("undefined")]),
        "loaded" => binary_term(""),
        "taints" => Term::list(
            call.system()
                .node()
                .ddll()
                .loaded()
                .iter()
                .filter_map(|(name, _)| Some(Term::Atom(Atom::new(name).ok()?))),
        ),
        _ => return Err(badarg()),
    })
}

/// When each counter was asked for the last time: `statistics/1` tells what passed since.
#[derive(Default)]
struct LastAsked {
    wall_clock: Option<i64>,
    runtime: Option<i64>,
}

static LAST_ASKED: Mutex<LastAsked> = Mutex::new(LastAsked {
    wall_clock: None,
    runtime: None,
});
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Milliseconds of processor time that this program used, from `/proc/self/stat`.
fn processor_time() -> i64 {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else {
        return 0;
    };
    // The name in parentheses may hold spaces, so count from its end; ticks are 10 ms on Linux.
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |n: usize| {
        fields
            .get(n)
            .and_then(|f| f.parse::<i64>().ok())
            .unwrap_or(0)
    };
    (ticks(11) + ticks(12)) * 10
}

fn statistics(_: &mut Call, args: &[Term]) -> Answer {
    let pair = |a: i64, b: i64| Term::tuple([Term::from(a), Term::from(b)]);
    let mut last = LAST_ASKED.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(match atom_text(&args[0]) {
        Some("wall_clock") => {
            let now = i64::try_from(STARTED.elapsed().as_millis()).unwrap_or(i64::MAX);
            pair(now, now - last.wall_clock.replace(now).unwrap_or(0))
        }
        Some("runtime") => {
            let now = processor_time();
            pair(now, now - last.runtime.replace(now).unwrap_or(0))
        }
        Some("reductions" | "exact_reductions" | "context_switches") => pair(0, 0),
        Some("garbage_collection") => {
            Term::tuple([Term::Integer(0), Term::Integer(0), Term::Integer(0)])
        }
        Some("run_queue" | "total_run_queue_lengths" | "total_active_tasks") => Term::Integer(0),
        Some("io") => {
            let io = |tag: &'static str| Term::tuple([atom(tag), Term::Integer(0)]);
            Term::tuple([io("input"), io("output")])
        }
        _ => return Err(badarg()),
    })
}

/// Bytes of memory that this program has.
fn resident() -> Term {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok());
    Term::from(pages.unwrap_or(0) * 4096)
}

const MEMORY_KINDS: &[&str] = &[
    "total",
    "processes",
    "processes_used",
    "system",
    "atom",
    "atom_used",
    "binary",
    "code",
    "ets",
];

fn memory_all(_: &mut Call, _: &[Term]) -> Answer {
    Ok(Term::list(
        MEMORY_KINDS
            .iter()
            .map(|kind| Term::tuple([atom(kind), memory_of(kind)])),
    ))
}

fn memory_of(kind: &str) -> Term {
    match kind {
        "total" | "system" => resident(),
        _ => Term::Integer(0),
    }
}

fn memory(_: &mut Call, args: &[Term]) -> Answer {
    let known = |term: &Term| {
        atom_text(term)
            .filter(|kind| MEMORY_KINDS.contains(kind))
            .ok_or_else(badarg)
    };
    if args[0].is_list() {
        let mut all = Vec::new();
        for kind in elements_or_badarg(&args[0])? {
            let value = memory_of(known(&kind)?);
            all.push(Term::tuple([kind, value]));
        }
        return Ok(Term::list(all));
    }
    Ok(memory_of(known(&args[0])?))
}

fn nodes(call: &mut Call, args: &[Term]) -> Answer {
    match atom_text(&args[0]) {
        Some("this") => Ok(Term::list([Term::Atom(call.system().node().name())])),
        Some("known") => Ok(Term::list([Term::Atom(call.system().node().name())])),
        Some("visible" | "hidden" | "connected") => Ok(Term::Nil),
        _ => Err(badarg()),
    }
}

fn is_alive(call: &mut Call, _: &[Term]) -> Answer {
    Ok(Term::boolean(
        call.system().node().name().as_str() != "nonode@nohost",
    ))
}

fn loaded(_: &mut Call, _: &[Term]) -> Answer {
    Ok(Term::list(
        super::module_names()
            .into_iter()
            .filter_map(|m| super::conversion::intern(m).ok()),
    ))
}

fn module_loaded(_: &mut Call, args: &[Term]) -> Answer {
    let module = atom_text(&args[0]).ok_or_else(badarg)?;
    Ok(Term::boolean(super::module_names().contains(module)))
}

fn function_exported(call: &mut Call, args: &[Term]) -> Answer {
    let module = atom_text(&args[0]).ok_or_else(badarg)?;
    let function = atom_text(&args[1]).ok_or_else(badarg)?;
    let arity = args[2].as_u64().ok_or_else(badarg)?;
    // The functions of a script are exported too.
    let of_program = || {
        let program = call.system().program(args[0].as_atom()?)?;
        program.entry(args[1].as_atom()?, u8::try_from(arity).ok()?)
    };
    Ok(Term::boolean(
        super::is_function(module, function, arity) || of_program().is_some(),
    ))
}

fn is_builtin(call: &mut Call, args: &[Term]) -> Answer {
    let exported = function_exported(call, args)?;
    Ok(Term::boolean(
        atom_text(&args[0]) == Some("erlang") && exported == Term::boolean(true),
    ))
}

fn display(call: &mut Call, args: &[Term]) -> Answer {
    // As OTP's emulator prints, past all devices: to standard output, with such line ends.
    let line = format!("{}\r\n", args[0]);
    match call
        .system()
        .write(crate::system::Stream::Output, line.as_bytes())
    {
        Ok(()) => Ok(Term::boolean(true)),
        Err(error) => Ok(error_tuple(super::posix::reason(&error))),
    }
}
