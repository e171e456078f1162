//! Aliases: references that stand for a process as a destination of messages, until they are
//! given back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portwright_term::{Atom, Pid, Reference, Term};

use super::Value;
use crate::exception::Exception;
use crate::native::{Call, Native, NativeModule};

/// What this file registers.
pub(super) const ALIASES: NativeModule = NativeModule::new(
    "erlang",
    &[
        Native::new("alias", 0, |call, _| Ok(alias(call, Ends::Explicitly))),
        Native::new("alias", 1, alias_options),
        Native::new("unalias", 1, unalias),
    ],
);

/// What ends an alias, beside `unalias/1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// Nothing.
    Explicitly,
    /// The end of the monitor that it belongs to.
    WithMonitor,
    /// The first message through it.
    WithReply,
    /// Either, and the first message ends the monitor as well.
    WithReplyOrMonitor,
}

impl Ends {
    /// What the option `{alias,Name}` of `monitor/3` means.
    pub(super) fn of_monitor(name: &Term) -> Option<Ends> {
        Some(match name.as_atom()?.as_str() {
            "explicit_unalias" => Ends::Explicitly,
            "demonitor" => Ends::WithMonitor,
            "reply_demonitor" => Ends::WithReplyOrMonitor,
            _ => return None,
        })
    }

    fn with_reply(self) -> bool {
        matches!(self, Ends::WithReply | Ends::WithReplyOrMonitor)
    }

    fn with_monitor(self) -> bool {
        matches!(self, Ends::WithMonitor | Ends::WithReplyOrMonitor)
    }
}

/// The aliases of a node.
#[derive(Default)]
struct Aliases(Mutex<HashMap<Reference, (Pid, Ends)>>);

impl Aliases {
    fn table(&self) -> MutexGuard<'_, HashMap<Reference, (Pid, Ends)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The aliases of one process, which end with it.
#[derive(Default)]
struct Own {
    aliases: Option<Arc<Aliases>>,
    references: Vec<Reference>,
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(aliases) = &self.aliases {
            let mut table = aliases.table();
            for reference in &self.references {
                table.remove(reference);
            }
        }
    }
}

/// Makes a reference an alias of the calling process.
pub(super) fn activate(call: &mut Call, reference: Reference, ends: Ends) {
    let aliases = call.system().shared::<Aliases>();
    let pid = call.pid();
    let mut table = aliases.table();
    table.insert(reference.clone(), (pid, ends));
    let own = call.local::<Own>();
    // Those that ended are forgotten when there are many.
    if own.references.len() >= 1024 {
        own.references.retain(|old| table.contains_key(old));
    }
    own.references.push(reference);
    drop(table);
    own.aliases = Some(aliases);
}

fn alias(call: &mut Call, ends: Ends) -> Term {
    let reference = call.system().node().make_reference();
    activate(call, reference.clone(), ends);
    Term::Reference(reference)
}

fn alias_options(call: &mut Call, args: &[Term]) -> Value {
    let Some(options) = args[0].to_vec() else {
        return Err(Exception::badarg().note(1, "not a list"));
    };
    let mut ends = Ends::Explicitly;
    for option in options {
        ends = match option.as_atom().map(Atom::as_str) {
            Some("explicit_unalias") => Ends::Explicitly,
            Some("reply") => Ends::WithReply,
            _ => return Err(Exception::badarg().note(1, "invalid option in list")),
        };
    }
    Ok(alias(call, ends))
}

fn unalias(call: &mut Call, args: &[Term]) -> Value {
    let Term::Reference(reference) = &args[0] else {
        return Err(Exception::badarg().note(1, "not a reference"));
    };
    let pid = call.pid();
    let aliases = call.system().shared::<Aliases>();
    let mut table = aliases.table();
    let ends = match table.get(reference) {
        Some((owner, ends)) if *owner == pid => *ends,
        _ => return Ok(Term::boolean(false)),
    };
    table.remove(reference);
    drop(table);
    Ok(Term::boolean(is_alive(call, pid, reference, ends)))
}

/// Whether an alias that belongs to a monitor still does: the message of the monitor ends
/// both.
fn is_alive(call: &Call, owner: Pid, reference: &Reference, ends: Ends) -> bool {
    !ends.with_monitor() || call.process_ref().is_monitor_of(owner, reference)
}

/// Whom a message through a reference goes to; takes the alias if the message ends it.
pub(super) fn receiver(call: &Call, reference: &Reference) -> Option<Pid> {
    let aliases = call.system().shared::<Aliases>();
    let mut table = aliases.table();
    let (pid, ends) = *table.get(reference)?;
    let alive = is_alive(call, pid, reference, ends);
    if ends.with_reply() || !alive {
        table.remove(reference);
    }
    drop(table);
    if !alive {
        return None;
    }
    if ends == Ends::WithReplyOrMonitor {
        call.process_ref().end_monitor_of(pid, reference);
    }
    Some(pid)
}

/// After `demonitor`: ends the alias that belongs to the monitor.
pub(super) fn monitor_ended(call: &mut Call, reference: &Reference) {
    let aliases = call.system().shared::<Aliases>();
    let mut table = aliases.table();
    if table
        .get(reference)
        .is_some_and(|(_, ends)| ends.with_monitor())
    {
        table.remove(reference);
    }
}
