//! portwright-driver
