//! Running what blocks on a thread of its own.

use portwright_term::Term;

use super::argument::atom;
use crate::exception::Exception;
use crate::native::NativeFuture;

/// Runs `work` on a thread that may block and waits for its answer. When the
/// calling process is killed meanwhile, the answer is thrown away.
pub(crate) fn blocking<'a>(
    work: impl FnOnce() -> Result<Term, Exception> + Send + 'static,
) -> NativeFuture<'a> {
    Box::pin(async move {
        match tokio::task::spawn_blocking(work).await {
            Ok(answer) => answer,
            Err(_) => Err(Exception::error(atom("terminated"))),
        }
    })
}
