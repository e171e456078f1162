//! portwright-shell
