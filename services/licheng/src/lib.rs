//! licheng
