//! Which argument of a failed BIF was bad, and why.
//!
//! Works on the name, the arguments and the cause that a stack entry holds, so
//! it explains exceptions that were caught and raised again as well. Functions
//! that know better say so themselves with
//! [`Exception::note`](crate::Exception::note).
//!
//! # Source
//!
//! The shell of OTP 25; the tests compare with it.

use portwright_term::{Atom, Map, Term, atoms, iolist};

use super::{io_faults, re_faults};

use crate::exception::GENERAL;

/// A note: the argument's number, and what is wrong with it.
pub(super) type Note = (u8, String);

/// What an argument has to be. It is explained when it is not.
#[derive(Clone, Copy)]
enum Need {
    /// Nothing to say of it.
    Any,
    Atom,
    Base,
    Binary,
    /// A binary, and if it is one, the text of something.
    BinaryText(&'static str),
    /// Never right: whatever it is, this is wrong with it.
    Always(&'static str),
    Float,
    Fun,
    Integer,
    Iodata,
    List,
    /// A list, and if it is one, the text of something.
    ListText(&'static str),
    /// A list of options; if it is one, one of them is invalid.
    Options,
    Map,
    NotNegative,
    Number,
    Pid,
    Port,
    Positive,
    Reference,
    TimeUnit,
    Tuple,
}

use Need::*;

/// `(name, arguments)` of functions of `erlang`.
const ERLANG: &[(&str, &[Need])] = &[
    ("abs", &[Number]),
    ("adler32", &[Iodata]),
    ("append", &[Always("not a list"), Any]),
    ("append_element", &[Tuple, Any]),
    ("apply", &[Atom, Atom, List]),
    ("atom_to_binary", &[Atom]),
    ("atom_to_list", &[Atom]),
    ("binary_to_atom", &[BinaryText("invalid UTF8 encoding")]),
    (
        "binary_to_existing_atom",
        &[BinaryText("not an already existing atom")],
    ),
    (
        "binary_to_float",
        &[BinaryText("not a textual representation of a float")],
    ),
    (
        "binary_to_integer",
        &[BinaryText("not a textual representation of an integer")],
    ),
    ("binary_to_list", &[Binary]),
    ("binary_to_list", &[Binary, Positive, Positive]),
    (
        "binary_to_term",
        &[BinaryText("invalid external representation of a term")],
    ),
    ("bit_size", &[Always("not a bitstring")]),
    ("bitstring_to_list", &[Always("not a bitstring")]),
    ("byte_size", &[Always("not a bitstring")]),
    ("cancel_timer", &[Reference]),
    ("cancel_timer", &[Reference, Options]),
    ("ceil", &[Number]),
    ("convert_time_unit", &[Integer, TimeUnit, TimeUnit]),
    ("crc32", &[Iodata]),
    ("crc32", &[NotNegative, Iodata]),
    ("demonitor", &[Reference]),
    ("demonitor", &[Reference, Options]),
    ("exit", &[Always("not a pid"), Any]),
    ("float", &[Number]),
    ("float_to_binary", &[Float]),
    ("float_to_binary", &[Float, Options]),
    ("float_to_list", &[Float]),
    ("float_to_list", &[Float, Options]),
    ("floor", &[Number]),
    ("fun_info", &[Fun]),
    ("fun_to_list", &[Fun]),
    ("group_leader", &[Pid, Pid]),
    ("halt", &[Always("invalid status")]),
    ("hd", &[Always("not a nonempty list")]),
    ("integer_to_binary", &[Integer]),
    ("integer_to_binary", &[Integer, Base]),
    ("integer_to_list", &[Integer]),
    ("integer_to_list", &[Integer, Base]),
    ("iolist_size", &[Iodata]),
    ("iolist_to_binary", &[Iodata]),
    ("iolist_to_iovec", &[Iodata]),
    ("is_map_key", &[Any, Map]),
    ("is_process_alive", &[Pid]),
    ("is_record", &[Any, Atom]),
    ("is_record", &[Any, Atom, Integer]),
    ("length", &[Always("not a list")]),
    ("list_to_atom", &[ListText("not a list of characters")]),
    ("list_to_binary", &[Always("not an iolist term")]),
    ("list_to_bitstring", &[Always("not a bitstring list")]),
    (
        "list_to_existing_atom",
        &[ListText("not an already existing atom")],
    ),
    (
        "list_to_float",
        &[ListText("not a textual representation of a float")],
    ),
    (
        "list_to_integer",
        &[ListText("not a textual representation of an integer")],
    ),
    (
        "list_to_pid",
        &[ListText("not a textual representation of a pid")],
    ),
    (
        "list_to_port",
        &[ListText("not a textual representation of a port")],
    ),
    (
        "list_to_ref",
        &[ListText("not a textual representation of a reference")],
    ),
    ("list_to_tuple", &[Always("not a list")]),
    ("make_tuple", &[Always("out of range"), Any]),
    ("map_size", &[Map]),
    ("md5", &[Iodata]),
    ("monotonic_time", &[TimeUnit]),
    ("node", &[Always("not a pid")]),
    ("phash", &[Any, Positive]),
    ("pid_to_list", &[Pid]),
    ("port_close", &[Port]),
    ("port_command", &[Port, Iodata]),
    ("port_connect", &[Port, Pid]),
    ("port_info", &[Port]),
    ("port_to_list", &[Always("not a port")]),
    ("process_info", &[Pid]),
    ("read_timer", &[Reference]),
    ("read_timer", &[Reference, Options]),
    ("ref_to_list", &[Reference]),
    ("round", &[Number]),
    ("send", &[Always("invalid destination"), Any]),
    ("size", &[Always("not tuple or binary")]),
    ("spawn", &[Always("not a fun")]),
    ("spawn", &[Atom, Always("not a fun")]),
    ("spawn", &[Atom, Atom, List]),
    ("spawn", &[Atom, Atom, Atom, List]),
    ("spawn_link", &[Always("not a fun")]),
    ("spawn_link", &[Atom, Always("not a fun")]),
    ("spawn_link", &[Atom, Atom, List]),
    ("spawn_link", &[Atom, Atom, Atom, List]),
    ("spawn_monitor", &[Always("not a fun")]),
    ("spawn_monitor", &[Atom, Always("not a fun")]),
    ("spawn_monitor", &[Atom, Atom, List]),
    ("spawn_monitor", &[Atom, Atom, Atom, List]),
    ("statistics", &[Always("invalid statistics item")]),
    ("system_flag", &[Always("invalid system flag"), Any]),
    ("system_info", &[Always("invalid system info item")]),
    (
        "localtime_to_universaltime",
        &[Always("not a valid local time")],
    ),
    (
        "universaltime_to_localtime",
        &[Always("not a valid universal time")],
    ),
    ("unique_integer", &[Always("invalid modifier")]),
    ("garbage_collect", &[Pid]),
    ("split_binary", &[Binary, NotNegative]),
    ("system_time", &[TimeUnit]),
    ("term_to_binary", &[Any, Options]),
    ("time_offset", &[TimeUnit]),
    ("tl", &[Always("not a nonempty list")]),
    ("trunc", &[Number]),
    ("tuple_size", &[Tuple]),
    ("tuple_to_list", &[Tuple]),
    ("unlink", &[Pid]),
    ("unregister", &[Always("not a pid")]),
    ("whereis", &[Atom]),
];

/// Functions of `maps`.
const MAPS: &[(&str, &[Need])] = &[
    ("find", &[Any, Map]),
    ("from_keys", &[List, Any]),
    ("from_list", &[List]),
    ("get", &[Any, Any, Map]),
    ("is_key", &[Any, Map]),
    ("iterator", &[Map]),
    ("keys", &[Map]),
    ("merge", &[Map, Map]),
    ("put", &[Any, Any, Map]),
    ("remove", &[Any, Map]),
    ("size", &[Map]),
    ("take", &[Any, Map]),
    ("to_list", &[Map]),
    ("update", &[Any, Any, Always("not a map")]),
    ("values", &[Map]),
    ("with", &[List, Map]),
    ("without", &[List, Map]),
];

/// Functions of `binary`.
const BINARY: &[(&str, &[Need])] = &[
    ("at", &[Binary, NotNegative]),
    ("bin_to_list", &[Binary]),
    ("compile_pattern", &[Always("not a valid pattern")]),
    ("copy", &[Binary]),
    ("copy", &[Binary, NotNegative]),
    ("decode_unsigned", &[Binary]),
    ("encode_unsigned", &[NotNegative]),
    ("encode_hex", &[Binary]),
    ("first", &[BinaryText("a zero-sized binary is not allowed")]),
    ("last", &[BinaryText("a zero-sized binary is not allowed")]),
    ("list_to_bin", &[Iodata]),
    ("referenced_byte_size", &[Binary]),
];

/// Functions of `lists` that are BIFs.
const LISTS: &[(&str, &[Need])] = &[
    ("keyfind", &[Any, Positive, List]),
    ("keymember", &[Any, Positive, List]),
    ("keysearch", &[Any, Positive, List]),
    ("member", &[Any, List]),
    ("reverse", &[List, Any]),
    ("seq", &[Integer, Integer, Integer]),
];

/// Functions of `os`.
const OS: &[(&str, &[Need])] = &[
    ("getenv", &[List]),
    ("getenv", &[List, Any]),
    ("putenv", &[List, List]),
    ("unsetenv", &[List]),
];

fn is_proper(term: &Term) -> bool {
    let mut items = term.list_iter();
    items.by_ref().for_each(drop);
    matches!(items.tail(), Some(Term::Nil))
}

fn is_integer(term: &Term) -> bool {
    term.is_integer()
}

fn compare(term: &Term, with: i64) -> std::cmp::Ordering {
    term.erl_cmp(&Term::Integer(with))
}

impl Need {
    /// What is wrong with `term`, if something is.
    fn fault(self, term: &Term) -> Option<&'static str> {
        let unless = |fits: bool, text: &'static str| (!fits).then_some(text);
        match self {
            Any => None,
            Atom => unless(term.is_atom(), "not an atom"),
            Base => unless(
                matches!(term, Term::Integer(2..=36)),
                "not an integer in the range 2 through 36",
            ),
            Binary => unless(term.is_binary(), "not a binary"),
            BinaryText(text) => Some(if term.is_binary() {
                text
            } else {
                "not a binary"
            }),
            Always(text) => Some(text),
            Float => unless(term.is_float(), "not a float"),
            Fun => unless(term.is_function(), "not a fun"),
            Integer => unless(is_integer(term), "not an integer"),
            Iodata => unless(iolist::size(term).is_ok(), "not an iodata term"),
            List => list_fault(term),
            ListText(text) => list_fault(term).or(Some(text)),
            Options => list_fault(term).or(Some("invalid option in list")),
            Map => unless(term.is_map(), "not a map"),
            NotNegative if !is_integer(term) => Some("not an integer"),
            NotNegative => unless(compare(term, 0).is_ge(), "out of range"),
            Number => unless(term.is_number(), "not a number"),
            Pid => unless(term.is_pid(), "not a pid"),
            // A name stands for a port, so an atom is not wrong in itself.
            Port => unless(term.is_port() || term.is_atom(), "not a port"),
            Positive if !is_integer(term) => Some("not an integer"),
            Positive => unless(compare(term, 1).is_ge(), "out of range"),
            Reference => unless(term.is_reference(), "not a reference"),
            TimeUnit => unless(is_time_unit(term), "invalid time unit"),
            Tuple => unless(term.is_tuple(), "not a tuple"),
        }
    }
}

fn list_fault(term: &Term) -> Option<&'static str> {
    if !term.is_list() {
        Some("not a list")
    } else if is_proper(term) {
        None
    } else {
        Some("not a proper list")
    }
}

fn is_time_unit(term: &Term) -> bool {
    match term {
        Term::Atom(unit) => matches!(
            unit.as_str(),
            "second"
                | "millisecond"
                | "microsecond"
                | "nanosecond"
                | "native"
                | "perf_counter"
                | "seconds"
                | "milli_seconds"
                | "micro_seconds"
                | "nano_seconds"
        ),
        _ => is_integer(term) && compare(term, 1).is_ge(),
    }
}

fn table(table: &[(&str, &[Need])], name: &str, arguments: &[Term]) -> Vec<Note> {
    let found = table
        .iter()
        .find(|(known, needs)| *known == name && needs.len() == arguments.len());
    let Some((_, needs)) = found else {
        return Vec::new();
    };
    let mut notes = Vec::new();
    for (index, (need, argument)) in needs.iter().zip(arguments).enumerate() {
        let unexplained = matches!(need, BinaryText(_) | ListText(_) | Options);
        let earlier = !notes.is_empty();
        if let Some(text) = need.fault(argument) {
            // An option can only be blamed when nothing before it is wrong.
            if earlier && unexplained && list_fault(argument).is_none() {
                continue;
            }
            push(&mut notes, index + 1, text);
        }
    }
    notes
}

pub(super) fn push(notes: &mut Vec<Note>, argument: usize, text: &str) {
    notes.push((u8::try_from(argument).unwrap_or(GENERAL), text.to_owned()));
}

/// One note per fault: `None` means nothing is wrong with that argument.
fn notes<const N: usize>(faults: [Option<&str>; N]) -> Vec<Note> {
    let mut notes = Vec::new();
    for (index, fault) in faults.into_iter().enumerate() {
        if let Some(text) = fault {
            push(&mut notes, index + 1, text);
        }
    }
    notes
}

/// Explains a failure of `module:function(Arguments)`; `info` is the
/// `error_info` of the stack entry.
pub(super) fn explain(
    module: Atom,
    function: Atom,
    arguments: &[Term],
    reason: &Term,
    info: &Map,
) -> Vec<Note> {
    if *reason == Term::Atom(atoms::SYSTEM_LIMIT) {
        return Vec::new();
    }
    let cause = info.get(&Term::atom("cause")).and_then(Term::as_atom);
    let (name, cause) = (function.as_str(), cause.map(Atom::as_str).unwrap_or("none"));
    match module.as_str() {
        "erlang" => {
            special(name, arguments, cause).unwrap_or_else(|| table(ERLANG, name, arguments))
        }
        "maps" => match (name, arguments) {
            ("get", [_, map]) if map.is_map() => notes([Some("not present in map")]),
            ("get", [_, _]) => notes([None, Some("not a map")]),
            _ => table(MAPS, name, arguments),
        },
        "binary" => binary(name, arguments),
        "lists" => table(LISTS, name, arguments),
        "re" => re_faults::explain(name, arguments),
        "os" => table(OS, name, arguments),
        "math" => math(name, arguments),
        "ets" => ets(name, arguments, cause),
        "io" if matches!(name, "format" | "fwrite") => io_faults::format(arguments),
        "io" => io_faults::write(name, arguments),
        _ => Vec::new(),
    }
}

/// Functions of `ets`; `cause` is `id` when there is no such table.
fn ets(name: &str, arguments: &[Term], cause: &str) -> Vec<Note> {
    let missing_key = "not a key that exists in the table";
    match (name, arguments) {
        ("new", [table, _]) if !table.is_atom() => notes([Some("not an atom")]),
        ("new", _) if cause == "already_exists" => notes([Some("table name already exists")]),
        ("new", _) => notes([None, Some("invalid options")]),
        _ if cause == "id" => notes([Some(
            "the table identifier does not refer to an existing ETS table",
        )]),
        _ if cause == "access" => notes([Some(
            "the table identifier refers to an ETS table with insufficient access rights",
        )]),
        ("lookup_element" | "update_counter", _) if cause == "badkey" => {
            notes([None, Some(missing_key)])
        }
        ("lookup_element", _) => notes([
            None,
            None,
            Some("position is greater than the size of the object"),
        ]),
        ("update_counter", _) => notes([
            None,
            None,
            Some("the value in the given position, in the object, is not an integer"),
        ]),
        ("insert" | "insert_new", [_, object]) => match object {
            Term::Tuple(fields) if fields.is_empty() => notes([None, Some("is an empty tuple")]),
            Term::Tuple(_) | Term::List(_) | Term::Nil => Vec::new(),
            _ => notes([None, Some("not a tuple")]),
        },
        ("select" | "select_count" | "select_delete" | "select_reverse", [_, _]) => {
            notes([None, Some("not a valid match specification")])
        }
        _ => Vec::new(),
    }
}

/// Functions whose explanation depends on more than each argument by itself.
fn special(name: &str, arguments: &[Term], cause: &str) -> Option<Vec<Note>> {
    let badopt = cause == "badopt";
    let options = |term: &Term| badopt.then(|| Options.fault(term)).flatten();
    Some(match (name, arguments) {
        ("element", [index, tuple])
        | ("setelement", [index, tuple, _])
        | ("delete_element", [index, tuple])
        | ("insert_element", [index, tuple, _]) => {
            let first = if !is_integer(index) {
                Some("not an integer")
            } else {
                let size = tuple
                    .as_tuple()
                    .map_or(i64::MAX, |tuple| tuple.len() as i64);
                let within = compare(index, 1).is_ge() && compare(index, size).is_le();
                (!within).then_some("out of range")
            };
            notes([first, Tuple.fault(tuple)])
        }
        ("binary_part", [binary, pair]) => match pair.as_tuple() {
            Some([start, length]) if is_integer(start) && is_integer(length) => {
                if binary.is_binary() {
                    notes([None, Some("out of range")])
                } else {
                    notes([Some("not a binary")])
                }
            }
            _ => notes([Binary.fault(binary), Some("not a valid {Pos,Length} tuple")]),
        },
        ("binary_part", [binary, start, length]) => part(binary, start, length),
        ("binary_to_integer" | "list_to_integer", [text, base]) => {
            let binary = name.starts_with("binary");
            match Base.fault(base) {
                Some(fault) => {
                    let first = if binary {
                        Binary.fault(text)
                    } else {
                        list_fault(text)
                    };
                    notes([first, Some(fault)])
                }
                None if binary => table(ERLANG, name, &arguments[..1]),
                None => table(ERLANG, name, &arguments[..1]),
            }
        }
        ("is_function", [_, arity]) => notes([
            None,
            Some(if is_integer(arity) {
                "out of range"
            } else {
                "not an integer"
            }),
        ]),
        ("link", [Term::Pid(_)]) => notes([Some("the pid does not refer to an existing process")]),
        ("link", [_]) => notes([Some("not a pid")]),
        ("map_get", [_, map]) if map.is_map() => notes([Some("not present in map")]),
        ("map_get", [_, _]) => notes([None, Some("not a map")]),
        ("monitor", [kind, item, rest @ ..]) => match kind {
            Term::Atom(atoms::PROCESS | atoms::PORT) if !badopt || rest.is_empty() => {
                let port = *kind == Term::Atom(atoms::PORT);
                let fault = if port {
                    Port.fault(item)
                } else {
                    Pid.fault(item)
                };
                notes([None, fault])
            }
            Term::Atom(atoms::PROCESS | atoms::PORT) => {
                let port = *kind == Term::Atom(atoms::PORT);
                let fault = if port {
                    Port.fault(item)
                } else {
                    Pid.fault(item)
                };
                notes([
                    None,
                    fault,
                    rest.first().and_then(|rest| Options.fault(rest)),
                ])
            }
            _ => notes([Some("invalid monitor type")]),
        },
        ("open_port", [name, settings]) => {
            if badopt {
                notes([Tuple.fault(name), Some("invalid option in list")])
            } else {
                // OTP has nothing to say of a name that is a file, or none.
                let Some(parts) = name.as_tuple() else {
                    return Some(Vec::new());
                };
                let args = settings.list_iter().any(|setting| {
                    setting.as_tuple().and_then(<[Term]>::first) == Some(&Term::Atom(atoms::ARGS))
                });
                let executable = parts.first() == Some(&Term::Atom(atoms::SPAWN_EXECUTABLE));
                notes([Some(if args && !executable {
                    "must be spawn_executable"
                } else {
                    "invalid port name"
                })])
            }
        }
        ("port_call", [port, operation, _]) => {
            notes([Port.fault(port), operation_fault(operation)])
        }
        ("port_control", [port, operation, data]) => notes([
            Port.fault(port),
            operation_fault(operation),
            Iodata.fault(data),
        ]),
        ("port_command", [port, data, list]) => {
            notes([Port.fault(port), Iodata.fault(data), options(list)])
        }
        ("port_info", [port, _]) => {
            let second = (cause != "badtype").then_some("invalid option in list");
            notes([Port.fault(port), second])
        }
        ("process_flag", [_, _]) => {
            if badopt {
                notes([Some("invalid process flag")])
            } else {
                notes([None, Some("invalid value for this process flag")])
            }
        }
        ("process_flag", [_, _, _]) => notes([None, Some("invalid process flag")]),
        // OTP counts the arguments wrongly here.
        ("phash2", [_, range]) => notes([Positive.fault(range).or(Some("out of range"))]),
        ("split_binary", [binary, at]) if binary.is_binary() && is_integer(at) => {
            notes([None, Some("out of range")])
        }
        ("process_info", [pid, _]) => match Pid.fault(pid) {
            Some(fault) => notes([Some(fault)]),
            None => notes([None, Some("invalid item or item list")]),
        },
        ("register", [name, identity]) => {
            let first = match name {
                Term::Atom(atoms::UNDEFINED) => Some("'undefined' is not a valid name"),
                _ => Atom.fault(name),
            };
            let fits = identity.is_pid() || identity.is_port();
            let second = (!fits).then_some("not a pid or port");
            match cause {
                "registered_name" => notes([None, Some("this process or port already has a name")]),
                "notalive" => notes([None, Some("the pid does not refer to an existing process")]),
                _ if first.is_none() && second.is_none() => notes([Some("name is in use")]),
                _ => notes([first, second]),
            }
        }
        ("send", [_, _, list]) => {
            if badopt {
                notes([None, None, Options.fault(list)])
            } else {
                notes([Some("invalid destination")])
            }
        }
        ("send_after" | "start_timer", [time, to, _, rest @ ..]) => {
            let first = if is_integer(time) {
                (compare(time, 0).is_lt()).then_some("out of range")
            } else {
                Some("not an integer")
            };
            let second = (!(to.is_pid() || to.is_atom())).then_some("not a pid or an atom");
            let clear = first.is_none() && second.is_none();
            // An integer the clock cannot reach is the time's fault.
            let first = first
                .or((clear && rest.is_empty())
                    .then_some("exceeds the maximum supported time value"));
            let third = rest
                .first()
                .filter(|_| clear)
                .and_then(|rest| Options.fault(rest));
            if first == Some("not an integer") {
                return Some(notes([first]));
            }
            notes([first, second, None, third])
        }
        ("spawn_opt", [function, list]) => notes([
            Fun.fault(function),
            badopt.then(|| list_fault(list).unwrap_or("invalid spawn option")),
        ]),
        _ => return None,
    })
}

fn operation_fault(operation: &Term) -> Option<&'static str> {
    match operation {
        Term::Integer(0..=0xffff_ffff) => None,
        _ if is_integer(operation) => Some("out of range"),
        _ => Some("not an integer"),
    }
}

/// `binary_part/3` and `binary:part/3`.
fn part(binary: &Term, start: &Term, length: &Term) -> Vec<Note> {
    let faults = [
        Binary.fault(binary),
        NotNegative.fault(start),
        Integer.fault(length),
    ];
    if faults.iter().any(Option::is_some) {
        return notes(faults);
    }
    let size = binary.as_binary().map_or(0, |binary| binary.len()) as i64;
    if compare(start, size).is_gt() {
        notes([None, Some("out of range")])
    } else {
        notes([None, None, Some("out of range")])
    }
}

fn pattern_fault(pattern: &Term) -> Option<&'static str> {
    let one = |term: &Term| term.as_binary().is_some_and(|binary| !binary.is_empty());
    let fits = one(pattern)
        || (pattern.is_list() && is_proper(pattern) && pattern.list_iter().all(one))
        // A compiled pattern.
        || pattern.is_tuple();
    (!fits).then_some("not a valid pattern")
}

fn binary(name: &str, arguments: &[Term]) -> Vec<Note> {
    match (name, arguments) {
        ("match" | "matches" | "split", [subject, pattern]) => {
            notes([Binary.fault(subject), pattern_fault(pattern)])
        }
        ("match" | "matches" | "split", [subject, pattern, _]) => {
            let faults = [Binary.fault(subject), pattern_fault(pattern)];
            if faults.iter().all(Option::is_none) {
                notes([None, None, Some("invalid options")])
            } else {
                notes(faults)
            }
        }
        ("replace", [subject, pattern, replacement, ..]) => {
            let faults = [
                Binary.fault(subject),
                pattern_fault(pattern),
                Binary.fault(replacement),
            ];
            if arguments.len() == 4 && faults.iter().all(Option::is_none) {
                notes([None, None, None, Some("invalid options")])
            } else {
                notes(faults)
            }
        }
        ("part" | "bin_to_list", [subject, pair]) => match pair.as_tuple() {
            Some([start, length]) if is_integer(start) && is_integer(length) => {
                if subject.is_binary() {
                    notes([None, Some("out of range")])
                } else {
                    notes([Some("not a binary")])
                }
            }
            _ => notes([
                Binary.fault(subject),
                Some("not a valid {Pos,Length} tuple"),
            ]),
        },
        ("part" | "bin_to_list", [subject, start, length]) => part(subject, start, length),
        ("at", [subject, position]) if subject.is_binary() && is_integer(position) => {
            notes([None, Some("out of range")])
        }
        _ => table(BINARY, name, arguments),
    }
}

fn math(name: &str, arguments: &[Term]) -> Vec<Note> {
    let domain = "is outside the domain for this function";
    match arguments {
        [number] => match Number.fault(number) {
            None if matches!(
                name,
                "acos" | "acosh" | "asin" | "atanh" | "log" | "log2" | "log10" | "sqrt"
            ) =>
            {
                notes([Some(domain)])
            }
            fault => notes([fault]),
        },
        [first, second] => match [Number.fault(first), Number.fault(second)] {
            [None, None] if name == "fmod" => notes([None, Some(domain)]),
            faults => notes(faults),
        },
        _ => Vec::new(),
    }
}
