//! portwright-term
