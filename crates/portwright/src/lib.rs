//! portwright
