//! From text to code: parsing and compiling on a stack that is large enough.

use std::sync::Arc;

use portwright_term::Atom;

use crate::code::{Module, Origin};
use crate::compile;
use crate::parse::{self, SyntaxError};

/// Tokens that parse and compile within any thread's stack, however nested.
const SMALL: usize = 150;

/// Stack for texts of any nesting up to [`parse::MAX_DEPTH`]; only what is used
/// is ever touched.
const STACK: usize = 256 << 20;

/// Runs `work`, which recurses as deep as a text of this many tokens nests.
pub(crate) fn with_stack<T: Send>(tokens: usize, work: impl FnOnce() -> T + Send) -> T {
    if tokens <= SMALL {
        return work();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("parser".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, work);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(value)) => value,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            // As `std::thread::spawn`: no thread, no way to go on.
            Err(error) => panic!("cannot start a thread to parse on: {error}"),
        }
    })
}

/// Parses and compiles a module or script.
pub(crate) fn module(
    text: &str,
    file: &str,
    name: Atom,
    origin: Origin,
) -> Result<Arc<Module>, Vec<SyntaxError>> {
    with_stack(text.len(), || {
        let forms = parse::forms(text, file, name)?;
        compile::module(forms, name, file, origin)
            .map_err(|faults| faults.into_iter().map(SyntaxError::from).collect())
    })
}
