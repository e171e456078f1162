//! The functions that expressions can call beyond the language itself.
//!
//! [`crate::native`] tells how a function gets here.
//!
//! Not here but in `crate::bif`, because the language or the machine needs
//! them: operators, all BIFs allowed in guards (`is_*`, `element`, `length`,
//! `size`, `hd`, `abs`, `round`, `binary_part`, `map_get`, `self`, `node`, ...),
//! `apply`, `spawn*`, `exit`, `error`, `throw`, `raise`, `link`, `unlink`,
//! `monitor`, `demonitor`, `register`, `unregister`, `whereis`, `registered`,
//! `send`, `send_after` and the other timers, `process_flag`, `process_info`,
//! `processes`, `is_process_alive`, `put`, `get`, `erase`, `get_keys`,
//! `group_leader`, `make_ref`, `halt`, `hibernate`, `yield`. Everything else of
//! `erlang` (ports, conversions, `term_to_binary`, `setelement`, time, hashes,
//! `system_info`, ...) is.
//!
//! One file holds what belongs together of one Erlang module. Most functions
//! are a plain `fn(&[Term]) -> Answer`; see [`argument`].

mod argument;
mod base64;
mod binaries;
mod checksum;
mod commands;
mod compression;
mod conversion;
mod ddll;
mod ets;
mod external;
mod file;
mod format;
mod hash;
mod io;
mod lists;
mod maps;
mod math;
mod node;
mod number;
mod os;
mod path;
mod phash;
pub(crate) mod ports;
mod posix;
pub(crate) mod ram_file;
mod random;
pub(crate) mod regex;
mod scan_input;
mod strings;
mod syntax;
mod system_info;
mod tcp;
mod term_file;
mod time;
mod unicode;
mod waiting;

pub(crate) use argument::chardata;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::native::{NativeModule, Prelude};

/// Functions written in Rust.
pub(crate) const MODULES: &[&NativeModule] = &[
    &base64::BASE64,
    &binaries::BINARIES,
    &checksum::CHECKSUMS,
    &commands::COMMANDS,
    &compression::ZIP,
    &compression::ZLIB,
    &conversion::CONVERSIONS,
    &ddll::ERL_DDLL,
    &ets::ETS,
    &external::EXTERNAL,
    &file::DIRECTORIES,
    &file::FILELIB,
    &file::HANDLES,
    &file::INFO,
    &file::WHOLE_FILES,
    &format::IO_LIB,
    &hash::HASHES,
    &io::IO,
    &lists::LISTS,
    &maps::MAPS,
    &math::MATH,
    &node::APPLICATION,
    &node::CODE,
    &node::ESCRIPT,
    &node::INIT,
    &number::NUMBERS,
    &os::OS,
    &phash::PHASH,
    &ports::PORTS,
    &random::RAND,
    &regex::RE,
    &strings::STRINGS,
    &syntax::ERL_PARSE,
    &syntax::ERL_SCAN,
    &system_info::SYSTEM_INFO,
    &tcp::GEN_TCP,
    &tcp::INET,
    &time::OS_TIME,
    &time::TIME,
    &unicode::UNICODE,
];

/// Modules written in Erlang.
pub(crate) const PRELUDES: &[Prelude] = &[
    Prelude {
        module: "array",
        source: include_str!("prelude/array.erl"),
    },
    Prelude {
        module: "calendar",
        source: include_str!("prelude/calendar.erl"),
    },
    Prelude {
        module: "dict",
        source: include_str!("prelude/dict.erl"),
    },
    Prelude {
        module: "erlang",
        source: include_str!("prelude/erlang.erl"),
    },
    Prelude {
        module: "ets",
        source: include_str!("prelude/ets.erl"),
    },
    Prelude {
        module: "filelib",
        source: include_str!("prelude/filelib.erl"),
    },
    Prelude {
        module: "filename",
        source: include_str!("prelude/filename.erl"),
    },
    Prelude {
        module: "gb_sets",
        source: include_str!("prelude/gb_sets.erl"),
    },
    Prelude {
        module: "gb_trees",
        source: include_str!("prelude/gb_trees.erl"),
    },
    Prelude {
        module: "gen_server",
        source: include_str!("prelude/gen_server.erl"),
    },
    Prelude {
        module: "lists",
        source: include_str!("prelude/lists.erl"),
    },
    Prelude {
        module: "maps",
        source: include_str!("prelude/maps.erl"),
    },
    Prelude {
        module: "orddict",
        source: include_str!("prelude/orddict.erl"),
    },
    Prelude {
        module: "ordsets",
        source: include_str!("prelude/ordsets.erl"),
    },
    Prelude {
        module: "proc_lib",
        source: include_str!("prelude/proc_lib.erl"),
    },
    Prelude {
        module: "proplists",
        source: include_str!("prelude/proplists.erl"),
    },
    Prelude {
        module: "queue",
        source: include_str!("prelude/queue.erl"),
    },
    Prelude {
        module: "sets",
        source: include_str!("prelude/sets.erl"),
    },
    Prelude {
        module: "string",
        source: include_str!("prelude/string.erl"),
    },
    Prelude {
        module: "timer",
        source: include_str!("prelude/timer.erl"),
    },
];

static NAMES: LazyLock<BTreeSet<(String, String, u64)>> = LazyLock::new(|| {
    let mut names = BTreeSet::new();
    for module in MODULES {
        for function in module.functions {
            names.insert((
                module.name.to_string(),
                function.name.to_string(),
                u64::from(function.arity),
            ));
        }
    }
    for prelude in PRELUDES {
        for (function, arity) in exports(prelude.source) {
            names.insert((prelude.module.to_string(), function, arity));
        }
    }
    names
});

/// What the `-export` attributes of a prelude name.
fn exports(source: &str) -> Vec<(String, u64)> {
    let mut names = Vec::new();
    for attribute in source.split("-export([").skip(1) {
        let Some((list, _)) = attribute.split_once("])") else {
            continue;
        };
        for item in list.split(',') {
            if let Some((name, arity)) = item.trim().split_once('/')
                && let Ok(arity) = arity.trim().parse()
            {
                names.push((name.trim().to_string(), arity));
            }
        }
    }
    names
}

/// The Erlang modules that have functions here.
fn module_names() -> BTreeSet<&'static str> {
    MODULES
        .iter()
        .map(|m| m.name)
        .chain(PRELUDES.iter().map(|p| p.module))
        .collect()
}

/// True when there is such a library function.
fn is_function(module: &str, function: &str, arity: u64) -> bool {
    NAMES.contains(&(module.to_string(), function.to_string(), arity))
}
