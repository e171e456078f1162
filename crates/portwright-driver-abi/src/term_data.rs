//! Tags of the term language in which drivers describe messages.
//!
//! `erl_drv_output_term` and its kin take an array of words: a flat program in which each tag is followed by its
//! arguments, one word each. Most tags push a term; [`ERL_DRV_TUPLE`], [`ERL_DRV_LIST`], [`ERL_DRV_MAP`] and
//! [`ERL_DRV_STRING_CONS`] pop terms first. At the end one term must be left. The length that goes along counts words,
//! not terms.
//!
//! # Examples
//!
//! `{value, 42}`, where `value` is what `driver_mk_atom` returned:
//!
//! ```
//! use portwright_driver_abi::*;
//!
//! # let value: ErlDrvTermData = 0x4b;
//! let spec: [ErlDrvTermData; 6] = [ERL_DRV_ATOM, value, ERL_DRV_INT, 42, ERL_DRV_TUPLE, 2];
//! # assert_eq!(spec.iter().sum::<usize>(), 2 + 0x4b + 3 + 42 + 7 + 2);
//! ```
//!
//! # Source
//!
//! erl_driver(3), `erl_drv_output_term`; limits and odd cases measured on OTP 25.

use crate::ErlDrvTermData;

/// Push `[]`. No arguments.
pub const ERL_DRV_NIL: ErlDrvTermData = 1;

/// Push an atom. One argument: the atom, from `driver_mk_atom`.
pub const ERL_DRV_ATOM: ErlDrvTermData = 2;

/// Push an integer. One argument: the integer, an [`ErlDrvSInt`](crate::ErlDrvSInt).
pub const ERL_DRV_INT: ErlDrvTermData = 3;

/// Push a port. One argument: the port, from `driver_mk_port`.
pub const ERL_DRV_PORT: ErlDrvTermData = 4;

/// Push part of a binary. Three arguments: [`ErlDrvBinary`](crate::ErlDrvBinary) pointer, length and offset, both in
/// bytes. The driver keeps its own reference.
pub const ERL_DRV_BINARY: ErlDrvTermData = 5;

/// Push a list of bytes. Two arguments: `char *` and length in bytes.
pub const ERL_DRV_STRING: ErlDrvTermData = 6;

/// Pop elements, push a tuple of them. One argument: how many, 0 included.
pub const ERL_DRV_TUPLE: ErlDrvTermData = 7;

/// Pop elements, push a list of them. One argument: how many, *with the tail*, which is the last one; so at least 1.
pub const ERL_DRV_LIST: ErlDrvTermData = 8;

/// Pop a tail, push the bytes in front of it. Two arguments: `char *` and length in bytes.
pub const ERL_DRV_STRING_CONS: ErlDrvTermData = 9;

/// Push a pid. One argument: the pid, from `driver_connected` or `driver_caller`.
pub const ERL_DRV_PID: ErlDrvTermData = 10;

/// Push a float. One argument: `double *`. Infinity and NaN are errors.
pub const ERL_DRV_FLOAT: ErlDrvTermData = 11;

/// Push a term from its external format. Two arguments: `char *` and length in bytes.
pub const ERL_DRV_EXT2TERM: ErlDrvTermData = 12;

/// Push an integer that is not negative. One argument: the integer, an [`ErlDrvUInt`](crate::ErlDrvUInt).
pub const ERL_DRV_UINT: ErlDrvTermData = 13;

/// Push a copy of a buffer as a binary. Two arguments: `char *` and length in bytes.
pub const ERL_DRV_BUF2BINARY: ErlDrvTermData = 14;

/// Push an integer of 64 bits. One argument: [`ErlDrvSInt64`](crate::ErlDrvSInt64) pointer.
pub const ERL_DRV_INT64: ErlDrvTermData = 15;

/// Push an integer of 64 bits that is not negative. One argument: [`ErlDrvUInt64`](crate::ErlDrvUInt64) pointer.
pub const ERL_DRV_UINT64: ErlDrvTermData = 16;

/// Pop keys and values (key 1, value 1, key 2 ...), push a map. One argument: the number of *pairs*. A key that comes
/// twice is an error.
pub const ERL_DRV_MAP: ErlDrvTermData = 17;
