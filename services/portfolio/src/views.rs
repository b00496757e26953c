mod class;
mod student;
mod teacher;
mod worklist;

pub(crate) use class::Class;
pub(crate) use student::{Student, StudentDocument, Work, WorkState};
pub(crate) use teacher::Teacher;
pub(crate) use worklist::{Waiting, Worklist};

#[cfg(test)]
mod tests;
