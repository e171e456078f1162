//! The bytes that binaries are parts of.

use std::cell::RefCell;

use bytes::Bytes;
use triomphe::Arc;

/// Bytes that are kept where their references are counted.
pub(crate) const SHORT: usize = 64;

/// Short buffers that a thread keeps at most.
const KEPT: usize = 32;

/// Bytes, shared. The last to let go of short ones leaves their memory for the next
/// short ones of its thread: allocating it and freeing it again costs more than all else
/// that becomes of a short message.
#[derive(Clone)]
pub(crate) struct Buffer(
    /// `Some` until it is dropped.
    Option<Arc<Content>>,
);

// A tag of one byte would leave short bytes at an odd address.
#[repr(u64)]
enum Content {
    Short([u8; SHORT]),
    Long(Bytes),
}

thread_local! {
    static SPARE: RefCell<Vec<Arc<Content>>> = const { RefCell::new(Vec::new()) };
}

impl Buffer {
    /// Shares the bytes, however many there are.
    pub(crate) fn long(bytes: Bytes) -> Self {
        Self(Some(Arc::new(Content::Long(bytes))))
    }

    /// Begins with a copy of `bytes`, at most [`SHORT`] of them.
    #[inline]
    pub(crate) fn short(bytes: &[u8]) -> Self {
        // A thread that is ending may be past its thread-local values.
        let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
        if let Ok(Some(mut content)) = spare
            && let Some(Content::Short(short)) = Arc::get_mut(&mut content)
        {
            short[..bytes.len()].copy_from_slice(bytes);
            return Self(Some(content));
        }
        Self::new_short(bytes)
    }

    #[cold]
    fn new_short(bytes: &[u8]) -> Self {
        let mut short = [0; SHORT];
        short[..bytes.len()].copy_from_slice(bytes);
        Self(Some(Arc::new(Content::Short(short))))
    }

    #[inline]
    fn content(&self) -> &Content {
        self.0.as_ref().expect("`drop` takes it out")
    }

    /// All of it, for short bytes with what follows them.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self.content() {
            Content::Short(bytes) => bytes,
            Content::Long(bytes) => bytes,
        }
    }

    /// `None` when it is a copy of short bytes.
    pub(crate) fn as_long(&self) -> Option<&Bytes> {
        match self.content() {
            Content::Short(_) => None,
            Content::Long(bytes) => Some(bytes),
        }
    }

    /// Takes the bytes out, if they are long and nobody else has the buffer.
    pub(crate) fn take_long(&mut self) -> Option<Bytes> {
        match self.0.as_mut().and_then(Arc::get_mut)? {
            Content::Short(_) => None,
            Content::Long(bytes) => Some(std::mem::take(bytes)),
        }
    }
}

impl Drop for Buffer {
    #[inline]
    fn drop(&mut self) {
        if let Some(content) = self.0.take()
            && content.is_unique()
            && matches!(*content, Content::Short(_))
        {
            let _ = SPARE.try_with(|spare| {
                let mut spare = spare.borrow_mut();
                if spare.len() < KEPT {
                    spare.push(content);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(buffer: &Buffer) -> *const u8 {
        buffer.bytes().as_ptr()
    }

    #[test]
    fn the_memory_of_short_bytes_serves_the_next_once_nobody_has_it() {
        let first = Buffer::short(b"first");
        let (memory, clone) = (place(&first), first.clone());
        drop(first);
        let second = Buffer::short(b"second");
        assert_ne!(place(&second), memory, "the clone has it");
        assert!(clone.bytes().starts_with(b"first"));
        drop(clone);
        let third = Buffer::short(b"third");
        assert_eq!(place(&third), memory);
        assert!(third.bytes().starts_with(b"third") && second.bytes().starts_with(b"second"));
    }

    #[test]
    fn a_thread_keeps_some_and_not_all() {
        let all: Vec<Buffer> = (0..2 * KEPT).map(|_| Buffer::short(b"")).collect();
        drop(all);
        assert_eq!(SPARE.with_borrow(Vec::len), KEPT);
    }

    #[test]
    fn short_bytes_may_be_let_go_of_by_another_thread() {
        let buffer = Buffer::short(b"sent");
        let memory = place(&buffer).addr();
        let reused = std::thread::spawn(move || {
            drop(buffer);
            place(&Buffer::short(b"")).addr()
        });
        assert_eq!(reused.join().unwrap(), memory);
    }

    #[test]
    fn long_bytes_are_taken_out_of_a_buffer_that_nobody_else_has() {
        let mut buffer = Buffer::long(Bytes::from_static(b"long"));
        let clone = buffer.clone();
        assert_eq!(buffer.take_long(), None);
        drop(clone);
        assert_eq!(buffer.take_long(), Some(Bytes::from_static(b"long")));
        assert_eq!(Buffer::short(b"short").take_long(), None);
    }
}
