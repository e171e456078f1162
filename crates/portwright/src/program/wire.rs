//! Bytes between a port and its descriptors.

use std::cell::Cell;
use std::io::IoSlice;
use std::ops::Range;
use std::os::fd::BorrowedFd;

use bytes::Bytes;
use portwright_driver::{Framing, PortContext, Queue};
use portwright_term::{Binary, IoVec};
use rustix::io::Errno;

use crate::framing::packet::{HeaderBytes, Packet, PacketDecoder};

/// How much is read at a time (P-210).
pub(super) const READ_BYTES: usize = 65_536;

/// What is read is copied out of the buffer up to this size, so that a small
/// message does not keep a large buffer alive.
const COPY_BYTES: usize = 2_048;

/// From this size on the buffer itself is handed on; less would keep too much of it.
const WHOLE_BYTES: usize = READ_BYTES / 2;

/// Slices in one vectored write.
const SLICES: usize = 64;

/// Framing in both directions, and what waits to be written.
pub(super) struct Wire {
    header: Option<HeaderBytes>,
    decoder: Option<PacketDecoder>,
    /// Kept here and not by the port: a burst of commands goes through it.
    queue: Queue,
}

/// Watches a pipe for a stream that would flow better through a larger pipe.
///
/// A pipe holds 64 KiB, so that reader and writer take turns at least that often.
/// Once a stream has shown that it fills its pipe, the pipe grows. A program that
/// does not read never gets there: what it accepts is as in OTP (P-810).
pub(super) struct Flow {
    bytes: usize,
    /// Writes, and packets that were read.
    pieces: usize,
    /// What the pipe holds, or would if the user's limit on pipe memory allowed it.
    size: usize,
    /// To which size it grows for small pieces.
    size_for_small: usize,
}

/// What a new pipe holds.
const PIPE_BYTES: usize = 64 * 1024;

/// How much goes through a pipe before it may grow.
const STREAM_BYTES: usize = 512 * 1024;

/// The size to which a pipe grows: what the kernel allows everybody by default.
const GROWN_PIPE_BYTES: usize = 1024 * 1024;

/// Pieces below this, on average, are small.
const SMALL_PIECE_BYTES: usize = 16 * 1024;

impl Flow {
    /// A pipe that the port writes to. For small pieces it grows less: they cost more here and
    /// in the program than turns do, unless the processor's cache still has them when they
    /// are read.
    pub(super) fn input() -> Self {
        Self::new(256 * 1024)
    }

    /// A pipe that the port reads from, whose reads take as much as a new pipe holds: that is
    /// enough for small packets.
    pub(super) fn output() -> Self {
        Self::new(PIPE_BYTES)
    }

    fn new(size_for_small: usize) -> Self {
        Self {
            bytes: 0,
            pieces: 0,
            size: PIPE_BYTES,
            size_for_small,
        }
    }

    /// Whether more went through the pipe than it holds: somebody reads it.
    pub(super) fn is_read(&self) -> bool {
        self.bytes > PIPE_BYTES
    }

    /// Whether the pipe was made larger than new ones are.
    pub(super) fn has_grown(&self) -> bool {
        self.size > PIPE_BYTES
    }

    /// `bytes` went through the pipe in so many pieces; `full` if it was the pipe that set
    /// the limit.
    pub(super) fn passed(&mut self, fd: BorrowedFd<'_>, bytes: usize, pieces: usize, full: bool) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.pieces = self.pieces.saturating_add(pieces);
        if !full || self.bytes < STREAM_BYTES {
            return;
        }
        let small = self.bytes < self.pieces.saturating_mul(SMALL_PIECE_BYTES);
        let size = if small {
            self.size_for_small
        } else {
            GROWN_PIPE_BYTES
        };
        if size > self.size {
            self.size = size;
            // Beyond the user's limit it stays as it is.
            let _ = rustix::pipe::fcntl_setpipe_size(fd, size);
        }
    }
}

/// What a read brought.
pub(super) enum Read {
    Data(Input),
    Nothing,
    End,
}

/// What was read.
pub(super) enum Input {
    /// So little that it is copied, into a buffer that the thread keeps.
    Few(Kept),
    Many(Binary),
}

/// The buffer that this thread reads into, with what was read. It goes back to whichever
/// thread lets go of it: new memory for every read of a stream costs page faults.
pub(super) struct Kept(Vec<u8>);

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.0);
        buffer.clear();
        // A thread that is ending may be past its thread-local values.
        let _ = BUFFER.try_with(|kept| kept.set(buffer));
    }
}

impl Input {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Few(kept) => &kept.0,
            Self::Many(binary) => binary,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes().len()
    }

    fn part(&self, range: Range<usize>) -> Binary {
        match self {
            Self::Few(kept) => Binary::copy_from_slice(&kept.0[range]),
            Self::Many(binary) => binary.slice(range),
        }
    }
}

impl From<Input> for Binary {
    fn from(input: Input) -> Binary {
        match input {
            Input::Few(kept) => Binary::copy_from_slice(&kept.0),
            Input::Many(binary) => binary,
        }
    }
}

impl Wire {
    pub(super) fn new(framing: Framing) -> Self {
        let header = match framing {
            Framing::Stream => None,
            Framing::Packet { header_bytes } => HeaderBytes::new(header_bytes),
        };
        Self {
            header,
            decoder: header.map(PacketDecoder::new),
            queue: Queue::new(),
        }
    }

    /// Bytes that wait to be written.
    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Hands what was read to the owner, packet by packet, and tells how many there were; what
    /// has no packets counts as one.
    pub(super) fn deliver(&mut self, port: &PortContext<'_>, data: Input) -> usize {
        match &mut self.decoder {
            None => {
                port.output(data);
                1
            }
            Some(decoder) => {
                // One packet at a time is a conversation, for which a vector is too much.
                let mut only = None;
                let mut packets = Vec::new();
                decoder.feed(data.bytes(), |packet| {
                    let packet = match packet {
                        Packet::Within(range) => data.part(range),
                        Packet::Joined(packet) => packet.into(),
                    };
                    if only.is_none() && packets.is_empty() {
                        only = Some(packet);
                    } else {
                        packets.extend(only.take());
                        packets.push(packet);
                    }
                });
                let count = usize::from(only.is_some()) + packets.len();
                if let Some(only) = only {
                    port.output(only);
                } else if !packets.is_empty() {
                    port.output_each(packets);
                }
                count
            }
        }
    }

    /// Puts a short piece of data, with its header in front, into the queue; `false` when it is
    /// too long for the header.
    pub(super) fn gather(&mut self, port: &PortContext<'_>, data: &IoVec) -> bool {
        let header = match self.header {
            None => None,
            Some(header) => match header.encode(data.len()) {
                None => return false,
                header => header,
            },
        };
        if let Some(header) = &header {
            self.queue.append(header.as_ref());
        }
        data.iter().for_each(|piece| self.queue.append(piece));
        port.set_queue_len(self.queue.len());
        true
    }

    /// Puts framed data into the queue.
    pub(super) fn enqueue(
        &mut self,
        port: &PortContext<'_>,
        data: impl IntoIterator<Item = Bytes>,
    ) {
        data.into_iter()
            .for_each(|piece| self.queue.push_back(piece));
        port.set_queue_len(self.queue.len());
    }

    /// Drops what waits.
    pub(super) fn clear_queue(&mut self, port: &PortContext<'_>) {
        self.queue.clear();
        port.set_queue_len(0);
    }

    /// Writes from the queue; `true` when it is empty afterwards. A descriptor that may block is
    /// given no more than `max_bytes` at a time.
    pub(super) fn write_queue(
        &mut self,
        port: &PortContext<'_>,
        fd: BorrowedFd<'_>,
        max_bytes: Option<usize>,
    ) -> Result<bool, Errno> {
        let written = match max_bytes {
            Some(max_bytes) => {
                let first = self.queue.pieces().next().cloned().unwrap_or_default();
                writev(fd, &[IoSlice::new(&first[..first.len().min(max_bytes)])])?
            }
            None => {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let count = self.queue.fill(&mut slices);
                writev(fd, &slices[..count])?
            }
        };
        self.queue.advance(written);
        port.set_queue_len(self.queue.len());
        Ok(self.queue.is_empty())
    }

    /// Data with its header in front; `None` when it is too long for the header.
    pub(super) fn frame(&self, data: IoVec) -> Option<IoVec> {
        let Some(header) = self.header else {
            return Some(data);
        };
        let header = header.encode(data.len())?;
        if data.len() <= COPY_BYTES {
            let mut framed = Vec::with_capacity(header.as_ref().len() + data.len());
            framed.extend_from_slice(header.as_ref());
            data.iter()
                .for_each(|piece| framed.extend_from_slice(piece));
            return Some(framed.into());
        }
        let mut framed = IoVec::from(header.as_ref());
        framed.append(data);
        Some(framed)
    }
}

/// One `read` of at most 64 KiB.
pub(super) fn read(fd: BorrowedFd<'_>) -> Result<Read, Errno> {
    let mut kept = Kept(BUFFER.try_with(Cell::take).unwrap_or_default());
    let buffer = &mut kept.0;
    buffer.reserve(READ_BYTES);
    let result = loop {
        match rustix::io::read(fd, rustix::buffer::spare_capacity(buffer)) {
            Err(Errno::INTR) => {}
            result => break result,
        }
    };
    match result {
        Ok(0) => Ok(Read::End),
        Ok(count) if count <= COPY_BYTES => Ok(Read::Data(Input::Few(kept))),
        Ok(count) => {
            let data = if count < WHOLE_BYTES {
                Bytes::copy_from_slice(buffer)
            } else {
                Bytes::from_owner(kept)
            };
            Ok(Read::Data(Input::Many(Binary::new(data))))
        }
        Err(Errno::AGAIN) => Ok(Read::Nothing),
        Err(error) => Err(error),
    }
}

/// Writes `data` as far as the descriptor takes it; what is left is returned.
pub(super) fn write(fd: BorrowedFd<'_>, data: IoVec) -> Result<Vec<Bytes>, Errno> {
    let mut left: Vec<Bytes> = Vec::new();
    if let [only] = data.pieces() {
        let written = write_once(fd, only)?;
        if written < only.len() {
            left.push(only.slice(written..));
        }
        return Ok(left);
    }
    let mut pieces = data.pieces();
    while !pieces.is_empty() {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = pieces.len().min(SLICES);
        for (slot, piece) in slices.iter_mut().zip(pieces) {
            *slot = IoSlice::new(piece);
        }
        let offered: usize = pieces[..count].iter().map(Bytes::len).sum();
        let mut written = writev(fd, &slices[..count])?;
        if written == offered {
            pieces = &pieces[count..];
            continue;
        }
        for piece in pieces {
            if written >= piece.len() {
                written -= piece.len();
            } else {
                left.push(piece.slice(written..));
                written = 0;
            }
        }
        break;
    }
    Ok(left)
}

/// Bytes written; 0 when the descriptor takes none now.
fn write_once(fd: BorrowedFd<'_>, data: &[u8]) -> Result<usize, Errno> {
    loop {
        match rustix::io::write(fd, data) {
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(0),
            result => return result,
        }
    }
}

/// As [`write_once`], several pieces at a time.
fn writev(fd: BorrowedFd<'_>, slices: &[IoSlice<'_>]) -> Result<usize, Errno> {
    loop {
        match rustix::io::writev(fd, slices) {
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(0),
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    /// What a pipe holds after so many fillings with pieces of `piece` bytes.
    fn size_after(mut flow: Flow, fillings: &[(usize, usize)]) -> usize {
        let (_read_end, write_end) = rustix::pipe::pipe().unwrap();
        for &(fillings, piece) in fillings {
            for _ in 0..fillings {
                flow.passed(write_end.as_fd(), PIPE_BYTES, PIPE_BYTES / piece, true);
            }
        }
        rustix::pipe::fcntl_getpipe_size(&write_end).unwrap()
    }

    #[test]
    fn a_pipe_grows_once_a_stream_has_filled_it_and_less_for_small_pieces() {
        const WHOLE: usize = PIPE_BYTES;
        assert_eq!(size_after(Flow::input(), &[(7, WHOLE)]), PIPE_BYTES);
        assert_eq!(size_after(Flow::input(), &[(8, WHOLE)]), GROWN_PIPE_BYTES);
        assert_eq!(size_after(Flow::output(), &[(8, WHOLE)]), GROWN_PIPE_BYTES);
        assert_eq!(size_after(Flow::input(), &[(7, 64)]), PIPE_BYTES);
        assert_eq!(size_after(Flow::input(), &[(8, 64)]), 256 * 1024);
        assert_eq!(size_after(Flow::output(), &[(8, 64)]), PIPE_BYTES);
        let grows_later = [(8, 8 * 1024), (24, WHOLE)];
        assert_eq!(size_after(Flow::output(), &grows_later), GROWN_PIPE_BYTES);
    }

    #[test]
    fn a_pipe_that_is_never_full_stays_as_it_is() {
        let (_read_end, write_end) = rustix::pipe::pipe().unwrap();
        let mut flow = Flow::input();
        for _ in 0..100 {
            flow.passed(write_end.as_fd(), PIPE_BYTES, 1, false);
        }
        let size = rustix::pipe::fcntl_getpipe_size(&write_end).unwrap();
        assert_eq!(size, PIPE_BYTES);
    }
}
