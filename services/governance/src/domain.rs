//! The rules: pure functions of state, command and context.

pub(crate) mod duty;
pub(crate) mod office;
pub(crate) mod policy;
pub(crate) mod school;
