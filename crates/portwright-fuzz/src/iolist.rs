//! I/O lists.

use portwright_term::{Atom, Term, iolist};

/// Gathering finds the bytes of a model, or refuses what the model refuses.
pub fn iolist_gather(data: &[u8]) {
    let term = build(data);
    let expected = flatten(&term);
    let gathered = iolist::gather(&term);
    let size = iolist::size(&term);
    match expected {
        Some(expected) => {
            let gathered = gathered.expect("the model takes it");
            assert_eq!(size, Ok(expected.len()));
            assert_eq!(gathered.len(), expected.len());
            assert!(gathered.iter().all(|piece| !piece.is_empty()));
            assert_eq!(gathered.to_vec(), expected);
            assert_eq!(gathered.into_bytes(), expected);
        }
        None => {
            assert_eq!(size.map(drop), gathered.map(drop));
            assert!(iolist::size(&term).is_err());
        }
    }
}

/// A term from the program of a small stack machine; any bytes are a program.
fn build(mut program: &[u8]) -> Term {
    let mut stack = vec![Term::Nil];
    while let Some((&operation, rest)) = program.split_first() {
        program = rest;
        let top = stack.last().cloned().unwrap_or(Term::Nil);
        match operation {
            // A list of the two topmost, either way around, or of one of them twice.
            0..=79 => {
                stack.pop();
                let below = stack.pop().unwrap_or(Term::Nil);
                stack.push(Term::improper_list([below], top));
            }
            80..=119 => {
                stack.pop();
                let below = stack.pop().unwrap_or(Term::Nil);
                stack.push(Term::improper_list([top], below));
            }
            120..=129 => stack.push(top),
            130..=179 => stack.push(Term::Nil),
            180..=219 => {
                let byte = program.first().copied().unwrap_or(operation);
                program = program.get(1..).unwrap_or_default();
                stack.push(Term::from(byte));
            }
            220..=250 => {
                let len = program.first().map_or(0, |len| usize::from(*len));
                let (bytes, rest) = program.split_at(len.min(program.len()));
                program = rest;
                stack.push(Term::binary(bytes.to_vec()));
            }
            251 => stack.push(Term::from(256)),
            252 => stack.push(Term::from(-1)),
            253 => stack.push(Term::tuple([])),
            254 => stack.push(Term::Atom(Atom::new("a").expect("short"))),
            255 => stack.push(Term::bits(vec![0x80], 1).expect("one bit")),
        }
        // Sharing doubles what a list means; there is an end to that.
        if iolist::size(&stack[stack.len() - 1]).is_ok_and(|size| size > 1 << 16) {
            stack.pop();
        }
    }
    stack.pop().unwrap_or(Term::Nil)
}

/// The definition of iodata() in erlang(3), as a recursion.
fn flatten(term: &Term) -> Option<Vec<u8>> {
    fn elements(mut term: &Term, bytes: &mut Vec<u8>) -> Option<()> {
        while let Term::List(list) = term {
            match list.head() {
                Term::Integer(byte) => bytes.push(u8::try_from(*byte).ok()?),
                head => elements(head, bytes)?,
            }
            term = list.tail();
        }
        match term {
            Term::Nil => {}
            Term::Binary(binary) => bytes.extend_from_slice(binary),
            _ => return None,
        }
        Some(())
    }
    let mut bytes = Vec::new();
    elements(term, &mut bytes)?;
    Some(bytes)
}
