//! The functions of erl_ddll(3) on terms: what an evaluator calls.
//!
//! Arguments and results are terms, errors are the exceptions of OTP 25. A caller in Rust uses [`Ddll`] instead.
//!
//! # Examples
//!
//! ```
//! use portwright::Node;
//! use portwright_ddll::bif;
//!
//! let node = Node::new();
//! let me = node.attach();
//! let answer = bif::try_load(&me, &["\"/nowhere\"".parse()?, "nosuch".parse()?, "[]".parse()?]).unwrap();
//! let error = answer.as_tuple().unwrap()[1].clone();                      // {open_error,-10}
//! let text = bif::format_error(&me, &[error]).unwrap();
//! assert_eq!(text.to_text().unwrap(), "cannot open shared object file: No such file or directory");
//! # Ok::<(), portwright::term::text::ParseError>(())
//! ```
//!
//! # Source
//!
//! erl_ddll(3); ddll.md, rules L-1.4 to L-9.3.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use portwright::bif::BifError;
use portwright::{Process, Term};

use crate::ddll::{Begun, Ddll, DdllOptions, conclude};
use crate::error::{DdllError, text_of as text_of_code, text_of_atom};
use crate::info::When;
use crate::names::{bytes_of, text_of};
use crate::table::{Outcome, Pending, Reload};
use crate::waiting::Answer;

/// The result of a function that may have to wait for ports to close.
pub enum Loading {
    /// It is done.
    Done(Term),
    /// It is to be awaited.
    Wait(LoadWait),
}

/// The rest of `load/2`, `load_driver/2`, `reload/2` or `reload_driver/2`.
pub struct LoadWait {
    answer: Answer,
    name: String,
}

impl Future for LoadWait {
    type Output = Term;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Term> {
        let this = &mut *self;
        Pin::new(&mut this.answer)
            .poll(context)
            .map(|news| result(conclude(news, &this.name)))
    }
}

fn ok() -> Term {
    Term::atom("ok")
}

fn error(error: &DdllError) -> Term {
    Term::tuple([Term::atom("error"), error.to_term()])
}

fn result(result: Result<(), DdllError>) -> Term {
    match result {
        Ok(()) => ok(),
        Err(reason) => error(&reason),
    }
}

fn outcome(outcome: Result<Outcome, DdllError>) -> Term {
    let (what, reference) = match outcome {
        Err(reason) => return error(&reason),
        Ok(Outcome::Loaded) => ("loaded", None),
        Ok(Outcome::AlreadyLoaded) => ("already_loaded", None),
        Ok(Outcome::PendingDriver(reference)) => ("pending_driver", reference),
        Ok(Outcome::PendingProcess(reference)) => ("pending_process", reference),
    };
    let mut elements = vec![ok(), Term::atom(what)];
    elements.extend(reference.map(Term::Reference));
    Term::tuple(elements)
}

fn arity<const N: usize>(arguments: &[Term]) -> Result<&[Term; N], BifError> {
    arguments.try_into().map_err(|_| BifError::badarg())
}

fn name_of(term: &Term) -> Result<String, BifError> {
    text_of(term).ok_or_else(BifError::badarg)
}

/// A path: anything that a name can be, but no atom (L-1.5).
fn path_of(term: &Term) -> Result<Vec<u8>, BifError> {
    bytes_of(term).ok_or_else(BifError::badarg)
}

fn options_of(term: &Term, for_load: bool) -> Result<DdllOptions, BifError> {
    let mut options = DdllOptions::default();
    for option in term.to_vec().ok_or_else(BifError::badarg)? {
        if !for_load
            && option
                .as_atom()
                .is_some_and(|atom| atom.as_str() == "kill_ports")
        {
            options.kill_ports = true;
            continue;
        }
        let Some([Term::Atom(key), value]) = option.as_tuple() else {
            return Err(BifError::badarg());
        };
        let word = value.as_atom().map_or("", |atom| atom.as_str());
        match (key.as_str(), word) {
            ("monitor", "pending_driver") => options.monitor = Some(Pending::Driver),
            ("monitor", "pending") => options.monitor = Some(Pending::Any),
            ("reload", "pending_driver") if for_load => {
                options.reload = Some(Reload::PendingDriver);
            }
            ("reload", "pending") if for_load => options.reload = Some(Reload::Pending),
            ("driver_options", _) if for_load => {
                for driver_option in value.to_vec().ok_or_else(BifError::badarg)? {
                    match driver_option.as_atom().map(|atom| atom.as_str()) {
                        Some("kill_ports") => options.kill_ports = true,
                        _ => return Err(BifError::badarg()),
                    }
                }
            }
            _ => return Err(BifError::badarg()),
        }
    }
    Ok(options)
}

fn begin(process: &Process, arguments: &[Term], options: DdllOptions) -> Result<Loading, BifError> {
    let [path, name] = arity(arguments)?;
    let (path, name) = (path_of(path)?, name_of(name)?);
    Ok(
        match Ddll::of_process(process).begin(&path, &name, options) {
            Ok(Begun::Done) => Loading::Done(ok()),
            Ok(Begun::Wait(slot)) => Loading::Wait(LoadWait {
                answer: Answer(slot),
                name,
            }),
            Err(reason) => Loading::Done(error(&reason)),
        },
    )
}

/// `load/2`: loads a driver whose ports keep it.
///
/// # Errors
///
/// `badarg`.
pub fn load(process: &Process, arguments: &[Term]) -> Result<Loading, BifError> {
    begin(process, arguments, DdllOptions::default())
}

/// `load_driver/2`: loads a driver whose ports end when its last user goes.
///
/// # Errors
///
/// `badarg`.
pub fn load_driver(process: &Process, arguments: &[Term]) -> Result<Loading, BifError> {
    begin(
        process,
        arguments,
        DdllOptions {
            kill_ports: true,
            ..DdllOptions::default()
        },
    )
}

/// `reload/2`: replaces a driver once its ports are closed.
///
/// # Errors
///
/// `badarg`.
pub fn reload(process: &Process, arguments: &[Term]) -> Result<Loading, BifError> {
    let reload = Some(Reload::PendingDriver);
    begin(
        process,
        arguments,
        DdllOptions {
            reload,
            ..DdllOptions::default()
        },
    )
}

/// `reload_driver/2`: replaces a driver and ends its ports.
///
/// # Errors
///
/// `badarg`.
pub fn reload_driver(process: &Process, arguments: &[Term]) -> Result<Loading, BifError> {
    let reload = Some(Reload::PendingDriver);
    begin(
        process,
        arguments,
        DdllOptions {
            kill_ports: true,
            reload,
            ..DdllOptions::default()
        },
    )
}

/// `try_load/3`: loads with options and does not wait.
///
/// # Errors
///
/// `badarg`.
pub fn try_load(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [path, name, options] = arity(arguments)?;
    let (path, name) = (path_of(path)?, name_of(name)?);
    let options = options_of(options, true)?;
    Ok(outcome(
        Ddll::of_process(process).try_load_bytes(&path, &name, options),
    ))
}

fn unload_with(
    process: &Process,
    arguments: &[Term],
    options: DdllOptions,
) -> Result<Term, BifError> {
    let [name] = arity(arguments)?;
    let unloaded = Ddll::of_process(process).try_unload(&name_of(name)?, options);
    Ok(result(unloaded.map(|_| ())))
}

/// `unload/1`: gives up one load.
///
/// # Errors
///
/// `badarg`.
pub fn unload(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    unload_with(process, arguments, DdllOptions::default())
}

/// `unload_driver/1`: gives up one load, and ends the driver's ports if it was the last.
///
/// # Errors
///
/// `badarg`.
pub fn unload_driver(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    unload_with(
        process,
        arguments,
        DdllOptions {
            kill_ports: true,
            ..DdllOptions::default()
        },
    )
}

/// `try_unload/2`: gives up one load with options.
///
/// # Errors
///
/// `badarg`.
pub fn try_unload(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [name, options] = arity(arguments)?;
    let (name, options) = (name_of(name)?, options_of(options, false)?);
    Ok(outcome(
        Ddll::of_process(process).try_unload(&name, options),
    ))
}

/// `monitor/2`: `monitor(driver, {Name,loaded|unloaded|unloaded_only})`.
///
/// # Errors
///
/// `badarg`.
pub fn monitor(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [kind, what] = arity(arguments)?;
    let is_driver = kind.as_atom().is_some_and(|atom| atom.as_str() == "driver");
    let (Some([name, Term::Atom(when)]), true) = (what.as_tuple(), is_driver) else {
        return Err(BifError::badarg());
    };
    let when = match when.as_str() {
        "loaded" => When::Loaded,
        "unloaded" => When::Unloaded,
        "unloaded_only" => When::UnloadedOnly,
        _ => return Err(BifError::badarg()),
    };
    let ddll = Ddll::of_process(process);
    let whom = crate::waiting::whom(ddll.user(), process.node());
    ddll.table()
        .monitor(ddll.user(), whom, &name_of(name)?, name, when)
        .map(Term::Reference)
        .map_err(|_| BifError::badarg())
}

/// `demonitor/1`: always `true`.
///
/// # Errors
///
/// `badarg` for what is no reference.
pub fn demonitor(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [Term::Reference(reference)] = arity(arguments)? else {
        return Err(BifError::badarg());
    };
    Ddll::of_process(process).table().demonitor(reference);
    Ok(Term::boolean(true))
}

/// `info/0,1,2`.
///
/// # Errors
///
/// `badarg` for unknown drivers and items.
pub fn info(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let table = Ddll::of_process(process).table().clone();
    let Some((name, item)) = arguments.split_first() else {
        return Ok(Term::list(table.all().into_iter().map(|(name, info)| {
            Term::tuple([Term::string(&name), info.to_term()])
        })));
    };
    let info = table.info(&name_of(name)?).ok_or_else(BifError::badarg)?;
    match item {
        [] => Ok(info.to_term()),
        [Term::Atom(item)] => info.item(item.as_str()).ok_or_else(BifError::badarg),
        _ => Err(BifError::badarg()),
    }
}

/// `loaded_drivers/0`: `{ok,Names}` of all drivers, those of the program first.
///
/// # Errors
///
/// `badarg` for arguments.
pub fn loaded_drivers(process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [] = arity(arguments)?;
    let drivers = process.node().drivers();
    let names = Term::list(drivers.iter().map(|name| Term::string(name)));
    Ok(Term::tuple([ok(), names]))
}

/// `format_error/1`.
///
/// # Errors
///
/// `badarg` for what is no error of this module.
pub fn format_error(_process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [what] = arity(arguments)?;
    let text = match what {
        Term::Atom(atom) => text_of_atom(*atom).map(str::to_owned),
        Term::Tuple(tuple) => match &**tuple {
            [Term::Atom(key), Term::Integer(code)] if key.as_str() == "open_error" => {
                Some(text_of_code(*code))
            }
            _ => None,
        },
        _ => None,
    };
    text.map(|text| Term::string(&text))
        .ok_or_else(BifError::badarg)
}

/// `start/0`, of old.
///
/// # Errors
///
/// `badarg` for arguments.
pub fn start(_process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [] = arity(arguments)?;
    let already = Term::tuple([Term::atom("already_started"), Term::atom("undefined")]);
    Ok(Term::tuple([Term::atom("error"), already]))
}

/// `stop/0`, of old.
///
/// # Errors
///
/// `badarg` for arguments.
pub fn stop(_process: &Process, arguments: &[Term]) -> Result<Term, BifError> {
    let [] = arity(arguments)?;
    Ok(ok())
}
