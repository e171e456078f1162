//! What a shared object tells about itself, read from its file without loading it.
//!
//! Only what the dynamic linker would look at: the segments, the dynamic section, its symbols and strings. Everything
//! in the file is doubted: offsets are checked against the file, tables have a largest size, nothing recurses.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::load::MACHINE;

/// Why a file is no shared object that could be loaded here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ElfError {
    /// It cannot be read.
    #[error("{}", explain(*.0, .1))]
    Read(io::ErrorKind, String),
    /// A directory, a device, a pipe.
    #[error("it is no regular file")]
    NotAFile,
    /// It does not begin as ELF files do.
    #[error("it is no ELF file, so no shared object")]
    NotElf,
    /// For 32-bit or big-endian machines.
    #[error("it is made for a {0} machine, this one is {this}", this = machine_name(MACHINE))]
    OtherMachine(String),
    /// An object file, a program or a core dump.
    #[error("it is {0} and no shared object{hint}", hint = if *.0 == "an object file" { "; link it with `cc -shared`" } else { "" })]
    NotShared(&'static str),
    /// The file ends before what its headers promise.
    #[error(
        "it is truncated: it has {length} bytes, its headers tell of {promised}; is it copied completely?"
    )]
    Truncated {
        /// Bytes in the file.
        length: u64,
        /// Bytes that it should have at least.
        promised: u64,
    },
    /// Its headers make no sense.
    #[error("it is a broken ELF file: {0}")]
    Malformed(&'static str),
}

fn explain(kind: io::ErrorKind, text: &str) -> String {
    match kind {
        io::ErrorKind::NotFound => {
            "no such file (enoent); is the path relative to another directory?".into()
        }
        io::ErrorKind::PermissionDenied => "permission denied (eacces)".into(),
        _ => text.to_owned(),
    }
}

/// A symbol of the dynamic symbol table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ElfSymbol {
    pub(crate) name: String,
    /// The file has it; else it wants it.
    pub(crate) is_defined: bool,
    /// May stay undefined.
    pub(crate) is_weak: bool,
}

/// A shared object.
#[derive(Debug, Default)]
pub(crate) struct Elf {
    pub(crate) symbols: Vec<ElfSymbol>,
    /// Libraries that it needs.
    pub(crate) needed: Vec<String>,
    /// Where these are looked for first, `$ORIGIN` not yet replaced.
    pub(crate) run_path: Vec<String>,
}

/// No table that is read is longer.
const MOST_BYTES: u64 = 64 << 20;
const MOST_HEADERS: usize = 256;
/// Symbols that share a bucket; a dozen are many.
const MOST_CHAINED: u64 = 1 << 14;

impl Elf {
    /// Reads a file that may be loaded as a library; programs that can be are libraries too.
    pub(crate) fn read(path: &Path) -> Result<Elf, ElfError> {
        let image = Image::open(path)?;
        image.dynamic()
    }
}

/// Whether the file has all that its headers promise. The dynamic linker maps first and looks then, and a page that
/// has no file behind it ends the process.
pub(crate) fn is_truncated(path: &Path) -> bool {
    matches!(Image::open(path), Err(ElfError::Truncated { .. }))
}

/// A file whose headers have been checked.
struct Image {
    file: File,
    segments: Vec<Segment>,
}

struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    size: u64,
}

const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;

impl Image {
    fn open(path: &Path) -> Result<Image, ElfError> {
        // A look before opening: opening a pipe would wait for a writer.
        let metadata = std::fs::metadata(path).map_err(|error| read_error(&error))?;
        if !metadata.is_file() {
            return Err(ElfError::NotAFile);
        }
        let file = File::open(path).map_err(|error| read_error(&error))?;
        let length = metadata.len();
        let mut header = [0; 64];
        let got = file
            .read_at(&mut header, 0)
            .map_err(|error| read_error(&error))?;
        if got < 4 || header[..4] != *b"\x7fELF" {
            return Err(ElfError::NotElf);
        }
        if got < header.len() {
            return Err(ElfError::Truncated {
                length,
                promised: header.len() as u64,
            });
        }
        let (class, order) = (header[4], header[5]);
        let machine = match order {
            2 => u16::from_be_bytes([header[18], header[19]]),
            _ => u16_at(&header, 18),
        };
        if class != 2 || order != 1 || machine != MACHINE {
            let bits = if class == 1 { "32-bit " } else { "" };
            let order = if order == 2 { "big-endian " } else { "" };
            let name = format!("{bits}{order}{}", machine_name(machine));
            return Err(ElfError::OtherMachine(name));
        }
        match u16_at(&header, 16) {
            3 => {}
            1 => return Err(ElfError::NotShared("an object file")),
            2 => return Err(ElfError::NotShared("a program")),
            4 => return Err(ElfError::NotShared("a core dump")),
            _ => return Err(ElfError::Malformed("its kind is unknown")),
        }
        let (table, entry, count) = (
            u64_at(&header, 32),
            usize::from(u16_at(&header, 54)),
            usize::from(u16_at(&header, 56)),
        );
        if entry != 56 || count > MOST_HEADERS {
            return Err(ElfError::Malformed("its program headers"));
        }
        let promised = end(table, (entry * count) as u64)?;
        if promised > length {
            return Err(ElfError::Truncated { length, promised });
        }
        let bytes = read(&file, table, (entry * count) as u64)?;
        let segments: Vec<Segment> = bytes
            .chunks_exact(entry)
            .map(|header| Segment {
                kind: u32_at(header, 0),
                offset: u64_at(header, 8),
                address: u64_at(header, 16),
                size: u64_at(header, 32),
            })
            .collect();
        let mut promised = 0;
        for segment in segments.iter().filter(|segment| segment.kind == LOAD) {
            promised = promised.max(end(segment.offset, segment.size)?);
        }
        if promised > length {
            return Err(ElfError::Truncated { length, promised });
        }
        Ok(Image { file, segments })
    }

    /// `size` bytes that will be at `address`, at most as many as the segment has from there.
    fn at(&self, address: u64, size: u64) -> Result<Vec<u8>, ElfError> {
        let outside = ElfError::Malformed("an address outside of its segments");
        let segment = self
            .segments
            .iter()
            .filter(|segment| segment.kind == LOAD)
            .find(|segment| {
                address
                    .checked_sub(segment.address)
                    .is_some_and(|into| into < segment.size)
            })
            .ok_or(outside)?;
        let into = address - segment.address;
        let size = size.min(segment.size - into);
        read(&self.file, end(segment.offset, into)?, size)
    }

    fn dynamic(&self) -> Result<Elf, ElfError> {
        let dynamic = self
            .segments
            .iter()
            .find(|segment| segment.kind == DYNAMIC)
            .ok_or(ElfError::Malformed("it has no dynamic section"))?;
        let entries = read(&self.file, dynamic.offset, dynamic.size)?;
        let entries: Vec<(u64, u64)> = entries
            .chunks_exact(16)
            .map(|entry| (u64_at(entry, 0), u64_at(entry, 8)))
            .take_while(|(tag, _)| *tag != 0)
            .collect();
        let value = |wanted: u64| {
            let mut found = entries.iter().filter(|(tag, _)| *tag == wanted);
            found.next().map(|(_, value)| *value)
        };
        let strings = match (value(5), value(10)) {
            (Some(at), Some(size)) => self.at(at, size)?,
            _ => return Err(ElfError::Malformed("it has no names")),
        };
        let string = |offset: u64| {
            let from = usize::try_from(offset).ok()?;
            let bytes = strings.get(from..)?;
            let len = bytes.iter().position(|byte| *byte == 0)?;
            Some(String::from_utf8_lossy(&bytes[..len]).into_owned())
        };
        let all = |wanted: u64| {
            let tagged = entries.iter().filter(move |(tag, _)| *tag == wanted);
            tagged.filter_map(|(_, offset)| string(*offset))
        };
        let paths = all(29).chain(all(15));
        let mut elf = Elf {
            needed: all(1).collect(),
            run_path: paths
                .flat_map(|path| path.split(':').map(str::to_owned).collect::<Vec<_>>())
                .filter(|path| !path.is_empty())
                .collect(),
            symbols: Vec::new(),
        };
        let Some(symbols) = value(6) else {
            return Ok(elf);
        };
        let count = match (value(4), value(0x6fff_fef5)) {
            (Some(table), _) => u64::from(word(&self.at(table, 8)?, 1)?),
            (None, Some(table)) => self.count_gnu_hash(table)?,
            (None, None) => return Err(ElfError::Malformed("it has no hash table of symbols")),
        };
        let table = self.at(symbols, count.saturating_mul(SYMBOL))?;
        for symbol in table.chunks_exact(SYMBOL as usize).skip(1) {
            let Some(name) = string(u64::from(u32_at(symbol, 0))) else {
                return Err(ElfError::Malformed("a symbol without a name"));
            };
            if !name.is_empty() {
                elf.symbols.push(ElfSymbol {
                    name,
                    is_defined: u16_at(symbol, 6) != 0,
                    is_weak: symbol[4] >> 4 == 2,
                });
            }
        }
        Ok(elf)
    }

    /// The number of symbols, which only the longest chain of the GNU hash table tells.
    fn count_gnu_hash(&self, table: u64) -> Result<u64, ElfError> {
        let head = self.at(table, 16)?;
        let (buckets, first, bloom) = (word(&head, 0)?, word(&head, 1)?, word(&head, 2)?);
        let buckets_at = end(table, 16 + u64::from(bloom) * 8)?;
        let bytes = self.at(buckets_at, u64::from(buckets) * 4)?;
        let last = bytes.chunks_exact(4).map(|bucket| u32_at(bucket, 0)).max();
        let Some(last) = last.filter(|last| *last >= first) else {
            return Ok(first.into());
        };
        let chains_at = end(buckets_at, u64::from(buckets) * 4)?;
        let chain_at = end(chains_at, u64::from(last - first) * 4)?;
        let chain = self.at(chain_at, MOST_CHAINED * 4)?;
        let ends = chain.chunks_exact(4).position(|hash| hash[0] & 1 == 1);
        let length = ends.ok_or(ElfError::Malformed("its hash table has no end"))?;
        Ok(u64::from(last) + length as u64 + 1)
    }
}

/// Size of an entry of the symbol table.
const SYMBOL: u64 = 24;

fn read(file: &File, offset: u64, size: u64) -> Result<Vec<u8>, ElfError> {
    // What does not exist is not allocated: the size is one that `Image::open` has seen in the file, or small.
    let size = usize::try_from(size.min(MOST_BYTES)).unwrap_or(0);
    let mut bytes = Vec::new();
    let mut chunk = vec![0; size.min(1 << 16)];
    while bytes.len() < size {
        let wanted = chunk.len().min(size - bytes.len());
        let at = end(offset, bytes.len() as u64)?;
        match file.read_at(&mut chunk[..wanted], at) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(read_error(&error)),
        }
    }
    Ok(bytes)
}

fn read_error(error: &io::Error) -> ElfError {
    ElfError::Read(error.kind(), error.to_string())
}

fn end(offset: u64, size: u64) -> Result<u64, ElfError> {
    offset
        .checked_add(size)
        .ok_or(ElfError::Malformed("an offset beyond all files"))
}

/// The word of a hash table, which may end too early.
fn word(bytes: &[u8], index: usize) -> Result<u32, ElfError> {
    let bytes = bytes.get(index * 4..index * 4 + 4);
    bytes
        .map(|bytes| u32_at(bytes, 0))
        .ok_or(ElfError::Malformed("its hash table is cut off"))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

fn machine_name(machine: u16) -> String {
    match machine {
        3 => "i386".into(),
        8 => "MIPS".into(),
        20 | 21 => "PowerPC".into(),
        22 => "S/390".into(),
        40 => "ARM".into(),
        62 => "x86-64".into(),
        183 => "AArch64".into(),
        243 => "RISC-V".into(),
        258 => "LoongArch".into(),
        number => format!("number {number}"),
    }
}
