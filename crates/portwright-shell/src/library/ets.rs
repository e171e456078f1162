//! `ets(3)`: tables in memory that all processes share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portwright_term::{Atom, Pid, Reference, Term};

use super::argument::{
    Answer, atom, atom_text, badarg, count as count_argument, elements, elements_or_badarg,
    is_atom, tagged,
};
use super::number;
use crate::exception::Exception;
use crate::native::{Call, Native, NativeModule};

/// What this file registers.
pub(crate) const ETS: NativeModule = NativeModule::new(
    "ets",
    &[
        Native::new("new", 2, new),
        Native::new("delete", 1, delete_table),
        Native::new("delete", 2, delete_key),
        Native::new("delete_all_objects", 1, delete_all_objects),
        Native::new("delete_object", 2, delete_object),
        Native::new("insert", 2, insert),
        Native::new("insert_new", 2, insert_new),
        Native::new("lookup", 2, lookup),
        Native::new("lookup_element", 3, lookup_element),
        Native::new("member", 2, member),
        Native::new("take", 2, take),
        Native::new("tab2list", 1, tab2list),
        Native::new("first", 1, |call, args| edge(call, args, true)),
        Native::new("last", 1, |call, args| edge(call, args, false)),
        Native::new("next", 2, |call, args| neighbour(call, args, true)),
        Native::new("prev", 2, |call, args| neighbour(call, args, false)),
        Native::new("info", 1, info),
        Native::new("info", 2, info_item),
        Native::new("update_counter", 3, update_counter),
        Native::new("update_counter", 4, update_counter),
        Native::new("update_element", 3, update_element),
        Native::new("whereis", 1, whereis),
        Native::new("rename", 2, rename),
        Native::new("all", 0, all),
        Native::new("give_away", 3, give_away),
    ],
);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Set,
    OrderedSet,
    Bag,
    DuplicateBag,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protection {
    Public,
    Protected,
    Private,
}

/// A key in a table: tables of kind `ordered_set` compare with `==`, others with `=:=`.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    term: Term,
    loose: bool,
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> std::cmp::Ordering {
        if self.loose {
            self.term.erl_cmp(&other.term)
        } else {
            self.term.cmp(&other.term)
        }
    }
}

struct Table {
    id: Reference,
    name: Atom,
    named: bool,
    kind: Kind,
    protection: Protection,
    key_position: usize,
    owner: Pid,
    rows: BTreeMap<Key, Vec<Term>>,
}

impl Table {
    fn key(&self, term: &Term) -> Key {
        Key {
            term: term.clone(),
            loose: self.kind == Kind::OrderedSet,
        }
    }

    fn key_of(&self, object: &Term) -> Result<Key, Exception> {
        let fields = object.as_tuple().ok_or_else(badarg)?;
        fields
            .get(self.key_position - 1)
            .map(|key| self.key(key))
            .ok_or_else(badarg)
    }

    fn put(&mut self, key: Key, object: Term) {
        let row = self.rows.entry(key).or_default();
        match self.kind {
            Kind::Set | Kind::OrderedSet => *row = vec![object],
            Kind::Bag if row.contains(&object) => {}
            Kind::Bag | Kind::DuplicateBag => row.push(object),
        }
    }

    fn size(&self) -> usize {
        self.rows.values().map(Vec::len).sum()
    }

    fn identifier(&self) -> Term {
        if self.named {
            Term::Atom(self.name)
        } else {
            Term::Reference(self.id.clone())
        }
    }

    fn objects(&self) -> Vec<Term> {
        self.rows.values().flatten().cloned().collect()
    }
}

/// All tables of a node.
#[derive(Default)]
pub(crate) struct Tables(Mutex<Vec<Table>>);

impl Tables {
    /// The tables whose owners live; those of dead processes go.
    fn lock(&self, call: &Call) -> MutexGuard<'_, Vec<Table>> {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let node = call.system().node();
        let own = call.pid();
        tables.retain(|table| table.owner == own || node.is_alive(table.owner));
        tables
    }
}

fn tables(call: &Call) -> Arc<Tables> {
    call.system().shared::<Tables>()
}

/// How many tables there are.
pub(crate) fn count(call: &Call) -> usize {
    tables(call).lock(call).len()
}

/// What is wanted of a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    Own,
}

/// Finds a table and does something with it.
fn with_table<T>(
    call: &Call,
    id: &Term,
    access: Access,
    action: impl FnOnce(&mut Table) -> Result<T, Exception>,
) -> Result<T, Exception> {
    let tables = tables(call);
    let mut tables = tables.lock(call);
    let table = tables
        .iter_mut()
        .find(|table| table.identifier() == *id)
        .ok_or_else(|| badarg().with_cause(atom("id")))?;
    let own = table.owner == call.pid();
    let allowed = own
        || match (access, table.protection) {
            (Access::Read, Protection::Private)
            | (Access::Write, Protection::Private | Protection::Protected) => false,
            (Access::Own, _) => table.protection == Protection::Public,
            _ => true,
        };
    if allowed {
        action(table)
    } else {
        Err(badarg().with_cause(atom("access")))
    }
}

fn new(call: &mut Call, args: &[Term]) -> Answer {
    let name = args[0].as_atom().ok_or_else(badarg)?;
    let mut table = Table {
        id: call.system().node().make_reference(),
        name,
        named: false,
        kind: Kind::Set,
        protection: Protection::Protected,
        key_position: 1,
        owner: call.pid(),
        rows: BTreeMap::new(),
    };
    for option in elements_or_badarg(&args[1])? {
        match (atom_text(&option), option.as_tuple()) {
            (Some("set"), _) => table.kind = Kind::Set,
            (Some("ordered_set"), _) => table.kind = Kind::OrderedSet,
            (Some("bag"), _) => table.kind = Kind::Bag,
            (Some("duplicate_bag"), _) => table.kind = Kind::DuplicateBag,
            (Some("public"), _) => table.protection = Protection::Public,
            (Some("protected"), _) => table.protection = Protection::Protected,
            (Some("private"), _) => table.protection = Protection::Private,
            (Some("named_table"), _) => table.named = true,
            (Some("compressed"), _) => {}
            (None, Some([tag, value])) => match atom_text(tag) {
                Some("keypos") => {
                    table.key_position = count_argument(value)
                        .filter(|n| *n > 0)
                        .ok_or_else(badarg)?;
                }
                Some(
                    "heir" | "read_concurrency" | "write_concurrency" | "decentralized_counters",
                ) => {}
                _ => return Err(badarg()),
            },
            (None, Some([tag, _, _])) if is_atom(tag, "heir") => {}
            _ => return Err(badarg()),
        }
    }
    let all = tables(call);
    let mut all = all.lock(call);
    if table.named && all.iter().any(|other| other.named && other.name == name) {
        return Err(badarg().with_cause(atom("already_exists")));
    }
    let id = table.identifier();
    all.push(table);
    Ok(id)
}

fn delete_table(call: &mut Call, args: &[Term]) -> Answer {
    with_table(call, &args[0], Access::Own, |_| Ok(()))?;
    tables(call)
        .lock(call)
        .retain(|table| table.identifier() != args[0]);
    Ok(Term::boolean(true))
}

fn delete_key(call: &mut Call, args: &[Term]) -> Answer {
    with_table(call, &args[0], Access::Write, |table| {
        let key = table.key(&args[1]);
        table.rows.remove(&key);
        Ok(Term::boolean(true))
    })
}

fn delete_all_objects(call: &mut Call, args: &[Term]) -> Answer {
    with_table(call, &args[0], Access::Write, |table| {
        table.rows.clear();
        Ok(Term::boolean(true))
    })
}

fn delete_object(call: &mut Call, args: &[Term]) -> Answer {
    with_table(call, &args[0], Access::Write, |table| {
        let key = table.key_of(&args[1])?;
        if let Some(row) = table.rows.get_mut(&key) {
            row.retain(|object| *object != args[1]);
            if row.is_empty() {
                table.rows.remove(&key);
            }
        }
        Ok(Term::boolean(true))
    })
}

/// One object or a list of them, with their keys.
fn objects(table: &Table, term: &Term) -> Result<Vec<(Key, Term)>, Exception> {
    let all = if term.is_tuple() {
        vec![term.clone()]
    } else {
        elements_or_badarg(term)?
    };
    let mut keyed = all
        .into_iter()
        .map(|object| Ok((table.key_of(&object)?, object)))
        .collect::<Result<Vec<_>, Exception>>()?;
    if table.kind == Kind::Bag {
        // As OTP 25 does it, for bags only.
        keyed.reverse();
    }
    Ok(keyed)
}

fn insert(call: &mut Call, args: &[Term]) -> Answer {
    with_table(call, &args[0], Access::Write, |table| {
        for (key, object) in objects(table, &args[1])? {
            table.put(key, object);
        }
        Ok(Term::boolean(true))
    })
}

fn insert_new(call: &mut Call, args: &[Term]) -> Answer {
    with_table(call, &args[0], Access::Write, |table| {
        let all = objects(table, &args[1])?;
        if all.iter().any(|(key, _)| table.rows.contains_key(key)) {
            return Ok(Term::boolean(false));
        }
        for (key, object) in all {
            table.put(key, object);
        }
        Ok(Term::boolean(true))
    })
}

fn lookup(call: &mut Call, args: &[Term]) -> Answer {
    with_table(call, &args[0], Access::Read, |table| {
        Ok(Term::list(
            table
                .rows
                .get(&table.key(&args[1]))
                .cloned()
                .unwrap_or_default(),
        ))
    })
}

fn lookup_element(call: &mut Call, args: &[Term]) -> Answer {
    let position = count_argument(&args[2])
        .filter(|n| *n > 0)
        .ok_or_else(badarg)?;
    with_table(call, &args[0], Access::Read, |table| {
        let row = table.rows.get(&table.key(&args[1]));
        let row = row.ok_or_else(|| badarg().with_cause(atom("badkey")))?;
        let fields = row
            .iter()
            .map(|object| {
                object
                    .as_tuple()
                    .and_then(|t| t.get(position - 1))
                    .cloned()
                    .ok_or_else(badarg)
            })
            .collect::<Result<Vec<_>, _>>()?;
        match (table.kind, fields.first()) {
            (Kind::Set | Kind::OrderedSet, Some(only)) => Ok(only.clone()),
            _ => Ok(Term::list(fields)),
        }
    })
}

fn member(call: &mut Call, args: &[Term]) -> Answer {
    with_table(call, &args[0], Access::Read, |table| {
        Ok(Term::boolean(table.rows.contains_key(&table.key(&args[1]))))
    })
}

fn take(call: &mut Call, args: &[Term]) -> Answer {
    with_table(call, &args[0], Access::Write, |table| {
        let key = table.key(&args[1]);
        Ok(Term::list(table.rows.remove(&key).unwrap_or_default()))
    })
}

fn tab2list(call: &mut Call, args: &[Term]) -> Answer {
    with_table(call, &args[0], Access::Read, |table| {
        Ok(Term::list(table.objects()))
    })
}

fn end_of_table() -> Term {
    atom("$end_of_table")
}

fn edge(call: &mut Call, args: &[Term], first: bool) -> Answer {
    with_table(call, &args[0], Access::Read, |table| {
        let key = if first {
            table.rows.keys().next()
        } else {
            table.rows.keys().next_back()
        };
        Ok(key.map_or_else(end_of_table, |key| key.term.clone()))
    })
}

fn neighbour(call: &mut Call, args: &[Term], forward: bool) -> Answer {
    use std::ops::Bound::{Excluded, Unbounded};
    with_table(call, &args[0], Access::Read, |table| {
        let from = table.key(&args[1]);
        // An ordered set knows what comes after a key that it does not hold; hashed tables do not.
        if table.kind != Kind::OrderedSet && !table.rows.contains_key(&from) {
            return Err(badarg());
        }
        let found = if forward {
            table.rows.range((Excluded(from), Unbounded)).next()
        } else {
            table.rows.range((Unbounded, Excluded(from))).next_back()
        };
        Ok(found.map_or_else(end_of_table, |(key, _)| key.term.clone()))
    })
}

fn item(table: &Table, name: &str) -> Option<Term> {
    Some(match name {
        "id" => Term::Reference(table.id.clone()),
        "name" => Term::Atom(table.name),
        "size" => Term::from(table.size()),
        "memory" => Term::from(table.size() * 8),
        "owner" => Term::Pid(table.owner),
        "named_table" => Term::boolean(table.named),
        "keypos" => Term::from(table.key_position),
        "heir" => atom("none"),
        "compressed" | "read_concurrency" | "write_concurrency" | "decentralized_counters" => {
            Term::boolean(false)
        }
        "node" => Term::Atom(table.owner.node()),
        "type" => atom(match table.kind {
            Kind::Set => "set",
            Kind::OrderedSet => "ordered_set",
            Kind::Bag => "bag",
            Kind::DuplicateBag => "duplicate_bag",
        }),
        "protection" => atom(match table.protection {
            Protection::Public => "public",
            Protection::Protected => "protected",
            Protection::Private => "private",
        }),
        _ => return None,
    })
}

/// The order in which `info/1` lists its items.
const ITEMS: &[&str] = &[
    "id",
    "decentralized_counters",
    "read_concurrency",
    "write_concurrency",
    "compressed",
    "memory",
    "owner",
    "heir",
    "name",
    "size",
    "node",
    "named_table",
    "type",
    "keypos",
    "protection",
];

fn find<T>(call: &Call, id: &Term, action: impl FnOnce(&Table) -> T) -> Option<T> {
    let tables = tables(call);
    let tables = tables.lock(call);
    tables
        .iter()
        .find(|table| table.identifier() == *id)
        .map(action)
}

fn table_id(term: &Term) -> Result<(), Exception> {
    if term.is_atom() || term.is_reference() {
        Ok(())
    } else {
        Err(badarg())
    }
}

fn info(call: &mut Call, args: &[Term]) -> Answer {
    table_id(&args[0])?;
    let listed = find(call, &args[0], |table| {
        ITEMS
            .iter()
            .filter_map(|name| item(table, name).map(|value| tagged(name, value)))
            .collect::<Vec<_>>()
    });
    Ok(listed.map_or_else(|| atom("undefined"), Term::list))
}

fn info_item(call: &mut Call, args: &[Term]) -> Answer {
    table_id(&args[0])?;
    let name = atom_text(&args[1]).ok_or_else(badarg)?;
    match find(call, &args[0], |table| item(table, name)) {
        Some(value) => value.ok_or_else(badarg),
        None => Ok(atom("undefined")),
    }
}

/// Adds to a counter: `Increment`, `{Position, Increment}` or `{Position, Increment, Threshold, Value}`.
fn bump(object: &mut [Term], key_position: usize, operation: &Term) -> Answer {
    let (position, increment, wrap) = match operation.as_tuple() {
        None => (key_position + 1, operation, None),
        Some([position, increment]) => (
            count_argument(position).ok_or_else(badarg)?,
            increment,
            None,
        ),
        Some([position, increment, threshold, value]) => (
            count_argument(position).ok_or_else(badarg)?,
            increment,
            Some((threshold, value)),
        ),
        Some(_) => return Err(badarg()),
    };
    if position == key_position || position == 0 {
        return Err(badarg());
    }
    let slot = object.get_mut(position - 1).ok_or_else(badarg)?;
    if !slot.is_integer() || !increment.is_integer() {
        return Err(badarg());
    }
    let mut value = number::add(slot, increment)?;
    if let Some((threshold, reset)) = wrap {
        let up = increment.erl_cmp(&Term::Integer(0)).is_ge();
        let beyond = value.erl_cmp(threshold);
        if (up && beyond.is_gt()) || (!up && beyond.is_lt()) {
            value = reset.clone();
        }
    }
    *slot = value.clone();
    Ok(value)
}

fn update_counter(call: &mut Call, args: &[Term]) -> Answer {
    with_table(call, &args[0], Access::Write, |table| {
        if !matches!(table.kind, Kind::Set | Kind::OrderedSet) {
            return Err(badarg());
        }
        let key = table.key(&args[1]);
        let position = table.key_position;
        let object = match (
            table.rows.get(&key).and_then(|row| row.first()),
            args.get(3),
        ) {
            (Some(object), _) => object.clone(),
            (None, Some(default)) => {
                let mut fields = default.as_tuple().ok_or_else(badarg)?.to_vec();
                *fields.get_mut(position - 1).ok_or_else(badarg)? = args[1].clone();
                Term::tuple(fields)
            }
            (None, None) => return Err(badarg().with_cause(atom("badkey"))),
        };
        let mut fields = object.as_tuple().ok_or_else(badarg)?.to_vec();
        let answer = match elements(&args[2]) {
            Some(operations) => {
                let values = operations
                    .iter()
                    .map(|op| bump(&mut fields, position, op))
                    .collect::<Result<Vec<_>, _>>()?;
                Term::list(values)
            }
            None => bump(&mut fields, position, &args[2])?,
        };
        table.put(key, Term::tuple(fields));
        Ok(answer)
    })
}

fn update_element(call: &mut Call, args: &[Term]) -> Answer {
    with_table(call, &args[0], Access::Write, |table| {
        let key = table.key(&args[1]);
        let Some(object) = table.rows.get(&key).and_then(|row| row.first()).cloned() else {
            return Ok(Term::boolean(false));
        };
        let mut fields = object.as_tuple().ok_or_else(badarg)?.to_vec();
        let changes = elements(&args[2]).unwrap_or_else(|| vec![args[2].clone()]);
        for change in changes {
            let Some([position, value]) = change.as_tuple() else {
                return Err(badarg());
            };
            let position = count_argument(position)
                .filter(|n| *n > 0 && *n != table.key_position)
                .ok_or_else(badarg)?;
            *fields.get_mut(position - 1).ok_or_else(badarg)? = value.clone();
        }
        table.put(key, Term::tuple(fields));
        Ok(Term::boolean(true))
    })
}

fn whereis(call: &mut Call, args: &[Term]) -> Answer {
    args[0].as_atom().ok_or_else(badarg)?;
    Ok(
        find(call, &args[0], |table| Term::Reference(table.id.clone()))
            .unwrap_or_else(|| atom("undefined")),
    )
}

fn rename(call: &mut Call, args: &[Term]) -> Answer {
    let name = args[1].as_atom().ok_or_else(badarg)?;
    with_table(call, &args[0], Access::Own, |table| {
        table.name = name;
        Ok(args[1].clone())
    })
}

fn all(call: &mut Call, _: &[Term]) -> Answer {
    let tables = tables(call);
    let names: Vec<Term> = tables.lock(call).iter().map(Table::identifier).collect();
    Ok(Term::list(names))
}

fn give_away(call: &mut Call, args: &[Term]) -> Answer {
    let to = args[1].as_pid().ok_or_else(badarg)?;
    let own = Term::Pid(call.pid());
    if to == call.pid() || !call.system().node().is_alive(to) {
        return Err(badarg());
    }
    with_table(call, &args[0], Access::Own, |table| {
        table.owner = to;
        Ok(())
    })?;
    let message = Term::tuple([atom("ETS-TRANSFER"), args[0].clone(), own, args[2].clone()]);
    let _ = call.process().send(to, message);
    Ok(Term::boolean(true))
}
