//! Timers: `send_after`, `start_timer`, and taking them back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portwright::{Destination, Registered};
use portwright_term::{Reference, Term, atoms};

use crate::exception::Exception;
use crate::native::{Call, Native, NativeModule};

type Value = Result<Term, Exception>;

/// The timer BIFs.
pub(super) const TIMERS: NativeModule = NativeModule::new(
    "erlang",
    &[
        Native::new("send_after", 3, |call, args| start(call, args, false)),
        Native::new("send_after", 4, |call, args| start(call, args, false)),
        Native::new("start_timer", 3, |call, args| start(call, args, true)),
        Native::new("start_timer", 4, |call, args| start(call, args, true)),
        Native::new("cancel_timer", 1, cancel),
        Native::new("cancel_timer", 2, cancel),
        Native::new("read_timer", 1, read),
        Native::new("read_timer", 2, read),
    ],
);

/// The timers of a system that have not fired.
#[derive(Default)]
struct Timers(Mutex<HashMap<Reference, Running>>);

struct Running {
    deadline: Instant,
    /// Takes the node's timer back when dropped.
    _guard: Box<dyn Send>,
}

impl Timers {
    fn table(&self) -> std::sync::MutexGuard<'_, HashMap<Reference, Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bad(argument: u8, text: &'static str) -> Exception {
    Exception::badarg().note(argument, text)
}

/// The longest time: some 50 days short of what the clock can add.
const MAX_MILLISECONDS: i64 = 1 << 52;

fn options(
    args: &[Term],
    argument: u8,
    known: &[&str],
) -> Result<HashMap<String, bool>, Exception> {
    let mut found = HashMap::new();
    let Some(list) = args.get(usize::from(argument) - 1) else {
        return Ok(found);
    };
    let Some(list) = list.to_vec() else {
        return Err(bad(argument, "not a list"));
    };
    for option in list {
        match option.as_tuple() {
            Some([Term::Atom(name), value])
                if known.contains(&name.as_str()) && value.as_bool().is_some() =>
            {
                found.insert(name.as_str().to_owned(), value.as_bool() == Some(true));
            }
            // Only the functions that start a timer name a cause.
            _ if argument == 4 => {
                let fault = bad(argument, "invalid option in list");
                return Err(fault.with_cause(Term::atom("badopt")));
            }
            _ => return Err(bad(argument, "invalid option in list")),
        }
    }
    Ok(found)
}

fn start(call: &mut Call, args: &[Term], wrapped: bool) -> Value {
    let options = options(args, 4, &["abs"])?;
    let time = match &args[0] {
        Term::Integer(time) => *time,
        Term::BigInteger(_) => return Err(bad(1, "out of range").with_cause(Term::atom("time"))),
        _ => return Err(bad(1, "not an integer").with_cause(Term::atom("time"))),
    };
    let delay = if options.get("abs") == Some(&true) {
        // Absolute times are of the node's monotonic clock.
        let now = call.system().node().uptime().as_millis();
        time.saturating_sub(i64::try_from(now).unwrap_or(i64::MAX))
            .max(0)
    } else {
        time
    };
    if !(0..=MAX_MILLISECONDS).contains(&delay) {
        return Err(bad(1, "out of range").with_cause(Term::atom("time")));
    }
    let to: Destination = match &args[1] {
        Term::Pid(pid) => (*pid).into(),
        Term::Atom(name) => (*name).into(),
        _ => return Err(bad(2, "not a pid or an atom")),
    };
    let system = call.system().clone();
    let node = system.node();
    let reference = node.make_reference();
    let message = if wrapped {
        Term::tuple([
            Term::Atom(atoms::TIMEOUT),
            Term::Reference(reference.clone()),
            args[2].clone(),
        ])
    } else {
        args[2].clone()
    };
    let timers = system.shared::<Timers>();
    let delay = Duration::from_millis(delay.unsigned_abs());
    // Neither the node nor the table is kept alive by a timer that waits.
    let (weak_system, weak_timers) = (Arc::downgrade(&system), Arc::downgrade(&timers));
    let key = reference.clone();
    // The table is locked until the entry is in, so that a timer that fires at
    // once finds it.
    let mut table = timers.table();
    let guard = node.after(delay, move || {
        let fired = weak_timers
            .upgrade()
            .and_then(|timers| timers.table().remove(&key));
        if fired.is_some()
            && let Some(system) = weak_system.upgrade()
        {
            let node = system.node();
            let is_port = match to {
                Destination::Name(name) => {
                    matches!(node.whereis(name), Some(Registered::Port(_)))
                }
                _ => false,
            };
            // A name that is gone takes nothing, and one of a port no timer's message.
            if !is_port {
                let _ = node.send(to, message);
            }
        }
        // The guard must not be dropped on the thread that runs it while it
        // holds what the timer needs: it goes last.
        drop(fired);
    });
    table.insert(
        reference.clone(),
        Running {
            deadline: Instant::now() + delay,
            _guard: Box::new(guard),
        },
    );
    drop(table);
    Ok(Term::Reference(reference))
}

fn left(deadline: Instant) -> Term {
    let left = deadline.saturating_duration_since(Instant::now());
    // A timer never shows 0 before it has fired unless it is about to.
    let milliseconds = left.as_micros().div_ceil(1000);
    Term::from(i64::try_from(milliseconds).unwrap_or(i64::MAX))
}

fn cancel(call: &mut Call, args: &[Term]) -> Value {
    let options = options(args, 2, &["async", "info"])?;
    let Term::Reference(reference) = &args[0] else {
        return Err(bad(1, "not a reference"));
    };
    let removed = call.system().shared::<Timers>().table().remove(reference);
    let result = removed
        .as_ref()
        .map_or(Term::boolean(false), |timer| left(timer.deadline));
    drop(removed);
    if options.get("async") == Some(&true) {
        if options.get("info") != Some(&false) {
            let message = Term::tuple([Term::atom("cancel_timer"), args[0].clone(), result]);
            let _ = call.process_ref().send(call.pid(), message);
        }
        return Ok(Term::Atom(atoms::OK));
    }
    Ok(if options.get("info") == Some(&false) {
        Term::Atom(atoms::OK)
    } else {
        result
    })
}

fn read(call: &mut Call, args: &[Term]) -> Value {
    let options = options(args, 2, &["async"])?;
    let Term::Reference(reference) = &args[0] else {
        return Err(bad(1, "not a reference"));
    };
    let timers = call.system().shared::<Timers>();
    let result = timers
        .table()
        .get(reference)
        .map_or(Term::boolean(false), |timer| left(timer.deadline));
    if options.get("async") == Some(&true) {
        let message = Term::tuple([Term::atom("read_timer"), args[0].clone(), result]);
        let _ = call.process_ref().send(call.pid(), message);
        return Ok(Term::Atom(atoms::OK));
    }
    Ok(result)
}
