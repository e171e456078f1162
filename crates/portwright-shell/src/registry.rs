//! Which function a name means.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use portwright_term::{Atom, atoms};

use crate::code::{Module, Origin, Target};
use crate::native::{NativeKind, NativeModule, Prelude};
use crate::system::System;
use crate::{bif, library};

/// What a name was found to mean.
pub(crate) struct Found {
    pub(crate) target: Target,
    /// Whether it means that for ever.
    pub(crate) stays: bool,
}

struct PreludeModule {
    source: &'static Prelude,
    compiled: OnceLock<Option<Arc<Module>>>,
}

struct Registry {
    natives: HashMap<(Atom, Atom, u8), NativeKind>,
    preludes: HashMap<Atom, PreludeModule>,
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let mut natives = HashMap::new();
    for module in modules() {
        let name = Atom::literal(module.name);
        for native in module.functions {
            natives
                .entry((name, Atom::literal(native.name), native.arity))
                .or_insert(native.kind);
        }
    }
    let preludes = library::PRELUDES
        .iter()
        .map(|source| {
            (
                Atom::literal(source.module),
                PreludeModule {
                    source,
                    compiled: OnceLock::new(),
                },
            )
        })
        .collect();
    Registry { natives, preludes }
});

fn modules() -> impl Iterator<Item = &'static &'static NativeModule> {
    bif::MODULES.iter().chain(library::MODULES)
}

impl PreludeModule {
    fn module(&self) -> Option<&Arc<Module>> {
        self.compiled
            .get_or_init(|| {
                let name = self.source.module;
                let file = format!("{name}.erl");
                // A test compiles every prelude; it cannot fail here.
                crate::source::module(
                    self.source.source,
                    &file,
                    Atom::literal(name),
                    Origin::Library,
                )
                .ok()
            })
            .as_ref()
    }
}

/// Finds a function. Without a `system` only the library is looked at.
pub(crate) fn resolve(
    module: Atom,
    function: Atom,
    arity: u8,
    system: Option<&Arc<System>>,
) -> Option<Found> {
    if module == atoms::ERLANG && function.as_str() == "apply" {
        let target = match arity {
            2 => Some(Target::ApplyFun),
            3 => Some(Target::Apply),
            _ => None,
        };
        if let Some(target) = target {
            return Some(Found {
                target,
                stays: true,
            });
        }
    }
    if let Some(kind) = REGISTRY.natives.get(&(module, function, arity)) {
        return Some(Found {
            target: Target::Native(*kind),
            stays: true,
        });
    }
    if let Some(prelude) = REGISTRY.preludes.get(&module) {
        let code = prelude.module()?;
        let number = *code.exports.get(&(function, arity))?;
        let target = Target::Erlang {
            module: code.clone(),
            function: number,
        };
        return Some(Found {
            target,
            stays: true,
        });
    }
    let code = system?.program(module)?;
    let number = code.entry(function, arity)?;
    Some(Found {
        target: Target::Erlang {
            module: code,
            function: number,
        },
        stays: false,
    })
}

/// Whether a module of this name has functions here.
pub fn is_library_module(name: &str) -> bool {
    modules().any(|module| module.name == name)
        || library::PRELUDES
            .iter()
            .any(|prelude| prelude.module == name)
}

/// Every function as `(module, name, arity)`, sorted.
pub fn functions() -> Vec<(String, String, u8)> {
    let mut list: Vec<(String, String, u8)> = REGISTRY
        .natives
        .keys()
        .map(|(module, name, arity)| (module.as_str().to_owned(), name.as_str().to_owned(), *arity))
        .collect();
    for arity in [2, 3] {
        list.push(("erlang".to_owned(), "apply".to_owned(), arity));
    }
    for (name, prelude) in &REGISTRY.preludes {
        if let Some(module) = prelude.module() {
            list.extend(module.exports.keys().map(|(function, arity)| {
                (
                    name.as_str().to_owned(),
                    function.as_str().to_owned(),
                    *arity,
                )
            }));
        }
    }
    list.sort();
    list.dedup();
    list
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_function_is_registered_twice() {
        let mut seen = HashSet::new();
        for module in modules() {
            for native in module.functions {
                assert!(
                    seen.insert((module.name, native.name, native.arity)),
                    "{}:{}/{} is registered twice",
                    module.name,
                    native.name,
                    native.arity
                );
            }
        }
    }

    #[test]
    fn every_prelude_compiles() {
        for prelude in library::PRELUDES {
            let file = format!("{}.erl", prelude.module);
            let name = Atom::literal(prelude.module);
            let result = crate::source::module(prelude.source, &file, name, Origin::Library);
            assert!(result.is_ok(), "{file}: {:?}", result.err());
        }
    }
}
