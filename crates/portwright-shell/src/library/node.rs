//! `init`, `code`, `application`, `rand`, `escript`: what scripts ask of the system around them.

use std::fs;
use std::path::{Path, PathBuf};

use portwright_term::Term;

use super::argument::{
    Answer, atom, atom_text, badarg, char_list, error_tuple, function_clause, ok, ok_tuple,
};
use super::path::{path, path_term};
use crate::exception::Exception;
use crate::native::{Call, Native, NativeModule};

/// `init(3)`.
pub(crate) const INIT: NativeModule = NativeModule::new(
    "init",
    &[
        Native::new("get_plain_arguments", 0, plain_arguments),
        Native::new("get_arguments", 0, |_, _| Ok(Term::Nil)),
        Native::new("get_argument", 1, get_argument),
        Native::new("get_status", 0, |_, _| {
            Ok(Term::tuple([atom("started"), atom("started")]))
        }),
        Native::new("script_id", 0, |_, _| {
            Ok(Term::tuple([
                char_list("Portwright"),
                char_list(env!("CARGO_PKG_VERSION")),
            ]))
        }),
    ],
);

/// `escript(3)`.
pub(crate) const ESCRIPT: NativeModule =
    NativeModule::new("escript", &[Native::new("script_name", 0, script_name)]);

/// `code(3)`: there is no code on disk here, but OTP's libraries may be, and port programs live in them.
pub(crate) const CODE: NativeModule = NativeModule::new(
    "code",
    &[
        Native::new("root_dir", 0, |_, _| {
            Ok(root().map_or_else(|| char_list(""), |root| path_term(&root)))
        }),
        Native::new("lib_dir", 0, lib_root),
        Native::new("lib_dir", 1, lib_dir),
        Native::new("lib_dir", 2, lib_dir),
        Native::new("priv_dir", 1, priv_dir),
        Native::new("which", 1, which),
        Native::new("is_loaded", 1, is_loaded),
        Native::new("ensure_loaded", 1, ensure_loaded),
        Native::new("load_file", 1, |_, _| Ok(error_tuple(atom("nofile")))),
        Native::new("get_path", 0, |_, _| Ok(Term::Nil)),
        Native::new("add_path", 1, |_, _| Ok(Term::boolean(true))),
        Native::new("add_patha", 1, |_, _| Ok(Term::boolean(true))),
        Native::new("add_pathz", 1, |_, _| Ok(Term::boolean(true))),
    ],
);

/// `application(3)`: what the library offers is always started.
pub(crate) const APPLICATION: NativeModule = NativeModule::new(
    "application",
    &[
        Native::new("start", 1, start),
        Native::new("stop", 1, stop_application),
        Native::new("load", 1, start),
        Native::new("ensure_started", 1, ensure_started),
        Native::new("ensure_all_started", 1, ensure_all_started),
        Native::new("get_env", 2, |_, _| Ok(atom("undefined"))),
        Native::new("get_env", 3, |_, args| Ok(args[2].clone())),
        Native::new("set_env", 3, |_, _| Ok(ok())),
    ],
);

fn plain_arguments(call: &mut Call, _: &[Term]) -> Answer {
    // The script's own name stands first.
    let system = call.system();
    let name = system.script_name().into_iter();
    let words = name.chain(system.arguments().iter().map(String::as_str));
    Ok(Term::list(words.map(char_list).collect::<Vec<_>>()))
}

fn get_argument(_: &mut Call, args: &[Term]) -> Answer {
    match (atom_text(&args[0]), root()) {
        (Some("root"), Some(root)) => Ok(ok_tuple(Term::list([Term::list([path_term(&root)])]))),
        (Some("home"), _) => match std::env::home_dir() {
            Some(home) => Ok(ok_tuple(Term::list([Term::list([path_term(&home)])]))),
            None => Ok(atom("error")),
        },
        _ => Ok(atom("error")),
    }
}

fn script_name(call: &mut Call, _: &[Term]) -> Answer {
    Ok(char_list(call.system().script_name().unwrap_or("")))
}

/// Where OTP is installed: `$ROOTDIR`, or one of the usual places.
fn root() -> Option<PathBuf> {
    let usual = [
        "/usr/lib/erlang",
        "/usr/local/lib/erlang",
        "/usr/lib64/erlang",
        "/opt/erlang",
    ];
    std::env::var_os("ROOTDIR")
        .map(PathBuf::from)
        .into_iter()
        .chain(usual.iter().map(PathBuf::from))
        .find(|root| root.join("lib").is_dir())
}

fn lib_root(_: &mut Call, _: &[Term]) -> Answer {
    Ok(root().map_or_else(|| char_list(""), |root| path_term(&root.join("lib"))))
}

/// The directory of an application: `Name` or the newest `Name-Version`.
fn application_directory(name: &str) -> Option<PathBuf> {
    let lib = root()?.join("lib");
    let plain = lib.join(name);
    if plain.is_dir() {
        return Some(plain);
    }
    let prefix = format!("{name}-");
    let version = |path: &Path| -> Vec<u64> {
        let file = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        file[prefix.len().min(file.len())..]
            .split('.')
            .map(|n| n.parse().unwrap_or(0))
            .collect()
    };
    fs::read_dir(lib)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|n| n.to_string_lossy().starts_with(&prefix))
                && path.is_dir()
        })
        .max_by_key(|path| version(path))
}

fn application_name(term: &Term) -> Option<String> {
    match term {
        Term::Atom(a) => Some(a.as_str().to_string()),
        _ => term.to_text(),
    }
}

fn lib_dir(_: &mut Call, args: &[Term]) -> Answer {
    let name = application_name(&args[0]).ok_or_else(function_clause)?;
    let below = match args.get(1) {
        Some(below) => Some(path(below).ok_or_else(function_clause)?),
        None => None,
    };
    Ok(match application_directory(&name) {
        Some(directory) => {
            path_term(&below.map_or(directory.clone(), |below| directory.join(below)))
        }
        None => error_tuple(atom("bad_name")),
    })
}

fn priv_dir(_: &mut Call, args: &[Term]) -> Answer {
    let name = application_name(&args[0]).ok_or_else(function_clause)?;
    Ok(match application_directory(&name) {
        Some(directory) => path_term(&directory.join("priv")),
        None => error_tuple(atom("bad_name")),
    })
}

fn is_module(term: &Term) -> Result<bool, Exception> {
    let name = atom_text(term).ok_or_else(function_clause)?;
    Ok(super::module_names().contains(name))
}

fn which(_: &mut Call, args: &[Term]) -> Answer {
    Ok(if is_module(&args[0])? {
        atom("preloaded")
    } else {
        atom("non_existing")
    })
}

fn is_loaded(_: &mut Call, args: &[Term]) -> Answer {
    Ok(if is_module(&args[0])? {
        Term::tuple([atom("file"), atom("preloaded")])
    } else {
        Term::boolean(false)
    })
}

fn ensure_loaded(_: &mut Call, args: &[Term]) -> Answer {
    Ok(if is_module(&args[0])? {
        Term::tuple([atom("module"), args[0].clone()])
    } else {
        error_tuple(atom("nofile"))
    })
}

/// The applications whose functions are here.
const APPLICATIONS: &[&str] = &["kernel", "stdlib", "crypto", "os_mon", "sasl"];

fn known_application(term: &Term) -> Result<bool, Exception> {
    let name = atom_text(term).ok_or_else(badarg)?;
    Ok(APPLICATIONS.contains(&name))
}

fn no_application(name: &Term) -> Term {
    let file = char_list(&format!("{}.app", atom_text(name).unwrap_or("")));
    error_tuple(Term::tuple([char_list("no such file or directory"), file]))
}

fn start(_: &mut Call, args: &[Term]) -> Answer {
    Ok(if known_application(&args[0])? {
        error_tuple(Term::tuple([atom("already_started"), args[0].clone()]))
    } else {
        no_application(&args[0])
    })
}

fn stop_application(_: &mut Call, args: &[Term]) -> Answer {
    Ok(if known_application(&args[0])? {
        ok()
    } else {
        error_tuple(Term::tuple([atom("not_started"), args[0].clone()]))
    })
}

fn ensure_started(_: &mut Call, args: &[Term]) -> Answer {
    Ok(if known_application(&args[0])? {
        ok()
    } else {
        no_application(&args[0])
    })
}

fn ensure_all_started(_: &mut Call, args: &[Term]) -> Answer {
    Ok(if known_application(&args[0])? {
        ok_tuple(Term::Nil)
    } else {
        no_application(&args[0])
    })
}
