//! Bytes into messages and back, without I/O.

pub(crate) mod line;
pub(crate) mod packet;
