//! Erlang expressions and scripts.

use portwright_shell::Program;
use portwright_shell::evaluator::Reader;
use portwright_term::Atom;

/// Any text is a sequence of expressions, a script, or an error with a place in the text.
pub fn shell_parse(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines = text.matches('\n').count() + 1;
    let mut reader = Reader::new(&text);
    // Every sequence takes a character at least; the last answer may be an error at the end.
    for count in 0.. {
        assert!(
            count <= text.len() + 1,
            "the reader does not come to an end"
        );
        match reader.next_sequence() {
            None => break,
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                assert!(
                    (1..=lines).contains(&(error.place.line as usize)),
                    "{error}"
                );
            }
        }
    }
    let module = Atom::new("fuzz").expect("short");
    if let Err(faults) = Program::parse(&text, "fuzz.escript", module) {
        assert!(!faults.is_empty(), "a text that is no program has a fault");
    }
}
