//! A shared object, written in memory, whose symbols are the addresses of our functions.
//!
//! A driver's undefined symbols (`driver_alloc` and so on) are looked up in the executable and in libraries that
//! were opened with `RTLD_GLOBAL`. An executable exports nothing unless its linker is told to, which a library cannot
//! arrange for its user. So we write the smallest library that has the names: a header, a symbol table with absolute
//! addresses, a hash table to find them, no code at all. A call from a driver then goes straight to the Rust function.
//!
//! This file only makes the bytes; [`super::global`] opens them.

/// One symbol of the image.
#[derive(Clone, Copy)]
pub(crate) struct Symbol {
    pub(crate) name: &'static str,
    pub(crate) address: usize,
    /// A variable, else a function.
    pub(crate) is_data: bool,
}

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
const PROGRAM_HEADERS: usize = 3;
/// Size of one entry of the symbol table.
pub(super) const SYMBOL: usize = 24;
const DYNAMIC: usize = 16;

/// The number of this machine's architecture in ELF headers.
#[cfg(target_arch = "x86_64")]
pub(crate) const MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
pub(crate) const MACHINE: u16 = 183;
#[cfg(target_arch = "riscv64")]
pub(crate) const MACHINE: u16 = 243;

/// `SHN_ABS`: the value is an address as it stands, not relative to where the library lies.
const ABSOLUTE: u16 = 0xfff1;

/// Little-endian bytes of an ELF file in the making.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn u16(&mut self, value: u16) {
        self.0.extend(value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.0.extend(value.to_le_bytes());
    }

    fn u64(&mut self, value: usize) {
        self.0.extend((value as u64).to_le_bytes());
    }
}

/// The image, and where in it the symbol table begins.
pub(super) fn build(symbols: &[Symbol]) -> (Vec<u8>, usize) {
    let mut names = vec![0u8];
    let offsets: Vec<usize> = symbols
        .iter()
        .map(|symbol| {
            let offset = names.len();
            names.extend_from_slice(symbol.name.as_bytes());
            names.push(0);
            offset
        })
        .collect();
    let soname = names.len();
    names.extend_from_slice(b"portwright-driver-functions\0");

    let count = symbols.len() + 1;
    let symbols_at = HEADER + PROGRAM_HEADERS * PROGRAM_HEADER;
    let dynamic_at = symbols_at + count * SYMBOL;
    let hash_at = dynamic_at + 7 * DYNAMIC;
    let names_at = hash_at + 4 * (2 + count + count);
    let size = names_at + names.len();

    let mut out = Writer::default();
    // The file header: a 64-bit little-endian shared object.
    out.0.extend(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    out.u16(3);
    out.u16(MACHINE);
    out.u32(1);
    out.u64(0);
    out.u64(HEADER);
    out.u64(0);
    out.u32(0);
    out.u16(HEADER as u16);
    out.u16(PROGRAM_HEADER as u16);
    out.u16(PROGRAM_HEADERS as u16);
    // No sections: sizes and indices of their table.
    out.u16(64);
    out.u16(0);
    out.u16(0);

    let mut segment = |kind: u32, at: usize, len: usize, align: usize| {
        out.u32(kind);
        // Readable and writable: an old glibc relocates the dynamic section in place, and the fallback of
        // `super::global` rewrites the symbols.
        out.u32(6);
        out.u64(at);
        out.u64(at);
        out.u64(at);
        out.u64(len);
        out.u64(len);
        out.u64(align);
    };
    segment(1, 0, size, 0x1000);
    segment(2, dynamic_at, 7 * DYNAMIC, 8);
    // PT_GNU_STACK: without it the loader might make all stacks executable.
    segment(0x6474_e551, 0, 0, 16);

    debug_assert_eq!(out.0.len(), symbols_at);
    out.0.extend([0; SYMBOL]);
    for (symbol, name) in symbols.iter().zip(&offsets) {
        out.u32(*name as u32);
        let kind = if symbol.is_data { 1 } else { 2 };
        out.0.push(1 << 4 | kind);
        out.0.push(0);
        out.u16(ABSOLUTE);
        out.u64(symbol.address);
        out.u64(if symbol.is_data { 8 } else { 0 });
    }

    let dynamic = [
        (4, hash_at),
        (5, names_at),
        (6, symbols_at),
        (10, names.len()),
        (11, SYMBOL),
        (14, soname),
        (0, 0),
    ];
    for (tag, value) in dynamic {
        out.u64(tag);
        out.u64(value);
    }

    // The hash table: as many buckets as symbols.
    let mut buckets = vec![0u32; count];
    let mut chains = vec![0u32; count];
    for (index, symbol) in symbols.iter().enumerate() {
        let bucket = hash(symbol.name) as usize % count;
        chains[index + 1] = buckets[bucket];
        buckets[bucket] = index as u32 + 1;
    }
    out.u32(count as u32);
    out.u32(count as u32);
    buckets
        .into_iter()
        .chain(chains)
        .for_each(|word| out.u32(word));
    out.0.extend(names);
    (out.0, symbols_at)
}

/// The hash function of the System V ABI.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0u32, |hash, byte| {
        let hash = (hash << 4).wrapping_add(u32::from(byte));
        let high = hash & 0xf000_0000;
        (hash ^ high >> 24) & !high
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Values from the System V ABI's own example function, computed by hand for short names.
    #[test]
    fn names_are_hashed_as_the_abi_says() {
        assert_eq!(hash(""), 0);
        assert_eq!(hash("a"), 0x61);
        assert_eq!(hash("ab"), 0x672);
        assert_eq!(hash("printf"), 0x077905a6);
    }

    #[test]
    fn every_symbol_is_where_the_table_says() {
        let symbols = [
            Symbol {
                name: "one",
                address: 0x1234_5678_9abc,
                is_data: false,
            },
            Symbol {
                name: "two",
                address: 8,
                is_data: true,
            },
        ];
        let (image, at) = build(&symbols);
        let value = |index: usize| {
            let at = at + index * SYMBOL + 8;
            u64::from_le_bytes(image[at..at + 8].try_into().unwrap())
        };
        assert_eq!((value(1), value(2)), (0x1234_5678_9abc, 8));
        assert!(image.windows(4).any(|bytes| bytes == b"two\0"));
    }
}
