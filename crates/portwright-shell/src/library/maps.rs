//! The flat functions of `maps`; the higher-order ones are in `prelude/maps.erl`.

use portwright_term::{Map, Term};

use super::argument::{Answer, atom, badarg, elements_or_badarg, ok_tuple, pure, tagged_error};
use crate::exception::Exception;
use crate::native::NativeModule;

/// What this file registers.
pub(crate) const MAPS: NativeModule = NativeModule::new(
    "maps",
    &[
        pure!("find", 2, find),
        pure!("from_keys", 2, from_keys),
        pure!("from_list", 1, from_list),
        pure!("get", 2, get),
        pure!("get", 3, get_or),
        pure!("is_key", 2, is_key),
        pure!("keys", 1, keys),
        pure!("merge", 2, merge),
        pure!("new", 0, new),
        pure!("put", 3, put),
        pure!("remove", 2, remove),
        pure!("size", 1, size),
        pure!("take", 2, take),
        pure!("to_list", 1, to_list),
        pure!("update", 3, update),
        pure!("values", 1, values),
    ],
);

fn map(term: &Term) -> Result<&Map, Exception> {
    term.as_map()
        .ok_or_else(|| tagged_error("badmap", term.clone()))
}

fn missing(key: &Term) -> Exception {
    tagged_error("badkey", key.clone())
}

fn new(_: &[Term]) -> Answer {
    Ok(Term::Map(Map::new()))
}

fn find(args: &[Term]) -> Answer {
    Ok(map(&args[1])?
        .get(&args[0])
        .cloned()
        .map_or_else(|| atom("error"), ok_tuple))
}

fn get(args: &[Term]) -> Answer {
    map(&args[1])?
        .get(&args[0])
        .cloned()
        .ok_or_else(|| missing(&args[0]))
}

fn get_or(args: &[Term]) -> Answer {
    Ok(map(&args[1])?.get(&args[0]).unwrap_or(&args[2]).clone())
}

fn is_key(args: &[Term]) -> Answer {
    Ok(Term::boolean(map(&args[1])?.contains_key(&args[0])))
}

fn keys(args: &[Term]) -> Answer {
    Ok(Term::list(
        map(&args[0])?.keys().cloned().collect::<Vec<_>>(),
    ))
}

fn values(args: &[Term]) -> Answer {
    Ok(Term::list(
        map(&args[0])?.values().cloned().collect::<Vec<_>>(),
    ))
}

fn size(args: &[Term]) -> Answer {
    Ok(Term::from(map(&args[0])?.len()))
}

fn to_list(args: &[Term]) -> Answer {
    let pairs = map(&args[0])?
        .iter()
        .map(|(k, v)| Term::tuple([k.clone(), v.clone()]));
    Ok(Term::list(pairs.collect::<Vec<_>>()))
}

fn from_list(args: &[Term]) -> Answer {
    let mut answer = Map::new();
    for pair in elements_or_badarg(&args[0])? {
        let Some([key, value]) = pair.as_tuple() else {
            return Err(badarg());
        };
        answer.insert_mut(key.clone(), value.clone());
    }
    Ok(Term::Map(answer))
}

fn from_keys(args: &[Term]) -> Answer {
    let mut answer = Map::new();
    for key in elements_or_badarg(&args[0])? {
        answer.insert_mut(key, args[1].clone());
    }
    Ok(Term::Map(answer))
}

fn put(args: &[Term]) -> Answer {
    Ok(Term::Map(
        map(&args[2])?
            .clone()
            .insert(args[0].clone(), args[1].clone()),
    ))
}

fn update(args: &[Term]) -> Answer {
    let old = map(&args[2])?;
    if !old.contains_key(&args[0]) {
        return Err(missing(&args[0]));
    }
    Ok(Term::Map(
        old.clone().insert(args[0].clone(), args[1].clone()),
    ))
}

fn remove(args: &[Term]) -> Answer {
    Ok(Term::Map(map(&args[1])?.clone().remove(&args[0])))
}

fn take(args: &[Term]) -> Answer {
    let mut left = map(&args[1])?.clone();
    Ok(match left.remove_mut(&args[0]) {
        Some(value) => Term::tuple([value, Term::Map(left)]),
        None => atom("error"),
    })
}

fn merge(args: &[Term]) -> Answer {
    let (first, second) = (map(&args[0])?, map(&args[1])?);
    let mut answer = first.clone();
    for (key, value) in second.iter() {
        answer.insert_mut(key.clone(), value.clone());
    }
    Ok(Term::Map(answer))
}
