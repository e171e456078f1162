//! `portwright shell`: fed by a pipe, and typed into in a terminal.

mod manual;
mod piped;
mod terminal;
mod tmux;

/// The text with the numbers of pids, ports and references left out: they differ from node to node.
fn without_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '#']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let prefix = ["<", "#Port<", "#Ref<"].into_iter().find(|prefix| {
            rest.strip_prefix(prefix).is_some_and(|inner| {
                inner.starts_with(|c: char| c.is_ascii_digit()) && inner.contains('>')
            })
        });
        let number = prefix.and_then(|prefix| {
            let inner = &rest[prefix.len()..];
            let end = inner.find('>')?;
            let digits = inner[..end].chars().all(|c| c.is_ascii_digit() || c == '.');
            (digits && inner[..end].contains('.')).then_some((prefix, end))
        });
        match number {
            Some((prefix, end)) => {
                plain.push_str(prefix);
                plain.push('>');
                rest = &rest[prefix.len() + end + 1..];
            }
            None => {
                plain.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[test]
fn numbers_of_identifiers_are_left_out() {
    assert_eq!(
        without_numbers("{<0.1.0>,#Port<0.5>,#Ref<0.1.2.3>,<<1>>,<<\"a\">>,1 < 2,#{a => 1}}"),
        "{<>,#Port<>,#Ref<>,<<1>>,<<\"a\">>,1 < 2,#{a => 1}}"
    );
}
