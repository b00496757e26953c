//! The rules of records, one decider for each kind of stream.

mod class;
mod code;
mod course;
mod staff;
mod student;
mod taking;

use events::{ClaimKind, ClaimName, Context, Facts};
use kernel::PersonId;

pub use class::{Class, ClassCommand, ClassRefusal};
pub use code::is_submittable;
pub use course::{Course, CourseCommand, CourseRefusal};
pub use staff::{Staff, StaffCommand, StaffRefusal};
pub use student::{Basic, Student, StudentCommand, StudentRefusal};
pub use taking::{Taking, TakingCommand, TakingRefusal};

/// The first of these values that is another's than this person's.
fn taken<F: Facts>(at: &Context<'_, F>, names: &[ClaimName], person: PersonId) -> Option<ClaimKind> {
    let other = |name: &&ClaimName| at.claimed(name).is_some_and(|whose| whose != person.uuid());
    names.iter().find(other).map(|name| name.kind)
}

/// The field that holds a value of that kind, as requests name it.
pub(crate) const fn field_of(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::RosterPerson | ClaimKind::RosterClass | ClaimKind::RosterCourse => "roster_id",
        ClaimKind::Username => "username",
        ClaimKind::StudentNumber => "number",
        ClaimKind::IdentityNumber => "identity_number",
    }
}

/// A kind of value in Chinese.
const fn chinese_of(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::RosterPerson | ClaimKind::RosterClass | ClaimKind::RosterCourse => "名冊編號",
        ClaimKind::Username => "帳號",
        ClaimKind::StudentNumber => "學號",
        ClaimKind::IdentityNumber => "身分證明號碼",
    }
}
