//! The external term format.

use std::cmp::Ordering;
use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use portwright_term::etf::{
    DecodeLimits, EncodeOptions, VERSION, decode, decode_borrowed, decode_prefix, encode, tag,
};
use portwright_term::text::format_w;

/// So little that every input stays quick.
const LIMITS: DecodeLimits = DecodeLimits {
    max_inflated: 1 << 20,
    max_depth: usize::MAX,
    existing_atoms_only: false,
};

/// Bytes are an error, or a term that encodes and decodes to itself.
pub fn etf_decode(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    assert_eq!(
        decode_borrowed(data, &LIMITS),
        decode_prefix(&bytes, &LIMITS),
        "copied or shared, it is the same"
    );
    let Ok((term, used)) = decode_prefix(&bytes, &LIMITS) else {
        assert!(decode(&bytes, &LIMITS).is_err());
        return;
    };
    assert_eq!(decode(&bytes, &LIMITS).is_ok(), used == data.len());
    assert_eq!(
        decode_prefix(&bytes.slice(..used), &LIMITS),
        Ok((term.clone(), used)),
        "what follows a term changes nothing"
    );
    for minor_version in 0..=2 {
        let options = EncodeOptions {
            minor_version,
            compressed: None,
        };
        let encoded = encode(&term, &options).expect("a decoded term has an external format");
        let back = decode(&encoded, &LIMITS).expect("what was encoded decodes");
        assert_eq!(back, term);
        assert_eq!(back.erl_cmp(&term), Ordering::Equal);
        let again = encode(&back, &options).expect("it did so before");
        assert_eq!(again, encoded, "equal terms encode equally");
        assert_eq!(
            format_w(&back),
            format_w(&term),
            "equal terms print equally"
        );
    }
}

/// The same for bytes that are not trusted: without new atoms, compressed, within limits.
///
/// The first byte chooses the depth limit and whether the rest is compressed first, since no
/// fuzzer makes up a checksum.
pub fn etf_safe(data: &[u8]) {
    let Some((&mode, data)) = data.split_first() else {
        return;
    };
    let input = if mode & 1 == 0 {
        data.to_vec()
    } else {
        let mut input = vec![VERSION, tag::COMPRESSED];
        input.extend((data.len() as u32).to_be_bytes());
        let mut encoder = ZlibEncoder::new(input, Compression::fast());
        encoder.write_all(data).expect("a vector takes all");
        encoder.finish().expect("a vector takes all")
    };
    let limits = DecodeLimits {
        existing_atoms_only: true,
        max_depth: usize::from(mode >> 1),
        ..LIMITS
    };
    let bytes = Bytes::from(input);
    let Ok(term) = decode(&bytes, &limits) else {
        return;
    };
    assert_eq!(decode(&bytes, &LIMITS).as_ref(), Ok(&term));
    let options = EncodeOptions {
        compressed: Some(mode % 10),
        ..EncodeOptions::default()
    };
    let encoded = encode(&term, &options).expect("a decoded term has an external format");
    assert_eq!(
        decode(&encoded, &limits),
        Ok(term),
        "no limit is in the way"
    );
}
