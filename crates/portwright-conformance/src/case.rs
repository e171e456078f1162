//! Case files.
//!
//! A file of terms with a full stop each: `{s,Section}` is a heading,
//! `{c,Id,Title,Flags,Code,Result}` a case, and `{c,Id,Title,Flags,Code}` a case that
//! was not recorded yet. All parts are strings. The flags are words; `notrap` means
//! that the process does not trap exits.

use std::path::Path;

use portwright_term::Term;
use portwright_term::text::parse_terms;

use crate::Error;

/// A line of a case file.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    Section(String),
    Case(Case),
}

impl Item {
    pub(crate) fn case(&self) -> Option<&Case> {
        match self {
            Item::Section(_) => None,
            Item::Case(case) => Some(case),
        }
    }
}

/// Expressions and the text of their value.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) flags: String,
    pub(crate) code: String,
    /// `None`: never recorded.
    pub(crate) result: Option<String>,
}

impl Case {
    pub(crate) fn traps_exits(&self) -> bool {
        !self.flags.split_whitespace().any(|flag| flag == "notrap")
    }
}

pub(crate) fn read(file: &Path) -> Result<Vec<Item>, Error> {
    let text = std::fs::read_to_string(file).map_err(|error| Error::file(file, error))?;
    let format = |why: String| Error::Format {
        file: file.to_owned(),
        why,
    };
    let terms = parse_terms(&text).map_err(|error| format(error.to_string()))?;
    terms
        .iter()
        .map(|term| {
            item(term).ok_or_else(|| format(format!("neither a section nor a case: {term}")))
        })
        .collect()
}

fn item(term: &Term) -> Option<Item> {
    let (tag, parts) = term.as_tuple()?.split_first()?;
    let parts: Vec<String> = parts.iter().map(Term::to_text).collect::<Option<_>>()?;
    match (tag.as_atom()?.as_str(), parts.as_slice()) {
        ("s", [section]) => Some(Item::Section(section.clone())),
        ("c", [id, title, flags, code, result @ ..]) if result.len() < 2 => {
            Some(Item::Case(Case {
                id: id.clone(),
                title: title.clone(),
                flags: flags.clone(),
                code: code.clone(),
                result: result.first().cloned(),
            }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_sections_and_cases_with_and_without_result() {
        let terms = parse_terms(
            "{s,\"S\"}.\n{c,\"A\",\"t\",[],\"1.\",\"1\"}.\n{c,\"B\",\"t\",\"x notrap\",\"2.\"}.",
        )
        .unwrap();
        let items: Vec<Item> = terms.iter().map(|term| item(term).unwrap()).collect();
        assert!(matches!(&items[0], Item::Section(name) if name == "S"));
        let a = items[1].case().unwrap();
        assert_eq!((a.traps_exits(), a.result.as_deref()), (true, Some("1")));
        let b = items[2].case().unwrap();
        assert_eq!((b.traps_exits(), b.result.as_deref()), (false, None));
    }

    #[test]
    fn what_is_no_item_is_refused() {
        for text in [
            "{c,\"A\"}.",
            "foo.",
            "{s,1}.",
            "{c,a,b,c,d,e}.",
            "{x,\"S\"}.",
        ] {
            assert!(item(&parse_terms(text).unwrap()[0]).is_none(), "{text}");
        }
    }
}
