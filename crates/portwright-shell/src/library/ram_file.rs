//! `ram_file_drv`: the driver behind `ram_file`, a file that is kept in memory.
//!
//! OTP links it into its emulator, so scripts find it without loading anything. Each
//! command is an operation and its arguments, all numbers big-endian:
//!
//! ```text
//! 1 open      Mode:32 Data          4 write     Data             18 pwrite    At:32 Data
//! 2 read      Size:32               14 truncate                  30 get
//! 3 lseek     Offset:32 Whence:32   17 pread    At:32 Size:32    37 size
//! 9 fsync     19 fdatasync          38 advise                    39 allocate
//! ```
//!
//! Each answer is data of the port, a list even in binary mode but for the bytes of a file: `0` (done), `1` and the name of an error, `3` and
//! a number, `2` and a number with the bytes that it counts. Other operations are
//! not answered. Measured on OTP 25; what it answers to operations whose arguments
//! are cut short is left out: those are `einval` here.

use bytes::Bytes;
use portwright::driver::{Driver, DriverEntry, DriverFlags, PortContext, StartError};

/// The driver's name.
pub(crate) const NAME: &str = "ram_file_drv";

/// How far behind the end of the file a write may begin, in bytes: what lies between
/// is zeros, and a command of five bytes should not be able to ask for gigabytes.
const MAX_GAP: usize = 64 << 20;

const READ: u32 = 1;
const WRITE: u32 = 2;

/// What a node knows of the driver. Its ports share one lock, as in OTP.
pub(crate) fn entry() -> DriverEntry {
    DriverEntry::of::<RamFile>(NAME).flags(DriverFlags::NONE)
}

#[derive(Default)]
struct RamFile {
    /// 0: not open.
    mode: u32,
    content: Vec<u8>,
    position: usize,
}

enum Answer {
    Done,
    Number(usize),
    Bytes(Bytes),
}

/// The error's name.
type Refusal = &'static str;

impl Driver for RamFile {
    fn start(_: &PortContext<'_>, _: &[u8]) -> Result<Self, StartError> {
        Ok(RamFile::default())
    }

    fn output(&mut self, port: &PortContext<'_>, data: &[u8]) {
        let Some((operation, arguments)) = data.split_first() else {
            return;
        };
        match self.perform(*operation, arguments) {
            Some(Ok(Answer::Done)) => answer(port, &[0]),
            Some(Ok(Answer::Number(number))) => answer(port, &counted(3, number)),
            Some(Ok(Answer::Bytes(bytes))) => {
                port.output_unlined(&counted(2, bytes.len()), vec![bytes.into()])
            }
            Some(Err(name)) => answer(port, &[&[1], name.as_bytes()].concat()),
            None => return,
        };
    }
}

/// An answer without the bytes of a file. It is a header with no data behind it, so a port
/// of lines has nothing to tell.
fn answer(port: &PortContext<'_>, header: &[u8]) -> bool {
    if port.is_line() {
        port.output_with_header(header, Bytes::new())
    } else {
        port.output_unlined(header, Vec::new())
    }
}

/// A tag and a number of 32 bits.
fn counted(tag: u8, number: usize) -> Vec<u8> {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    [&[tag], number.to_be_bytes().as_slice()].concat()
}

impl RamFile {
    /// `None`: there is no such operation.
    fn perform(&mut self, operation: u8, mut arguments: &[u8]) -> Option<Result<Answer, Refusal>> {
        let rest = &mut arguments;
        Some(match operation {
            1 => self.open(rest),
            2 => self.read(rest),
            3 => self.seek(rest),
            4 => self.write(rest),
            9 | 19 | 38 | 39 => self.is_open().map(|()| Answer::Done),
            14 => self.truncate(),
            17 => self.read_at(rest),
            18 => self.write_at(rest),
            30 => Ok(Answer::Bytes(Bytes::copy_from_slice(&self.content))),
            37 => Ok(Answer::Number(self.content.len())),
            _ => return None,
        })
    }

    fn open(&mut self, arguments: &mut &[u8]) -> Result<Answer, Refusal> {
        let mode = number(arguments)?;
        *self = RamFile {
            // Whoever asks for nothing reads.
            mode: if mode & (READ | WRITE) as i32 == 0 {
                READ
            } else {
                mode as u32 & (READ | WRITE)
            },
            content: arguments.to_vec(),
            position: 0,
        };
        Ok(Answer::Number(0))
    }

    fn is_open(&self) -> Result<(), Refusal> {
        self.allows(READ | WRITE)
    }

    fn allows(&self, mode: u32) -> Result<(), Refusal> {
        if self.mode & mode == 0 {
            Err("ebadf")
        } else {
            Ok(())
        }
    }

    fn read(&mut self, arguments: &mut &[u8]) -> Result<Answer, Refusal> {
        let size = number(arguments)?;
        self.allows(READ)?;
        let bytes = self.slice(self.position, size)?;
        self.position += bytes.len();
        Ok(Answer::Bytes(bytes))
    }

    fn read_at(&mut self, arguments: &mut &[u8]) -> Result<Answer, Refusal> {
        let (at, size) = (number(arguments)?, number(arguments)?);
        self.allows(READ)?;
        let at = usize::try_from(at).map_err(|_| "einval")?;
        self.slice(at, size).map(Answer::Bytes)
    }

    /// What the file holds from `at` on, `size` bytes at most.
    fn slice(&self, at: usize, size: i32) -> Result<Bytes, Refusal> {
        let size = usize::try_from(size).map_err(|_| "einval")?;
        let from = self.content.get(at..).unwrap_or_default();
        Ok(Bytes::copy_from_slice(&from[..size.min(from.len())]))
    }

    fn seek(&mut self, arguments: &mut &[u8]) -> Result<Answer, Refusal> {
        let (offset, whence) = (number(arguments)?, number(arguments)?);
        self.is_open()?;
        let from = match whence {
            0 => 0,
            1 => self.position,
            2 => self.content.len(),
            _ => return Err("einval"),
        };
        let position = i64::try_from(from).map_err(|_| "einval")? + i64::from(offset);
        if !(0..=i64::from(i32::MAX)).contains(&position) {
            return Err("einval");
        }
        self.position = usize::try_from(position).map_err(|_| "einval")?;
        Ok(Answer::Number(self.position))
    }

    fn write(&mut self, data: &[u8]) -> Result<Answer, Refusal> {
        self.allows(WRITE)?;
        self.put(self.position, data)?;
        self.position += data.len();
        Ok(Answer::Number(data.len()))
    }

    fn write_at(&mut self, arguments: &mut &[u8]) -> Result<Answer, Refusal> {
        let at = number(arguments)?;
        self.allows(WRITE)?;
        self.put(usize::try_from(at).map_err(|_| "einval")?, arguments)?;
        Ok(Answer::Number(arguments.len()))
    }

    fn put(&mut self, at: usize, data: &[u8]) -> Result<(), Refusal> {
        if data.is_empty() {
            return Ok(());
        }
        if at.saturating_sub(self.content.len()) > MAX_GAP {
            return Err("enomem");
        }
        let end = at.checked_add(data.len()).ok_or("enomem")?;
        if self.content.len() < end {
            self.content.resize(end, 0);
        }
        self.content[at..end].copy_from_slice(data);
        Ok(())
    }

    fn truncate(&mut self) -> Result<Answer, Refusal> {
        self.allows(WRITE).map_err(|_| "eacces")?;
        if self.position.saturating_sub(self.content.len()) > MAX_GAP {
            return Err("enomem");
        }
        self.content.resize(self.position, 0);
        Ok(Answer::Done)
    }
}

/// The next number of 32 bits, taken off the arguments.
fn number(arguments: &mut &[u8]) -> Result<i32, Refusal> {
    let (number, rest) = arguments.split_first_chunk().ok_or("einval")?;
    *arguments = rest;
    Ok(i32::from_be_bytes(*number))
}
