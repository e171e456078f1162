//! Rules, and the tests that cite them.
//!
//! `docs/rules/*.txt` number the rules that Portwright keeps. A rule is covered when
//! a test cites its number, in a comment or in a text, or when `docs/differences.md`
//! has a line about it that gives a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::{Outcome, Tally, files, root};

/// Compares the rules with the tests that cite them.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct Arguments {
    /// Print where each rule is cited
    #[arg(long)]
    list: bool,
}

/// The lists of rules: of ports, of compiled drivers, of loading them.
const LISTS: &[&str] = &["ports.txt", "drivers.txt", "ddll.txt"];

/// Fewer characters than this are no reason.
const SHORTEST_REASON: usize = 20;

/// Folders in which every file belongs to tests.
const TEST_FOLDERS: &[&str] = &["tests", "benches", "fuzz"];

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let root = root();
    let mut rules = BTreeMap::new();
    for list in LISTS {
        let path = root.join("docs/rules").join(list);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        rules.extend(parse_list(&text));
    }
    let citations = cited(&root);
    let differences = std::fs::read_to_string(root.join("docs/differences.md"));
    let excused = excused(&differences.unwrap_or_default());
    let mut tally = Tally::default();
    for (rule, gist) in &rules {
        let places = citations.get(rule);
        if places.is_none() && !excused.contains(rule) {
            println!("uncovered: {rule} {gist}");
            tally.failed += 1;
            continue;
        }
        tally.passed += 1;
        if arguments.list {
            let places = places.cloned().unwrap_or_default();
            let places: Vec<String> = places.into_iter().collect();
            let difference = excused
                .contains(rule)
                .then_some("docs/differences.md".into());
            let places: Vec<String> = places.into_iter().chain(difference).collect();
            println!("{rule} {gist}: {}", places.join(", "));
        }
    }
    // A number that no rule has is a slip of the pen in a test.
    for (number, places) in citations {
        if !rules.contains_key(&number) {
            let places: Vec<String> = places.into_iter().collect();
            println!("unknown: {number}, cited in {}", places.join(", "));
            tally.failed += 1;
        }
    }
    Ok(tally)
}

/// `P-001 gist` a line; `#` begins a comment.
fn parse_list(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(number, gist)| (number.to_owned(), gist.to_owned()))
}

/// Which rules tests cite, and in which files.
fn cited(root: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut citations: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files(&root.join("crates")) {
        let shown = path.strip_prefix(root).unwrap_or(&path);
        // The tests of this file cite rules that do not exist.
        if shown.starts_with("crates/xtask") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        for number in numbers(test_part(shown, &text)) {
            let place = shown.display().to_string();
            citations.entry(number).or_default().insert(place);
        }
    }
    citations
}

/// The part of a file that belongs to tests.
fn test_part<'a>(path: &Path, text: &'a str) -> &'a str {
    let in_folder = path.components().any(|part| {
        TEST_FOLDERS
            .iter()
            .any(|folder| part.as_os_str() == *folder)
    });
    if in_folder || path.file_name().is_some_and(|name| name == "tests.rs") {
        return text;
    }
    if path.extension().is_none_or(|extension| extension != "rs") {
        return "";
    }
    // By convention the tests of a file come last.
    text.find("\n#[cfg(test)]\nmod ")
        .map_or("", |start| &text[start..])
}

/// All rule numbers in a text, such as P-301, D-B17a and L-4.10.
fn numbers(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (start, _) in text.match_indices(['P', 'D', 'L']) {
        let before = text[..start].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '_') {
            continue;
        }
        if let Some(number) = number_at(&text[start..]) {
            found.insert(number.to_owned());
        }
    }
    found
}

fn number_at(text: &str) -> Option<&str> {
    let rest = text.get(1..)?.strip_prefix('-')?;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let length = match text.as_bytes()[0] {
        b'P' => Some(digits(rest)).filter(|count| *count == 3)?,
        b'D' => {
            rest.bytes().next().filter(u8::is_ascii_uppercase)?;
            let count = Some(digits(&rest[1..])).filter(|count| *count > 0)?;
            let variant = rest
                .as_bytes()
                .get(1 + count)
                .is_some_and(u8::is_ascii_lowercase);
            1 + count + usize::from(variant)
        }
        _ => {
            let first = Some(digits(rest)).filter(|count| *count > 0)?;
            let minor = rest[first..].strip_prefix('.')?;
            let second = Some(digits(minor)).filter(|count| *count > 0)?;
            first + 1 + second
        }
    };
    Some(&text[..2 + length])
}

/// The rules about which the list of differences has a line with a reason.
fn excused(differences: &str) -> BTreeSet<String> {
    differences
        .lines()
        .filter(|line| {
            let numbers: usize = numbers(line).iter().map(String::len).sum();
            line.trim().chars().count() >= numbers + SHORTEST_REASON
        })
        .flat_map(numbers)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        let found: Vec<String> = numbers(text).into_iter().collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn numbers_are_found_wherever_they_stand() {
        check("// P-301, P-302.", &["P-301", "P-302"]);
        check("\"(D-B17a)\" D-C2", &["D-B17a", "D-C2"]);
        check("L-1.1 and L-4.10;", &["L-1.1", "L-4.10"]);
        check("HTTP-200, P-12, P-1234, XP-300, D-b1, L-1, D- P-", &[]);
        check("é P-001é", &["P-001"]);
    }

    #[test]
    fn only_the_tests_of_a_file_count() {
        let text = "// P-001\nfn f() {}\n\n#[cfg(test)]\nmod tests {\n// P-002\n}\n";
        let part = |path: &str| numbers(test_part(Path::new(path), text)).len();
        assert_eq!(part("crates/a/src/lib.rs"), 1);
        assert_eq!(part("crates/a/src/b/tests.rs"), 2);
        assert_eq!(part("crates/a/tests/b.rs"), 2);
        assert_eq!(part("crates/a/README.md"), 0);
    }

    #[test]
    fn a_difference_needs_a_reason() {
        assert!(excused("* P-901").is_empty());
        assert!(excused("* P-901, P-902: n/a").is_empty());
        assert_eq!(
            excused("* P-901: there is no such helper process here.").len(),
            1
        );
    }

    #[test]
    fn every_list_has_one_gist_for_each_number() {
        for list in LISTS {
            let text = std::fs::read_to_string(root().join("docs/rules").join(list)).unwrap();
            let rules: Vec<_> = parse_list(&text).collect();
            let numbers: BTreeSet<_> = rules.iter().map(|(number, _)| number).collect();
            assert_eq!(numbers.len(), rules.len(), "{list} has a number twice");
            for (number, gist) in &rules {
                assert_eq!(number_at(number), Some(&**number), "{list}");
                assert!(!gist.is_empty(), "{number} in {list}");
            }
        }
    }
}
