//! What a word that is being typed could become.

use std::collections::BTreeSet;

/// Settings of `open_port/2`, as far as they can be typed without a value.
const SETTINGS: [&str; 21] = [
    "binary",
    "eof",
    "exit_signal",
    "exit_status",
    "hide",
    "in",
    "nouse_stdio",
    "out",
    "overlapped_io",
    "stderr",
    "stderr_to_stdout",
    "stream",
    "use_stdio",
    "{arg0,",
    "{args,[",
    "{cd,",
    "{env,[{",
    "{line,",
    "{packet,",
    "{busy_limits_msgq,{",
    "{busy_limits_port,{",
];

/// The first argument of `open_port/2`.
const PORT_NAMES: [&str; 4] = ["{fd,", "{spawn,", "{spawn_driver,", "{spawn_executable,"];

/// The functions that can be completed.
pub(super) struct Functions {
    /// `(module, name)`, sorted.
    names: BTreeSet<(String, String)>,
}

impl Functions {
    /// Those of the library.
    pub(super) fn all() -> Functions {
        let functions = portwright_shell::functions();
        let names = functions
            .into_iter()
            .map(|(module, name, _)| (module, name))
            .collect();
        Functions { names }
    }

    /// Where the word at the end of `text` begins, and what it could become.
    pub(super) fn complete(&self, text: &str, variables: &[String]) -> (usize, Vec<String>) {
        let in_word = |c: char| c.is_alphanumeric() || c == '_' || c == '@';
        let word_start = text.trim_end_matches(in_word).len();
        let (before, word) = text.split_at(word_start);
        if is_in_string(before) {
            return (word_start, Vec::new());
        }
        if let Some(candidates) = port_words(before, word) {
            return candidates;
        }
        let fits = |name: &&String| name.starts_with(word);
        if let Some(before) = before.strip_suffix(':') {
            let module = &before[before.trim_end_matches(in_word).len()..];
            return (word_start, self.functions_of(module, word));
        }
        if word.is_empty() {
            return (word_start, Vec::new());
        }
        if word.starts_with(|c: char| c.is_uppercase() || c == '_') {
            return (word_start, variables.iter().filter(fits).cloned().collect());
        }
        let mut candidates: BTreeSet<String> = BTreeSet::new();
        for (module, _) in &self.names {
            if module.starts_with(word) && module != "shell_default" {
                candidates.insert(format!("{module}:"));
            }
        }
        for module in ["erlang", "shell_default"] {
            candidates.extend(self.functions_of(module, word));
        }
        (word_start, candidates.into_iter().collect())
    }

    fn functions_of(&self, module: &str, start: &str) -> Vec<String> {
        let named = self.names.iter().filter(|(of, _)| of == module);
        named
            // Operators are functions too, but nobody calls them so.
            .filter(|(_, name)| name.starts_with(|c: char| c.is_alphabetic()))
            .filter(|(_, name)| name.starts_with(start))
            .map(|(_, name)| format!("{name}("))
            .collect()
    }
}

/// Whether text ends within a string or a quoted atom.
fn is_in_string(text: &str) -> bool {
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(_), '\\') | (None, '$') => {
                characters.next();
            }
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            _ => {}
        }
    }
    quote.is_some()
}

/// Candidates within the arguments of `open_port`: names of ports, then settings.
fn port_words(before: &str, word: &str) -> Option<(usize, Vec<String>)> {
    let (_, arguments) = before.rsplit_once("open_port(")?;
    let mut depth = Vec::new();
    for c in arguments.chars() {
        match c {
            '(' | '[' | '{' => depth.push(c),
            ')' | ']' | '}' => {
                depth.pop()?;
            }
            _ => {}
        }
    }
    let words: &[&str] = match depth.as_slice() {
        ['['] | ['[', '{'] => &SETTINGS,
        [] | ['{'] if !arguments.contains('}') => &PORT_NAMES,
        _ => return None,
    };
    let brace = depth.last() == Some(&'{');
    // Behind the comma of `{packet,` stands a value.
    if brace && !before.ends_with('{') {
        return None;
    }
    let start = before.len() - usize::from(brace);
    let typed = if brace {
        format!("{{{word}")
    } else {
        word.to_owned()
    };
    let candidates: Vec<String> = words
        .iter()
        .filter(|name| {
            name.starts_with(&typed) || (!brace && name.starts_with(&format!("{{{typed}")))
        })
        .map(|name| (*name).to_owned())
        .collect();
    (!candidates.is_empty()).then_some((start, candidates))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, start: usize, expected: &[&str]) {
        let variables = ["Port".to_owned(), "Pid".to_owned(), "X".to_owned()];
        let (at, candidates) = Functions::all().complete(text, &variables);
        assert_eq!(candidates, expected, "{text}");
        if !expected.is_empty() {
            assert_eq!(at, start, "{text}");
        }
    }

    #[test]
    fn functions_of_a_module_follow_its_colon() {
        check("lists:rev", 6, &["reverse("]);
        check("X = lists:sub", 10, &["sublist(", "subtract("]);
        check("nosuch:", 0, &[]);
    }

    #[test]
    fn modules_bifs_and_commands_stand_alone() {
        check("open_p", 0, &["open_port("]);
        check("port_comm", 0, &["port_command("]);
        check("flu", 0, &["flush("]);
        check("gb_t", 0, &["gb_trees:"]);
    }

    #[test]
    fn variables_begin_with_capitals() {
        check("X + P", 4, &["Port", "Pid"]);
        check("Y", 0, &[]);
    }

    #[test]
    fn arguments_of_open_port_are_known() {
        check(
            "open_port({spawn",
            10,
            &["{spawn,", "{spawn_driver,", "{spawn_executable,"],
        );
        check(
            "open_port({spawn,\"cat\"},[exit_",
            25,
            &["exit_signal", "exit_status"],
        );
        check("open_port({spawn,\"cat\"},[binary,{pa", 32, &["{packet,"]);
        check("open_port({spawn,\"cat\"},[binary,pa", 32, &["{packet,"]);
        check("open_port({spawn,\"cat\"},[{env,X", 30, &["X"]);
    }

    #[test]
    fn nothing_is_completed_in_strings() {
        check("\"open_p", 1, &[]);
        check("\"a\", open_p", 5, &["open_port("]);
        check("$\", open_p", 4, &["open_port("]);
    }
}
