use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use blobstore::BlobStore;
use chassis::{Call, Tasks};
use events::{
    AnyEvent, Caller, Channel, Context, Decider, DomainEvent, GovernanceEvent, PolicyTerms, RecordsEvent,
    SemesterTerms, StudentData,
};
use eventstore::bus::local::LocalBus;
use eventstore::store::sqlite::SqliteStore;
use eventstore::store::{Store as _, Stored};
use eventstore::{Engine, Known, Order};
use futures::StreamExt as _;
use kernel::{
    Clause, Clock, CourseId, Duty, Instant, Kind, LedgerId, Office, Owner, PersonId, Personal, Public,
    Refusal, RequestId, SchoolYear, Semester, Window, clause,
};
use proto::uploads::v1::{FileHeader, Receipt};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{KeyEncryptionKey, KeyStore, Vault};

use super::*;

const LEDGER: LedgerId = LedgerId::new(Uuid::from_u128(0xa));
pub(super) const STUDENT: PersonId = PersonId::new(Uuid::from_u128(0xb));
/// A student who takes nothing.
pub(super) const OTHER: PersonId = PersonId::new(Uuid::from_u128(0xc));
pub(super) const TEACHER: PersonId = PersonId::new(Uuid::from_u128(0xd));
pub(super) const REGISTRAR: PersonId = PersonId::new(Uuid::from_u128(0xe));
/// Somebody whom the school doesn't know.
pub(super) const STRANGER: PersonId = PersonId::new(Uuid::from_u128(0xf));
pub(super) const COURSE: CourseId = CourseId::new(Uuid::from_u128(0x10));

static REQUESTS: AtomicU64 = AtomicU64::new(1_000);

/// A request id that no other request of these tests has.
pub(super) fn request_id() -> String {
    Uuid::from_u128(REQUESTS.fetch_add(1, Ordering::Relaxed).into()).to_string()
}

pub(super) fn noon() -> Instant {
    Instant::from_micros(1_800_000_000_000_000)
}

/// A clock that is set by hand.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// Records what it is told, as governance and records would.
#[derive(Clone)]
struct Said<E>(std::marker::PhantomData<E>);

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

/// A process of a school with a course, its teacher, two students, a registrar, and a policy.
pub(super) struct School {
    folder: Arc<TempDir>,
    store: Arc<SqliteStore>,
    engine: Arc<Engine>,
    clock: Arc<Hand>,
    service: Service,
}

impl School {
    pub(super) async fn open() -> Self {
        let school = Self::process(Arc::new(TempDir::new().unwrap())).await;
        assert!(school.store.open_ledger(LEDGER, "353301").await.unwrap());
        for (stream, event) in governance() {
            school.say(&stream, event).await;
        }
        for (stream, event) in records() {
            school.say(&stream, event).await;
        }
        school
    }

    /// Another process over the same store and folder.
    pub(super) async fn again(&self) -> Self {
        Self::process(Arc::clone(&self.folder)).await
    }

    async fn process(folder: Arc<TempDir>) -> Self {
        let store = Arc::new(SqliteStore::open(&folder.path().join("store")).await.unwrap());
        let kek = KeyEncryptionKey::parse(&"ab".repeat(32)).unwrap();
        let vault = Vault::new(Arc::clone(&store) as Arc<dyn KeyStore>, kek);
        let clock = Arc::new(Hand(AtomicI64::new(noon().micros())));
        let blobs = BlobStore::folder(&folder.path().join("files"), vault.clone()).unwrap();
        let (bus, spawner) = (Arc::new(LocalBus::default()), Arc::new(Tasks::default()));
        let engine = Engine::new(Arc::clone(&store) as _, bus, vault, Arc::clone(&clock) as _, spawner);
        let known = Arc::new(Known::new(Arc::clone(&engine)));
        let service = Service::new(Executor::new(Arc::clone(&engine), known), Files::new(blobs));
        Self { folder, store, engine, clock, service }
    }

    pub(super) fn set(&self, now: Instant) {
        self.clock.0.store(now.micros(), Ordering::Relaxed);
    }

    /// Records an event, as its service would.
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
    fn request<T>(person: PersonId, method: &str, message: T) -> Request<T> {
        let rpc = crate::RPCS.iter().find(|rpc| rpc.path.ends_with(method)).unwrap();
        let caller = Caller::new(person, Channel::Grpc);
        let mut request = Request::new(message);
        request.extensions_mut().insert(Call { ledger: LEDGER, caller, duty: rpc.duty, method: rpc.path });
        request
    }

    pub(super) async fn begin(&self, by: PersonId, message: BeginOutcomeRequest) -> Result<String, Status> {
        let answer = self.service.begin_outcome(Self::request(by, "BeginOutcome", message)).await?;
        Ok(answer.into_inner().written.unwrap().made_id)
    }

    pub(super) async fn begin_performance(
        &self,
        by: PersonId,
        message: BeginPerformanceRequest,
    ) -> Result<String, Status> {
        let answer = self.service.begin_performance(Self::request(by, "BeginPerformance", message)).await?;
        Ok(answer.into_inner().written.unwrap().made_id)
    }

    pub(super) async fn categories(&self, by: PersonId, year: u32) -> Result<ListCategoriesResponse, Status> {
        let request = Self::request(by, "ListCategories", ListCategoriesRequest { year });
        self.service.list_categories(request).await.map(Response::into_inner)
    }

    pub(super) async fn put(&self, by: PersonId, message: PutSegmentRequest) -> Result<(), Status> {
        self.service.put_segment(Self::request(by, "PutSegment", message)).await.map(|_| ())
    }

    pub(super) async fn put_all(&self, by: PersonId, work: &str, bytes: &[u8]) {
        for index in 0..bytes.len().div_ceil(1 << 20) {
            self.put(by, segment(work, index, bytes)).await.unwrap();
        }
    }

    pub(super) async fn upload(
        &self,
        by: PersonId,
        message: GetUploadRequest,
    ) -> Result<GetUploadResponse, Status> {
        self.service.get_upload(Self::request(by, "GetUpload", message)).await.map(Response::into_inner)
    }

    pub(super) async fn finish(
        &self,
        by: PersonId,
        message: FinishWorkRequest,
    ) -> Result<FinishWorkResponse, Status> {
        self.service.finish_work(Self::request(by, "FinishWork", message)).await.map(Response::into_inner)
    }

    pub(super) async fn withdraw(&self, by: PersonId, message: WithdrawWorkRequest) -> Result<(), Status> {
        self.service.withdraw_work(Self::request(by, "WithdrawWork", message)).await.map(|_| ())
    }

    pub(super) async fn receipt(&self, by: PersonId, work_id: &str) -> Result<Receipt, Status> {
        let message = GetReceiptRequest { at_least_position: 0, work_id: work_id.into() };
        let answer = self.service.get_receipt(Self::request(by, "GetReceipt", message)).await?;
        Ok(answer.into_inner().receipt.unwrap())
    }

    pub(super) async fn read(
        &self,
        by: PersonId,
        message: ReadFileRequest,
    ) -> Result<(FileHeader, Vec<u8>), Status> {
        let answer = self.service.read_file(Self::request(by, "ReadFile", message)).await?;
        let mut parts = answer.into_inner();
        let first = parts.next().await.unwrap()?;
        let Some(Part::Header(header)) = first.part else { panic!("no header") };
        let mut bytes = Vec::new();
        while let Some(next) = parts.next().await {
            let Some(Part::Chunk(chunk)) = next?.part else { panic!("no chunk") };
            bytes.extend(chunk);
        }
        Ok((header, bytes))
    }

    pub(super) async fn events(&self, student: PersonId) -> Vec<AnyEvent> {
        let stream = format!("works-{student}-114");
        let events = self.engine.read_stream_open(LEDGER, &stream, 0).await.unwrap();
        events.into_iter().map(|(_, event)| event).collect()
    }

    pub(super) async fn last_stored(&self, student: PersonId) -> Stored {
        let stream = format!("works-{student}-114");
        self.store.read_stream(LEDGER, &stream, 0).await.unwrap().pop().unwrap()
    }

    /// Changes a bit of the n-th segment of the only file; what it answers puts it right.
    pub(super) fn alter_a_segment(&self, n: u32) -> impl FnOnce() + use<> {
        let files = self.folder.path().join(format!("files/{LEDGER}/files"));
        let file: PathBuf = std::fs::read_dir(files).unwrap().next().unwrap().unwrap().path();
        let segment = file.join(n.to_string());
        let right = std::fs::read(&segment).unwrap();
        let mut wrong = right.clone();
        wrong[500] ^= 1;
        std::fs::write(&segment, wrong).unwrap();
        move || std::fs::write(segment, right).unwrap()
    }
}

fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

fn governance() -> Vec<(String, GovernanceEvent)> {
    let semester: Semester = "114-1".parse().unwrap();
    let (from, hour) = (noon(), std::time::Duration::from_secs(3_600));
    let window = Window { from, until: from.plus(hour) };
    let terms = PolicyTerms {
        outcomes_per_semester_max: 3,
        performances_per_year_max: 2,
        outcomes_selected_max: 6,
        performances_selected_max: 10,
        performance_upload: window,
        selection: window,
        semesters: BTreeMap::from([(semester, SemesterTerms { upload: window, certification: window })]),
    };
    let seated = GovernanceEvent::OfficeSeated { office: Office::Registrar, person: REGISTRAR, from };
    let adopted = GovernanceEvent::PolicyAdopted { year: year(), version: 1, from, terms };
    vec![("office-registrar".into(), seated), ("policy-114".into(), adopted)]
}

fn records() -> Vec<(String, RecordsEvent)> {
    let semester: Semester = "114-1".parse().unwrap();
    let personal =
        |person: PersonId, text: &str| Personal::new(Owner::identity(person), format!("{text}-{person}"));
    let student = |student: PersonId| RecordsEvent::StudentRegistered {
        student,
        basic: StudentData {
            roster_id: personal(student, "roster"),
            username: personal(student, "name"),
            number: personal(student, "number"),
            name: personal(student, "name"),
            identity_number: None,
            birth_date: None,
            grade: 1,
        },
    };
    let teacher = RecordsEvent::StaffRegistered {
        staff: TEACHER,
        roster_id: personal(TEACHER, "roster"),
        username: personal(TEACHER, "name"),
        name: personal(TEACHER, "name"),
    };
    let offered = RecordsEvent::CourseOffered {
        course: COURSE,
        roster_id: Public("c1".into()),
        semester,
        title: Public("生物".into()),
        code: Public("BIO".into()),
        submittable: true,
    };
    let assigned = RecordsEvent::TeacherAssigned { course: COURSE, teacher: TEACHER };
    let taken = RecordsEvent::CourseTaken { student: STUDENT, course: COURSE, semester };
    vec![
        (format!("student-{STUDENT}"), student(STUDENT)),
        (format!("student-{OTHER}"), student(OTHER)),
        (format!("staff-{TEACHER}"), teacher),
        (format!("course-{COURSE}"), offered),
        (format!("course-{COURSE}"), assigned),
        (format!("taking-{STUDENT}-114-1"), taken),
    ]
}
