use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use kernel::{CourseId, Duty, EventId, Instant, PersonId, RequestId, SchoolYear, Semester};
use uuid::Uuid;

use crate::{AnyEvent, Authority, ClaimName, Course, Policy, Recorded, Standing};

/// What a service must know of other streams: a pure fold.
pub trait Facts: Default + Send + Sync + 'static {
    /// Takes an event in.
    fn apply(&mut self, event: &Recorded<AnyEvent>);
}

impl Facts for () {
    fn apply(&mut self, _: &Recorded<AnyEvent>) {}
}

/// By which way a command came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Over gRPC.
    Grpc,
    /// From the command line, on the host itself.
    Cli,
    /// From a reactor.
    Reactor,
    /// From a deadline that fell due.
    Deadline,
}

impl Channel {
    /// Its name in a record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Cli => "cli",
            Self::Reactor => "reactor",
            Self::Deadline => "deadline",
        }
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The person, or the ledger itself when a reactor or a deadline asks.
    pub person: PersonId,
    /// By which way.
    pub channel: Channel,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// What the undertaking is known by.
    pub correlation: Option<String>,
    /// The event that caused it.
    pub causation: Option<EventId>,
}

impl Caller {
    /// A person over a channel, without a trace.
    pub const fn new(person: PersonId, channel: Channel) -> Self {
        Self { person, channel, traceparent: None, correlation: None, causation: None }
    }
}

/// What is known of one ledger up to a position: authority, a service's facts, and the version of every stream.
#[derive(Debug, Default)]
pub struct Basis<F> {
    /// The last position taken in.
    pub position: u64,
    /// Who may do what.
    pub authority: Authority,
    /// The service's facts.
    pub facts: F,
    /// How far each stream has come.
    pub versions: HashMap<String, u32>,
}

impl<F: Facts> Basis<F> {
    /// Takes the next event in.
    pub fn apply(&mut self, event: &Recorded<AnyEvent>) {
        self.position = event.position;
        self.versions.insert(event.record.stream.clone(), event.record.streamversion);
        self.authority.apply(event);
        self.facts.apply(event);
    }

    /// Passes over a position whose event is of nobody we read.
    pub fn skip(&mut self, position: u64) {
        self.position = position;
    }
}

/// A stream that a decision relied on, at the version that it was known at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reliance {
    /// The stream.
    pub stream: String,
    /// The version; 0 if it didn't exist.
    pub version: u32,
    /// Whether the append must find it unmoved.
    pub hard: bool,
}

/// What a decision is made with. It notes each fact that is asked of it.
pub struct Context<'a, F> {
    /// The instant by which it is judged.
    pub now: Instant,
    /// Who asks.
    pub caller: &'a Caller,
    /// The duty by which it was allowed.
    pub duty: Duty,
    request: RequestId,
    basis: &'a Basis<F>,
    claimed: &'a HashMap<ClaimName, Uuid>,
    relied: RefCell<BTreeMap<String, Reliance>>,
    made: RefCell<Vec<Uuid>>,
}

impl<'a, F: Facts> Context<'a, F> {
    /// A context.
    pub fn new(
        now: Instant,
        caller: &'a Caller,
        duty: Duty,
        request: RequestId,
        basis: &'a Basis<F>,
        claimed: &'a HashMap<ClaimName, Uuid>,
    ) -> Self {
        Self {
            now,
            caller,
            duty,
            request,
            basis,
            claimed,
            relied: RefCell::default(),
            made: RefCell::default(),
        }
    }

    /// The n-th new id of this request: the same whenever it is decided.
    pub fn id(&self, n: u32) -> Uuid {
        let id = self.request.derive(&format!("new/{n}"));
        let mut made = self.made.borrow_mut();
        if !made.contains(&id) {
            made.push(id);
        }
        id
    }

    /// The new ids that were asked for so far, in order: what the receipt keeps.
    pub fn made(&self) -> Vec<Uuid> {
        self.made.borrow().clone()
    }

    /// Facts of a stream that the append needn't find unmoved: a refusal is confirmed by it.
    pub fn facts_of(&self, stream: &str) -> &'a F {
        self.note(stream, false);
        &self.basis.facts
    }

    /// Facts of a stream that must be unmoved when the event is appended (a guard).
    pub fn guarded_facts_of(&self, stream: &str) -> &'a F {
        self.note(stream, true);
        &self.basis.facts
    }

    /// The policy in force for a school year, now. A guard.
    pub fn policy(&self, year: SchoolYear) -> Option<&'a Policy> {
        self.policy_at(year, self.now)
    }

    /// The policy that was in force for a school year at an instant. A guard.
    pub fn policy_at(&self, year: SchoolYear, at: Instant) -> Option<&'a Policy> {
        self.note(&format!("policy-{year}"), true);
        self.basis.authority.policy(year, at)
    }

    /// A course, if it has been offered. A guard: its teachers must be who they were.
    pub fn course(&self, course: CourseId) -> Option<&'a Course> {
        self.note(&format!("course-{course}"), true);
        self.basis.authority.course(course)
    }

    /// Whether a person teaches a course. A guard.
    pub fn teaches(&self, course: CourseId, teacher: PersonId) -> bool {
        self.course(course).is_some_and(|course| course.teachers.contains(&teacher))
    }

    /// Whether a student takes a course of a semester. A guard.
    pub fn takes(&self, student: PersonId, course: CourseId, semester: Semester) -> bool {
        self.note(&format!("taking-{student}-{semester}"), true);
        self.basis.authority.takes(student, course)
    }

    /// What a student is to the school. A guard: graduation and leaving come before or after, never beside.
    pub fn standing(&self, student: PersonId) -> Option<Standing> {
        self.note(&format!("student-{student}"), true);
        self.basis.authority.standing(student)
    }

    /// The service's facts, without noting anything: to find by them which stream to ask of.
    pub fn facts(&self) -> &'a F {
        &self.basis.facts
    }

    /// Who may do what, without noting anything: for what the roster says of a person.
    pub fn authority(&self) -> &'a Authority {
        &self.basis.authority
    }

    /// Whose a claimed value is, of those that the command named.
    pub fn claimed(&self, name: &ClaimName) -> Option<Uuid> {
        self.claimed.get(name).copied()
    }

    /// Everything that was relied on so far.
    pub fn relied(&self) -> Vec<Reliance> {
        self.relied.borrow().values().cloned().collect()
    }

    fn note(&self, stream: &str, hard: bool) {
        let version = self.basis.versions.get(stream).copied().unwrap_or(0);
        let mut relied = self.relied.borrow_mut();
        let noted =
            relied.entry(stream.to_owned()).or_insert(Reliance { stream: stream.to_owned(), version, hard });
        noted.hard |= hard;
    }
}
