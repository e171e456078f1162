//! Terms without what differs from run to run: ports, pids and references get names.

use std::collections::HashMap;

use portwright::{Pid, PortId, Term};

/// The names of a case.
#[derive(Clone, Default)]
pub(crate) struct Names {
    pub(crate) ports: HashMap<PortId, String>,
    pub(crate) me: Option<Pid>,
    pub(crate) other: Option<Pid>,
    pub(crate) main: Option<Pid>,
}

fn word(text: &str) -> Term {
    Term::Atom(portwright::Atom::new(text).unwrap())
}

impl Names {
    pub(crate) fn show(&self, term: &Term) -> String {
        self.mask(term).to_string()
    }

    fn mask(&self, term: &Term) -> Term {
        match term {
            Term::Port(port) => word(self.ports.get(port).map_or("PORT", |name| name)),
            Term::Pid(pid) if Some(*pid) == self.me => word("SELF"),
            Term::Pid(pid) if Some(*pid) == self.other => word("OTHER"),
            Term::Pid(pid) if Some(*pid) == self.main => word("MAIN"),
            Term::Pid(_) => word("PID"),
            Term::Reference(_) => word("REF"),
            Term::Tuple(elements) => Term::tuple(elements.iter().map(|element| self.mask(element))),
            Term::List(_) => {
                let mut elements = Vec::new();
                let mut rest = term;
                while let Term::List(list) = rest {
                    elements.push(self.mask(list.head()));
                    rest = list.tail();
                }
                Term::improper_list(elements, self.mask(rest))
            }
            // Large maps have an order of their own on OTP.
            Term::Map(map) if map.len() > 32 => Term::tuple([word("MAP"), Term::from(map.len())]),
            Term::Map(map) => Term::map(
                map.iter()
                    .map(|(key, value)| (self.mask(key), self.mask(value))),
            ),
            other => other.clone(),
        }
    }
}
