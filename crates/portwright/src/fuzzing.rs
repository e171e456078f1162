//! What must hold for framing whatever the bytes and however they are cut into reads.
//!
//! Here and not with the other checks of the fuzz targets, because framing is private. The
//! seeds run as tests.

use bytes::Bytes;

use crate::framing::line::{self, LineBuffer};
use crate::framing::packet::{HeaderBytes, Packet, PacketDecoder};

/// Splits `data` into the way that the stream is cut and the stream: a number of sizes,
/// the sizes, the rest. The sizes are used again and again until the stream ends.
fn chunks(data: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let (&count, data) = data.split_first().unwrap_or((&0, data));
    let (sizes, stream) = data.split_at(usize::from(count % 16).min(data.len()));
    let mut chunks = Vec::new();
    let mut rest = stream;
    let mut again = sizes.iter().cycle();
    while !rest.is_empty() {
        let size = match again.next() {
            Some(size) if sizes.iter().any(|size| *size > 0) => usize::from(*size),
            _ => rest.len(),
        };
        let (chunk, behind) = rest.split_at(size.min(rest.len()));
        chunks.push(chunk);
        rest = behind;
    }
    (chunks, stream)
}

/// Packets are those of a simple reading of the whole stream, and encode to it again.
pub fn framing_packet(data: &[u8]) {
    let (&kind, data) = data.split_first().unwrap_or((&0, data));
    let count = [1, 2, 4][usize::from(kind) % 3];
    let header = HeaderBytes::new(count).expect("1, 2 and 4 are headers");
    let (chunks, stream) = chunks(data);

    let mut expected: Vec<&[u8]> = Vec::new();
    let mut rest = stream;
    while let Some((announced, behind)) = rest.split_at_checked(usize::from(count)) {
        let len = announced
            .iter()
            .fold(0, |len, byte| len * 256 + usize::from(*byte));
        let Some((packet, behind)) = behind.split_at_checked(len) else {
            break;
        };
        expected.push(packet);
        rest = behind;
    }

    let mut decoder = PacketDecoder::new(header);
    let mut got: Vec<Bytes> = Vec::new();
    for chunk in chunks {
        decoder.feed(chunk, |packet| {
            got.push(match packet {
                Packet::Within(range) => Bytes::copy_from_slice(&chunk[range]),
                Packet::Joined(packet) => packet,
            });
        });
    }
    assert_eq!(got, expected);

    let mut again = Vec::new();
    for packet in &got {
        let header = header.encode(packet.len()).expect("it had a header before");
        again.extend_from_slice(header.as_ref());
        again.extend_from_slice(packet);
    }
    assert_eq!(again, &stream[..stream.len() - rest.len()]);
}

/// Lines are those of rule P-231, word by word.
pub fn framing_line(data: &[u8]) {
    let (&max_bytes, data) = data.split_first().unwrap_or((&0, data));
    let max_bytes = usize::from(max_bytes).max(1);
    let (chunks, stream) = chunks(data);

    let mut buffer = LineBuffer::new(max_bytes);
    let mut got = Vec::new();
    for chunk in chunks {
        buffer.feed(chunk, |line| got.push((line.complete, line.bytes)));
    }
    buffer.finish(|line| got.push((line.complete, line.bytes)));
    assert!(got.iter().all(|(_, bytes)| bytes.len() <= max_bytes));
    assert_eq!(got, line::model(max_bytes, stream));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[track_caller]
    fn replay(target: &str, check: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../fuzz/seeds")
            .join(target);
        let entries = std::fs::read_dir(&folder).expect("the target has a folder of seeds");
        let mut count = 0;
        for path in entries.map(|entry| entry.expect("it is readable").path()) {
            check(&std::fs::read(&path).expect("a seed is readable"));
            count += 1;
        }
        assert!(count > 0, "{target} has no seeds");
    }

    #[test]
    fn framing_packet() {
        replay("framing_packet", super::framing_packet);
    }

    #[test]
    fn framing_line() {
        replay("framing_line", super::framing_line);
    }
}
