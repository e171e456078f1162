//! Functions that raise, and those that call.

use portwright_term::{Atom, Term, atoms};

use crate::exception::{Class, Exception};
use crate::native::{Call, Native, NativeModule};

type Value = Result<Term, Exception>;

/// `error`, `exit`, `throw`, `raise`, `halt` and their kin.
pub(super) const RAISING: NativeModule = NativeModule::new(
    "erlang",
    &[
        Native::pure("error", 1, error),
        Native::pure("error", 2, error_with_arguments),
        Native::pure("error", 3, error_with_options),
        Native::pure("exit", 1, exit),
        Native::pure("throw", 1, throw),
        Native::pure("raise", 3, raise),
        Native::pure("nif_error", 1, error),
        Native::new("halt", 0, halt),
        Native::new("halt", 1, halt),
        Native::new("halt", 2, halt),
    ],
);

fn error(args: &[Term]) -> Value {
    Err(Exception::error(args[0].clone()).without_entry())
}

fn error_with_arguments(args: &[Term]) -> Value {
    let exception = Exception::error(args[0].clone()).without_entry();
    // `none` means no arguments, as `error/1`.
    Err(if args[1].is_list() {
        exception.with_arguments(args[1].clone())
    } else {
        exception
    })
}

fn error_with_options(args: &[Term]) -> Value {
    if args[2].to_vec().is_none() {
        return Err(Exception::badarg().note(3, "not a list"));
    }
    error_with_arguments(&args[..2])
}

fn exit(args: &[Term]) -> Value {
    Err(Exception::exit(args[0].clone()))
}

fn throw(args: &[Term]) -> Value {
    Err(Exception::throw(args[0].clone()))
}

/// Bad arguments are not an exception: `raise/3` then returns `badarg`.
fn raise(args: &[Term]) -> Value {
    let class = args[0].as_atom().and_then(Class::from_atom);
    let entries = args[2].to_vec().filter(|entries| {
        entries.iter().all(|entry| {
            entry.as_tuple().is_some_and(|parts| {
                matches!(parts.len(), 2..=4) && (parts[0].is_atom() || parts[0].is_function())
            })
        })
    });
    match (class, entries) {
        (Some(class), Some(entries)) => {
            let exception = Exception::new(class, args[1].clone());
            Err(exception.with_stack(Term::list(entries)))
        }
        _ => Ok(Term::Atom(atoms::BADARG)),
    }
}

/// The option of `halt/2`; the last one counts.
fn flushes(options: &Term) -> Option<bool> {
    let mut flushes = true;
    for option in options.to_vec()? {
        match option.as_tuple() {
            Some([Term::Atom(name), Term::Atom(value)]) if name.as_str() == "flush" => {
                flushes = match value.as_str() {
                    "true" => true,
                    "false" => false,
                    _ => return None,
                };
            }
            _ => return None,
        }
    }
    Some(flushes)
}

/// `halt/0,1,2`.
fn halt(call: &mut Call, args: &[Term]) -> Value {
    let flushes = match args.get(1) {
        None => true,
        Some(options) => flushes(options).ok_or_else(Exception::badarg)?,
    };
    let mut at_once = !flushes;
    let status = match args.first() {
        None => 0,
        Some(Term::Integer(status)) if *status >= 0 => i32::try_from(status & 0xff).unwrap_or(0),
        Some(Term::Atom(atom)) if atom.as_str() == "abort" => {
            at_once = true;
            134
        }
        Some(text) if text.is_list() => {
            let text = text.to_text().ok_or_else(Exception::badarg)?;
            let line = format!("{text}\r\nCrash dump is not written here.\r\n");
            let _ = call
                .system()
                .write(crate::system::Stream::Error, line.as_bytes());
            portwright_ddll::NodeExt::ddll(call.system().node()).emergency_close();
            at_once = true;
            1
        }
        Some(_) => return Err(Exception::badarg()),
    };
    if at_once {
        call.system().exit(status);
    } else {
        call.system().halt(status);
    }
    Err(Exception::uncatchable(Term::Atom(Atom::literal("halt"))))
}
