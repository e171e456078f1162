//! `{packet,N}`: a big-endian header that counts the bytes that follow.
//!
//! The decoder never holds more than has arrived: a header that announces 4 GiB
//! costs nothing until the bytes come.

use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

/// The number of bytes in a packet header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderBytes {
    One,
    Two,
    Four,
}

impl HeaderBytes {
    /// 1, 2 or 4.
    pub(crate) fn new(count: u8) -> Option<Self> {
        match count {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            4 => Some(Self::Four),
            _ => None,
        }
    }

    fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// The header for a payload of `len` bytes; `None` when it does not fit.
    ///
    /// Rule P-224 ends the port with `einval` then.
    pub(crate) fn encode(self, len: usize) -> Option<Header> {
        let bytes = u32::try_from(len).ok()?.to_be_bytes();
        let start = 4 - self.count();
        bytes[..start]
            .iter()
            .all(|byte| *byte == 0)
            .then_some(Header { bytes, start })
    }
}

/// An encoded packet header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    bytes: [u8; 4],
    start: usize,
}

impl AsRef<[u8]> for Header {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// Where the payload of a packet is.
#[derive(Debug)]
pub(crate) enum Packet {
    /// Within what was fed.
    Within(Range<usize>),
    /// Here: it came in several pieces.
    Joined(Bytes),
}

/// Puts packets together again.
#[derive(Debug)]
pub(crate) struct PacketDecoder {
    header: HeaderBytes,
    /// Begins with a header or a part of one; never holds a whole packet.
    partial: BytesMut,
}

impl PacketDecoder {
    pub(crate) fn new(header: HeaderBytes) -> Self {
        Self {
            header,
            partial: BytesMut::new(),
        }
    }

    /// Takes in `data`, gives out the packets that it completes.
    pub(crate) fn feed(&mut self, data: &[u8], mut deliver: impl FnMut(Packet)) {
        let mut at = 0;
        while !self.partial.is_empty() {
            let left = &data[at..];
            let Some(total) = self.announced(&self.partial) else {
                // Not even the header is complete: at most three bytes are copied.
                let wanted = (self.header.count() - self.partial.len()).min(left.len());
                if wanted == 0 {
                    return;
                }
                self.partial.extend_from_slice(&left[..wanted]);
                at += wanted;
                continue;
            };
            let wanted = (total - self.partial.len()).min(left.len());
            self.partial.extend_from_slice(&left[..wanted]);
            at += wanted;
            if self.partial.len() < total {
                return;
            }
            let mut packet = std::mem::take(&mut self.partial).freeze();
            packet.advance(self.header.count());
            deliver(Packet::Joined(packet));
        }
        while let Some(total) = self.announced(&data[at..])
            && total <= data.len() - at
        {
            deliver(Packet::Within(at + self.header.count()..at + total));
            at += total;
        }
        self.partial.extend_from_slice(&data[at..]);
    }

    /// The size of the packet at the start of `data`, header included.
    fn announced(&self, data: &[u8]) -> Option<usize> {
        let header = data.get(..self.header.count())?;
        let len = header
            .iter()
            .fold(0usize, |len, byte| len << 8 | usize::from(*byte));
        Some(len + self.header.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(header: HeaderBytes, chunks: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut decoder = PacketDecoder::new(header);
        let mut got = Vec::new();
        for chunk in chunks {
            decoder.feed(chunk, |packet| {
                got.push(match packet {
                    Packet::Within(range) => chunk[range].to_vec(),
                    Packet::Joined(packet) => packet.to_vec(),
                });
            });
        }
        got
    }

    // P-220: reassembled over any number of reads, several packets in one read.
    #[test]
    fn packets_of_one_read_all_arrive() {
        assert_eq!(
            decode(HeaderBytes::One, &[b"\x03abc\x02de"]),
            [b"abc".to_vec(), b"de".to_vec()]
        );
        assert_eq!(
            decode(HeaderBytes::Two, &[b"\0", b"\0\0\x01x"]),
            [b"".to_vec(), b"x".to_vec()]
        );
    }

    // P-222, issue: memory grows with what arrives, not with what is announced.
    #[test]
    fn an_announced_four_gibibytes_cost_nothing() {
        let mut decoder = PacketDecoder::new(HeaderBytes::Four);
        decoder.feed(b"\xff\xff\xff\xffabc", |_| panic!("no packet yet"));
        assert!(decoder.partial.capacity() < 1024);
    }

    // P-224: the largest packet of each header.
    #[test]
    fn a_payload_that_does_not_fit_has_no_header() {
        assert_eq!(HeaderBytes::One.encode(255).expect("fits").as_ref(), [255]);
        assert!(HeaderBytes::One.encode(256).is_none());
        assert_eq!(
            HeaderBytes::Two.encode(65535).expect("fits").as_ref(),
            [255, 255]
        );
        assert!(HeaderBytes::Two.encode(65536).is_none());
        assert_eq!(
            HeaderBytes::Four.encode(65536).expect("fits").as_ref(),
            [0, 1, 0, 0]
        );
        assert!(HeaderBytes::Four.encode(1 << 32).is_none());
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_packets(
            header in prop::sample::select(vec![HeaderBytes::One, HeaderBytes::Two, HeaderBytes::Four]),
            packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..8),
            cuts in proptest::collection::vec(0usize..1600, 0..12),
        ) {
            let mut wire = Vec::new();
            for packet in &packets {
                wire.extend_from_slice(header.encode(packet.len()).expect("short").as_ref());
                wire.extend_from_slice(packet);
            }
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(wire.len())).collect();
            cuts.extend([0, wire.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|w| &wire[w[0]..w[1]]).collect();
            prop_assert_eq!(decode(header, &chunks), packets);
        }
    }
}
