//! Reading and writing our own descriptors, without a buffer in between.

use std::io;

use portwright::Bytes;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;

/// Writes all bytes. A descriptor that somebody has made non-blocking is waited for.
pub(super) fn write_all(fd: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(fd, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) => wait_or_fail(fd, PollFlags::OUT, error)?,
        }
    }
    Ok(())
}

/// Reads what there is, waiting for it; nothing at the end.
pub(super) fn read_some(fd: BorrowedFd<'_>, at_most: usize) -> io::Result<Bytes> {
    let mut chunk = Vec::with_capacity(at_most);
    loop {
        match rustix::io::read(fd, rustix::buffer::spare_capacity(&mut chunk)) {
            Ok(count) => {
                // A line from a terminal should not keep the whole buffer.
                if count < at_most / 4 {
                    chunk.shrink_to_fit();
                }
                return Ok(chunk.into());
            }
            Err(error) => wait_or_fail(fd, PollFlags::IN, error)?,
        }
    }
}

fn wait_or_fail(fd: BorrowedFd<'_>, events: PollFlags, error: Errno) -> io::Result<()> {
    match error {
        Errno::INTR => Ok(()),
        Errno::AGAIN => match poll(&mut [PollFd::from_borrowed_fd(fd, events)], None) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        },
        error => Err(error.into()),
    }
}
