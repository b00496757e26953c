//! A school with two graduates whose works were sent to the central database, and a process of it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use blobstore::BlobStore;
use chassis::{Call, Task, Tasks};
use events::{
    AnyEvent, Caller, Channel, Context, Decider, DomainEvent, FileDescription, GovernanceEvent, Recorded,
    RecordsEvent, StudentData, SubmissionEvent, UploadsEvent, WorkKind, extract_of,
};
use eventstore::bus::local::LocalBus;
use eventstore::react::Reactor;
use eventstore::{Engine, Order, Rejected, Written};
use kernel::{
    ClassId, Clause, Clock, Compartment, CourseId, Date, Duty, FileId, Instant, Kind, Office, Owner,
    PersonId, Personal, Public, Refusal, RequestId, SchoolYear, WorkId, clause,
};
use uuid::Uuid;
use vault::{KeyEncryptionKey, KeyStore, Vault};

use super::place::Place;
use super::*;
use crate::{Command, Erasing, Sealing};

pub(super) const LEDGER: LedgerId = LedgerId::new(Uuid::from_u128(0xa));
pub(super) const STUDENT: PersonId = PersonId::new(Uuid::from_u128(0xb));
pub(super) const OTHER: PersonId = PersonId::new(Uuid::from_u128(0xc));
pub(super) const REGISTRAR: PersonId = PersonId::new(Uuid::from_u128(0xd));
pub(super) const PRINCIPAL: PersonId = PersonId::new(Uuid::from_u128(0xe));
pub(super) const GUIDANCE: PersonId = PersonId::new(Uuid::from_u128(0xf));
/// Somebody whom the school doesn't know.
pub(super) const STRANGER: PersonId = PersonId::new(Uuid::from_u128(0x10));
pub(super) const CLASS: ClassId = ClassId::new(Uuid::from_u128(0x11));
/// What only the students' data says.
pub(super) const NAME: &str = "林武雄";

static REQUESTS: AtomicU64 = AtomicU64::new(1_000);

/// A request id that no other request of these tests has.
pub(super) fn request_id() -> String {
    Uuid::from_u128(REQUESTS.fetch_add(1, Ordering::Relaxed).into()).to_string()
}

pub(super) fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// The date in the seals.
pub(super) fn sealed_until() -> Instant {
    at("2029-06-13T00:00:00+08:00")
}

/// The n-th file: of a student's work, or a package.
pub(super) fn file(n: u128) -> FileId {
    FileId::new(Uuid::from_u128(0x100 + n))
}

fn work(n: u128) -> WorkId {
    WorkId::new(Uuid::from_u128(0x200 + n))
}

/// A clock that is set by hand.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// Records what it is told, as another service would.
struct Said<E>(std::marker::PhantomData<E>);

impl<E> Clone for Said<E> {
    fn clone(&self) -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<E> Default for Said<E> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

#[derive(Debug)]
struct Never;

impl Refusal for Never {
    fn kind(&self) -> Kind {
        Kind::NotFound
    }
    fn reason(&self) -> &'static str {
        "NEVER"
    }
    fn clause(&self) -> Clause {
        const { clause("G5") }
    }
    fn english(&self) -> String {
        String::new()
    }
    fn chinese(&self) -> String {
        String::new()
    }
}

impl<E: DomainEvent + Into<AnyEvent> + TryFrom<AnyEvent>> Decider for Said<E> {
    type Command = E;
    type Event = E;
    type Facts = ();
    type Refusal = Never;

    fn decide(&self, _: &Context<'_, ()>, event: E) -> Result<Vec<E>, Never> {
        Ok(vec![event])
    }

    fn evolve(&mut self, _: &E) {}
}

/// A process of the school.
pub(super) struct School {
    pub(super) place: Arc<Place>,
    pub(super) engine: Arc<Engine>,
    pub(super) blobs: BlobStore,
    pub(super) service: Service,
    portfolios: Arc<Executor<Portfolio>>,
    clock: Arc<Hand>,
    tasks: Tasks,
}

impl School {
    /// The school on the day after graduation, both students sealed.
    pub(super) async fn sealed(place: Arc<Place>) -> Self {
        let school = Self::graduated(place).await;
        school.react(&school.sealing()).await;
        school
    }

    /// The same before anything has reacted to graduation.
    pub(super) async fn graduated(place: Arc<Place>) -> Self {
        let school = Self::process(place).await;
        assert!(school.engine.store.open_ledger(LEDGER, "353301").await.unwrap());
        school.seat().await;
        school.enrol().await;
        school.submit().await;
        let year = SchoolYear::try_new(114).unwrap();
        for student in [STUDENT, OTHER] {
            let graduated = RecordsEvent::StudentGraduated { student, year, on: Date::constant(2026, 6, 12) };
            school.say(&format!("student-{student}"), graduated).await;
        }
        school
    }

    /// Another process over the same store and folder.
    pub(super) async fn again(&self) -> Self {
        let again = Self::process(Arc::clone(&self.place)).await;
        again.set(self.clock.now());
        again
    }

    async fn process(place: Arc<Place>) -> Self {
        let store = place.open().await;
        let kek = KeyEncryptionKey::parse(&"ab".repeat(32)).unwrap();
        let vault = Vault::new(Arc::clone(&store) as Arc<dyn KeyStore>, kek);
        let clock = Arc::new(Hand(AtomicI64::new(at("2026-06-13T09:00:00+08:00").micros())));
        let blobs = BlobStore::folder(&place.files(), vault.clone()).unwrap();
        let (bus, tasks) = (Arc::new(LocalBus::default()), Tasks::default());
        let spawner = Arc::new(tasks.clone());
        let engine = Engine::new(store, bus, vault, Arc::clone(&clock) as _, spawner);
        let known = Arc::new(Known::new(Arc::clone(&engine)));
        let portfolios = Arc::new(Executor::new(Arc::clone(&engine), Arc::clone(&known)));
        let service = Service::new(Arc::clone(&portfolios), Executor::new(Arc::clone(&engine), known));
        Self { place, engine, blobs, service, portfolios, clock, tasks }
    }

    pub(super) fn set(&self, now: Instant) {
        self.clock.0.store(now.micros(), Ordering::Relaxed);
    }

    pub(super) fn sealing(&self) -> Sealing {
        Sealing::new(Arc::clone(&self.portfolios))
    }

    pub(super) fn erasing(&self) -> Erasing {
        Erasing::new(Arc::clone(&self.portfolios), self.blobs.clone())
    }

    /// Everything of the ledger so far.
    pub(super) async fn ledger(&self) -> Vec<Arc<Recorded>> {
        let (mut at, mut all) = (0, Vec::new());
        loop {
            let (last, events) = self.engine.read(LEDGER, at).await.unwrap();
            if last == at {
                return all;
            }
            all.extend(events);
            at = last;
        }
    }

    /// What a reactor does that sees the ledger from its beginning.
    pub(super) async fn react(&self, reactor: &dyn Reactor) {
        for event in self.ledger().await {
            reactor.react(&event).await.unwrap();
        }
    }

    /// The types of a stream's events.
    pub(super) async fn kinds(&self, stream: &str) -> Vec<String> {
        let stored = self.engine.store.read_stream(LEDGER, stream, 0).await.unwrap();
        stored
            .into_iter()
            .map(|stored| stored.kind.replace("licheng.archive.", "").replace(".v1", ""))
            .collect()
    }

    /// Runs the deadlines and the eraser, as the module does, until the school is dropped.
    pub(super) fn run(&self) {
        let (due, engine) = (Arc::clone(&self.portfolios), Arc::clone(&self.engine));
        let erasing: Arc<dyn Reactor> = Arc::new(self.erasing());
        let starting = |stop| async move { eventstore::deadline::run("archive-erasures", due, stop).await };
        let erasing = |stop| async move { eventstore::react::run(engine, erasing, stop).await };
        self.tasks.start(Task::new("starting", starting));
        self.tasks.start(Task::new("erasing", erasing));
    }

    /// Starts an erasure as its deadline does.
    pub(super) async fn start(&self, student: PersonId) -> Result<Written, Rejected<crate::Refusal>> {
        let order = Order {
            ledger: LEDGER,
            request: request_id().parse::<RequestId>().unwrap(),
            asked: ("start", Vec::new()),
            caller: Caller::new(PersonId::new(LEDGER.uuid()), Channel::Deadline),
            duty: Duty::ApproveErasure,
            stream: stream(student),
            names: Vec::new(),
            at_least: 0,
            command: Command::Start(student),
        };
        self.portfolios.execute(order).await
    }

    pub(super) async fn say<E: DomainEvent + Into<AnyEvent> + TryFrom<AnyEvent>>(
        &self,
        stream: &str,
        event: E,
    ) {
        let engine = Arc::clone(&self.engine);
        let executor: Executor<Said<E>> = Executor::new(Arc::clone(&engine), Arc::new(Known::new(engine)));
        let order = Order {
            ledger: LEDGER,
            request: request_id().parse::<RequestId>().unwrap(),
            asked: ("say", Vec::new()),
            caller: Caller::new(PersonId::new(LEDGER.uuid()), Channel::Cli),
            duty: Duty::KeepCourses,
            stream: stream.to_owned(),
            names: Vec::new(),
            at_least: 0,
            command: event,
        };
        executor.execute(order).await.unwrap();
    }

    /// A request by a person, as the identity layer lets it through.
    pub(super) fn request<T>(person: PersonId, method: &str, message: T) -> Request<T> {
        let rpc = crate::RPCS.iter().find(|rpc| rpc.path.ends_with(&format!("/{method}"))).unwrap();
        let caller = Caller::new(person, Channel::Grpc);
        let mut request = Request::new(message);
        request.extensions_mut().insert(Call { ledger: LEDGER, caller, duty: rpc.duty, method: rpc.path });
        request
    }

    async fn seat(&self) {
        let seats = [
            (Office::Registrar, REGISTRAR),
            (Office::Principal, PRINCIPAL),
            (Office::GuidanceOffice, GUIDANCE),
        ];
        for (office, person) in seats {
            let from = Instant::default();
            let seated = GovernanceEvent::OfficeSeated { office, person, from };
            self.say(&format!("office-{office}"), seated).await;
        }
    }

    async fn enrol(&self) {
        let year = SchoolYear::try_new(114).unwrap();
        let opened = RecordsEvent::ClassOpened {
            class: CLASS,
            roster_id: Public("h1".into()),
            year,
            grade: 12,
            title: Public("12年01班".into()),
        };
        self.say(&format!("class-{CLASS}"), opened).await;
        for student in [STUDENT, OTHER] {
            let stream = format!("student-{student}");
            self.say(&stream, RecordsEvent::StudentRegistered { student, basic: basic(student) }).await;
        }
        let placed = RecordsEvent::StudentPlaced { student: STUDENT, class: CLASS, from: None, year };
        self.say(&format!("student-{STUDENT}"), placed).await;
    }

    /// Two works of the first student, one taken back again, and one of the other; each selection locked, and a package
    /// built after each lock. So the first package is of the first student alone, the second of both.
    async fn submit(&self) {
        let year = SchoolYear::try_new(114).unwrap();
        for (student, n) in [(STUDENT, 1), (STUDENT, 2), (OTHER, 3)] {
            self.say(&format!("works-{student}-114"), begun(student, n)).await;
            let owner = Owner::work(student, work(n));
            self.blobs.put(LEDGER, owner, file(n), 0, NAME.as_bytes()).await.unwrap();
        }
        let withdrawn = UploadsEvent::WorkWithdrawn { student: STUDENT, work: work(2), kind: kind() };
        self.say(&format!("works-{STUDENT}-114"), withdrawn).await;
        for (student, round, n) in [(STUDENT, 1, 11), (OTHER, 2, 12)] {
            let locked = SubmissionEvent::SelectionLocked { student, year, works: Vec::new() };
            self.say(&format!("selection-{student}-114"), locked).await;
            let owner = Owner::package(file(n));
            self.blobs.put(LEDGER, owner, file(n), 0, NAME.as_bytes()).await.unwrap();
            for of in [STUDENT, OTHER] {
                let owner = Owner::new(of, Compartment::Coursework);
                self.blobs.put(LEDGER, owner, extract_of(file(n), of), 0, NAME.as_bytes()).await.unwrap();
            }
            let built = SubmissionEvent::PackageBuilt {
                year,
                round,
                package: file(n),
                students: 1,
                items: 1,
                size: 1,
                segments: 1,
                sha256: Personal::new(owner, "00".into()),
                sealed_sha256: Public("00".into()),
            };
            self.say("batch-114", built).await;
        }
    }
}

impl Drop for School {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}

fn basic(student: PersonId) -> StudentData {
    let personal = |text: &str| Personal::new(Owner::identity(student), format!("{text}-{student}"));
    StudentData {
        roster_id: personal("roster"),
        username: personal("username"),
        number: personal("number"),
        name: personal(NAME),
        identity_number: Some(personal("identity")),
        birth_date: None,
        grade: 12,
    }
}

fn kind() -> WorkKind {
    let (course, semester) = (CourseId::new(Uuid::nil()), "114-1".parse().unwrap());
    WorkKind::Outcome { course, semester }
}

fn begun(student: PersonId, n: u128) -> UploadsEvent {
    let personal = |text: &str| Personal::new(Owner::work(student, work(n)), text.to_owned());
    UploadsEvent::WorkBegun {
        student,
        work: work(n),
        kind: kind(),
        title: personal(NAME),
        summary: personal(NAME),
        file: file(n),
        declared: FileDescription { name: personal("a.pdf"), sha256: personal("00"), md5: None },
        size: 9,
        until: Instant::default(),
        salt: personal("00"),
        details: Vec::new(),
    }
}
