//! portwright-driver-abi
