//! Students, staff, classes, courses, and who takes which (§4.1, §5, A.1, A.8; R1, R7, R11, R12).
//!
//! Streams: `student-{id}`, `staff-{id}`, `class-{id}`, `course-{id}`, `taking-{student}-{semester}`. Records
//! [`events::RecordsEvent`]; decides with its own events alone: the classes there are ([`Classes`]), and what
//! [`events::Authority`] says of students, staff and courses. Ids in the roster, user names, student numbers and
//! identity numbers are unique in the school by claims.

mod domain;
mod facts;
mod import;
mod query;
pub mod roster;
mod rules;
mod service;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chassis::{Module, Rpc, Task};
use eventstore::{Engine, Executor, Known};
use kernel::Duty;
use proto::records::v1::records_service_server::RecordsServiceServer;

pub use domain::{
    Basic, Class, ClassCommand, ClassRefusal, Course, CourseCommand, CourseRefusal, Staff, StaffCommand,
    StaffRefusal, Student, StudentCommand, StudentRefusal, Taking, TakingCommand, TakingRefusal,
    is_submittable,
};
pub use facts::Classes;
pub use rules::RULES;

/// Every method and the duty that its caller needs.
pub const RPCS: &[Rpc] = &[
    Rpc { path: "/licheng.records.v1.RecordsService/RegisterStudent", duty: Duty::KeepBasicData },
    Rpc { path: "/licheng.records.v1.RecordsService/CorrectStudent", duty: Duty::KeepBasicData },
    Rpc { path: "/licheng.records.v1.RecordsService/PlaceStudent", duty: Duty::KeepBasicData },
    Rpc { path: "/licheng.records.v1.RecordsService/GraduateStudent", duty: Duty::ChangeStatus },
    Rpc { path: "/licheng.records.v1.RecordsService/RecordLeaving", duty: Duty::ChangeStatus },
    Rpc { path: "/licheng.records.v1.RecordsService/RecordReturn", duty: Duty::ChangeStatus },
    Rpc { path: "/licheng.records.v1.RecordsService/RegisterStaff", duty: Duty::KeepBasicData },
    Rpc { path: "/licheng.records.v1.RecordsService/OpenClass", duty: Duty::KeepCourses },
    Rpc { path: "/licheng.records.v1.RecordsService/AssignHomeroom", duty: Duty::KeepCourses },
    Rpc { path: "/licheng.records.v1.RecordsService/OfferCourse", duty: Duty::KeepCourses },
    Rpc { path: "/licheng.records.v1.RecordsService/AssignTeacher", duty: Duty::KeepCourses },
    Rpc { path: "/licheng.records.v1.RecordsService/ReleaseTeacher", duty: Duty::KeepCourses },
    Rpc { path: "/licheng.records.v1.RecordsService/TakeCourse", duty: Duty::KeepCourses },
    Rpc { path: "/licheng.records.v1.RecordsService/DropCourse", duty: Duty::KeepCourses },
    Rpc { path: "/licheng.records.v1.RecordsService/ImportRoster", duty: Duty::ImportRoster },
    Rpc { path: "/licheng.records.v1.RecordsService/FindPerson", duty: Duty::ReadRecords },
    Rpc { path: "/licheng.records.v1.RecordsService/GetStudent", duty: Duty::ReadRecords },
];

/// What executes commands: one executor for each decider, over the same knowledge.
pub(crate) struct Executors {
    known: Arc<Known<Classes>>,
    students: Executor<Student>,
    staff: Executor<Staff>,
    classes: Executor<Class>,
    courses: Executor<Course>,
    takings: Executor<Taking>,
    /// No import takes a further row: the process is stopping.
    stopping: AtomicBool,
}

impl Executors {
    fn new(engine: &Arc<Engine>) -> Arc<Self> {
        let known = Arc::new(Known::new(Arc::clone(engine)));
        let parts = || (Arc::clone(engine), Arc::clone(&known));
        let (students, staff, classes, courses, takings) = (parts(), parts(), parts(), parts(), parts());
        Arc::new(Self {
            students: Executor::new(students.0, students.1),
            staff: Executor::new(staff.0, staff.1),
            classes: Executor::new(classes.0, classes.1),
            courses: Executor::new(courses.0, courses.1),
            takings: Executor::new(takings.0, takings.1),
            known,
            stopping: AtomicBool::new(false),
        })
    }

    fn engine(&self) -> &Arc<Engine> {
        self.known.engine()
    }
}

/// The service, ready to be served.
pub fn module(engine: &Arc<Engine>) -> Module {
    let executors = Executors::new(engine);
    let service = service::Service::new(Arc::clone(&executors));
    // An import may take longer than a shutdown waits; the same one goes on where it stood.
    let imports = Task::new("imports", move |mut stop| async move {
        let _ = stop.wait_for(|stop| *stop).await;
        executors.stopping.store(true, Ordering::Relaxed);
    });
    Module::new("records", RPCS, RecordsServiceServer::new(service)).with(imports)
}
