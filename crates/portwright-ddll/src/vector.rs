//! A command as the vector that `outputv` gets.

use std::ptr;

use portwright_driver_abi::{ErlDrvBinary, ErlIOVec, SysIOVec};
use portwright_term::IoVec;

use crate::binary::{BinaryRef, COPY_MAX, bytes_of};
use crate::shared::shared;

/// From this many elements on, binaries below [`PACKED_BELOW`] bytes are packed together (D-E18 to D-E21).
const MANY: usize = 16;
const PACKED_BELOW: usize = 256;

/// The vector and what it points to.
///
/// Element 0 is empty. Then come, in order, each large binary as an element of its own, and between them the slices of
/// one common binary that holds all small data. Binaries that are not shared with drivers already are copied into memory
/// that the driver may keep by counting it; Rust's buffers have no place for the count that drivers expect.
pub(crate) struct Vector {
    vector: ErlIOVec,
    _buffers: Vec<SysIOVec>,
    _pointers: Vec<*mut ErlDrvBinary>,
    _binaries: Vec<BinaryRef>,
}

impl Vector {
    /// `None` when there is no memory.
    pub(crate) fn of(data: &IoVec) -> Option<Vector> {
        let pieces = data.pieces();
        let is_large =
            |index: usize, above: usize| pieces[index].len() > above && !data.is_gathered(index);
        // Large pieces, and the runs of small ones around them.
        let elements = |large_above: usize| {
            let mut elements = 0;
            let mut in_run = false;
            for index in 0..pieces.len() {
                let is_large = is_large(index, large_above);
                elements += usize::from(is_large || !in_run);
                in_run = !is_large;
            }
            elements
        };
        let large_above = if elements(COPY_MAX) >= MANY {
            PACKED_BELOW - 1
        } else {
            COPY_MAX
        };
        let mut common = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            if !is_large(index, large_above) {
                common.extend_from_slice(piece);
            }
        }
        let common_binary = if common.is_empty() {
            None
        } else {
            Some(BinaryRef::copy_of(&common)?)
        };
        let mut buffers = vec![SysIOVec {
            iov_base: ptr::null_mut(),
            iov_len: 0,
        }];
        let mut pointers = vec![ptr::null_mut()];
        let mut binaries = Vec::new();
        let mut used = 0;
        let mut in_run = false;
        for (index, piece) in pieces.iter().enumerate() {
            if is_large(index, large_above) {
                let (binary, offset) = match shared(piece) {
                    Some(own) => own,
                    None => (BinaryRef::copy_of(piece)?, 0),
                };
                buffers.push(SysIOVec {
                    iov_base: bytes_of(binary.as_ptr()).wrapping_add(offset).cast(),
                    iov_len: piece.len(),
                });
                pointers.push(binary.as_ptr());
                binaries.push(binary);
                in_run = false;
            } else if in_run {
                let last = buffers.last_mut().expect("a run has begun");
                last.iov_len += piece.len();
                used += piece.len();
            } else if let Some(common) = &common_binary {
                buffers.push(SysIOVec {
                    iov_base: bytes_of(common.as_ptr()).wrapping_add(used).cast(),
                    iov_len: piece.len(),
                });
                pointers.push(common.as_ptr());
                used += piece.len();
                in_run = true;
            }
        }
        binaries.extend(common_binary);
        Some(Vector {
            vector: ErlIOVec {
                vsize: i32::try_from(buffers.len()).ok()?,
                size: data.len(),
                iov: buffers.as_mut_ptr(),
                binv: pointers.as_mut_ptr(),
            },
            _buffers: buffers,
            _pointers: pointers,
            _binaries: binaries,
        })
    }

    /// The driver's view; it may change the arrays.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut ErlIOVec {
        &raw mut self.vector
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pieces: &[usize], expect: &[usize]) {
        let data: IoVec = pieces.iter().map(|len| vec![7u8; *len].into()).collect();
        let vector = Vector::of(&data).unwrap();
        let lens: Vec<usize> = vector
            ._buffers
            .iter()
            .map(|buffer| buffer.iov_len)
            .collect();
        assert_eq!(lens[1..], *expect, "of {pieces:?}");
        assert_eq!(vector.vector.vsize as usize, expect.len() + 1);
        assert_eq!(vector.vector.size, pieces.iter().sum::<usize>());
    }

    #[test]
    fn small_data_is_common_however_much_there_is() {
        let mut data = IoVec::new();
        data.push_gathered(vec![7; 300].into());
        data.push(vec![7; 70].into());
        data.push_gathered(vec![7; 65].into());
        let vector = Vector::of(&data).unwrap();
        let starts: Vec<*mut ErlDrvBinary> = vector._pointers[1..].to_vec();
        assert_eq!(starts[0], starts[2]);
        assert_ne!(starts[0], starts[1]);
    }

    // D-E9, D-E11, D-E12 to D-E14, D-E18 to D-E21. Runs of small data arrive here as one piece.
    #[test]
    fn segments_are_those_of_otp() {
        check(&[], &[]);
        check(&[3], &[3]);
        check(&[64], &[64]);
        check(&[65], &[65]);
        check(&[1, 100, 2], &[1, 100, 2]);
        check(&[100, 100], &[100, 100]);
        check(&[100; 14], &[100; 14]);
        check(&[100; 15], &[100; 15]);
        check(&[100; 16], &[1600]);
        check(&[300; 20], &[300; 20]);
        let mut mixed = vec![300, 1];
        mixed.extend([100; 20]);
        check(&mixed, &[300, 2001]);
    }
}
