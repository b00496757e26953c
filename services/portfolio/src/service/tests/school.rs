use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chassis::clock::Real;
use chassis::{Call, Tasks};
use events::{
    AnyEvent, Caller, Category, CertificationEvent, Channel, Context, Decider, DomainEvent, FileDescription,
    GovernanceEvent, RecordsEvent, StudentData, SubmissionEvent, UploadsEvent, WorkKind,
};
use eventstore::bus::local::LocalBus;
use eventstore::store::Store as _;
use eventstore::store::sqlite::SqliteStore;
use eventstore::{Engine, Executor, Known, Order, project};
use kernel::{
    ClassId, Clause, CourseId, Duty, FileId, Instant, Kind, LedgerId, Office, Owner, PersonId, Personal,
    Public, Refusal, RequestId, SchoolYear, Semester, WorkId, clause,
};
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;
use vault::{KeyEncryptionKey, KeyStore, Vault};

use super::*;

pub(super) const LEDGER: LedgerId = LedgerId::new(Uuid::from_u128(0xa));
/// 李小明, number 20.
pub(super) const STUDENT: PersonId = PersonId::new(Uuid::from_u128(0xb));
/// 王大華, number 10.
pub(super) const OTHER: PersonId = PersonId::new(Uuid::from_u128(0xc));
pub(super) const TEACHER: PersonId = PersonId::new(Uuid::from_u128(0xd));
pub(super) const REGISTRAR: PersonId = PersonId::new(Uuid::from_u128(0xe));
/// Homeroom teacher of [`CLASS`].
pub(super) const HOMEROOM: PersonId = PersonId::new(Uuid::from_u128(0xf));
pub(super) const BIOLOGY: CourseId = CourseId::new(Uuid::from_u128(0x10));
pub(super) const HISTORY: CourseId = CourseId::new(Uuid::from_u128(0x11));
pub(super) const CLASS: ClassId = ClassId::new(Uuid::from_u128(0x12));
/// A class of another homeroom teacher, [`TEACHER`].
pub(super) const NEXT: ClassId = ClassId::new(Uuid::from_u128(0x13));

static REQUESTS: AtomicU64 = AtomicU64::new(1_000);

/// Records what it is told, as its service would.
struct Said<E>(std::marker::PhantomData<E>);

impl<E> Default for Said<E> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<E> Clone for Said<E> {
    fn clone(&self) -> Self {
        Self::default()
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

/// A school whose views run.
pub(super) struct School {
    pub(super) engine: Arc<Engine>,
    service: Service,
    stop: watch::Sender<bool>,
    _folder: TempDir,
}

impl Drop for School {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

impl School {
    pub(super) async fn open() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("store")).await.unwrap());
        assert!(store.open_ledger(LEDGER, "353301").await.unwrap());
        let kek = KeyEncryptionKey::parse(&"ab".repeat(32)).unwrap();
        let vault = Vault::new(Arc::clone(&store) as Arc<dyn KeyStore>, kek);
        let (bus, spawner) = (Arc::new(LocalBus::default()), Arc::new(Tasks::default()));
        let engine = Engine::new(store, bus, vault, Arc::new(Real), spawner);
        let (stop, stopping) = watch::channel(false);
        for view in crate::projections() {
            let run = project::run(Arc::clone(&engine), view, stopping.clone());
            engine.spawner.spawn("view", Box::pin(run));
        }
        let service = Service::new(Arc::clone(&engine));
        let school = Self { engine, service, stop, _folder: folder };
        let seated = GovernanceEvent::OfficeSeated {
            office: Office::Registrar,
            person: REGISTRAR,
            from: Instant::default(),
        };
        school.say("office-registrar", seated).await;
        for (stream, event) in records() {
            school.say(&stream, event).await;
        }
        school
    }

    /// Records an event; answers its position.
    pub(super) async fn say<E>(&self, stream: &str, event: E) -> u64
    where
        E: DomainEvent + Into<AnyEvent> + TryFrom<AnyEvent>,
    {
        let engine = Arc::clone(&self.engine);
        let executor: Executor<Said<E>> = Executor::new(Arc::clone(&engine), Arc::new(Known::new(engine)));
        let request = Uuid::from_u128(REQUESTS.fetch_add(1, Ordering::Relaxed).into());
        let order = Order {
            ledger: LEDGER,
            request: RequestId::new(request),
            asked: ("say", Vec::new()),
            caller: Caller::new(PersonId::new(LEDGER.uuid()), Channel::Cli),
            duty: Duty::KeepCourses,
            stream: stream.to_owned(),
            names: Vec::new(),
            at_least: 0,
            command: event,
        };
        executor.execute(order).await.unwrap().position
    }

    /// A work is begun, and handed in.
    pub(super) async fn hand_in(&self, student: PersonId, n: u128, kind: WorkKind) -> u64 {
        let stream = format!("works-{student}-114");
        self.say(&stream, begun(student, work(n), kind)).await;
        self.say(&stream, handed_in(student, work(n), kind)).await
    }

    pub(super) async fn judge(&self, event: CertificationEvent) -> u64 {
        let (CertificationEvent::WorkCertified { work, .. }
        | CertificationEvent::WorkReturned { work, .. }
        | CertificationEvent::CertificationRevoked { work, .. }) = &event;
        self.say(&format!("certificate-{work}"), event).await
    }

    pub(super) async fn tick(&self, student: PersonId, n: u128) -> u64 {
        let commitment = Public("ab".repeat(32));
        let ticked = SubmissionEvent::OutcomeTicked {
            student,
            year: year(),
            work: work(n),
            commitment,
            certificate: 1,
        };
        self.say(&format!("selection-{student}-114"), ticked).await
    }

    /// A request by a person, as the identity layer lets it through.
    fn request<T>(person: PersonId, method: &str, message: T) -> Request<T> {
        let rpc = crate::RPCS.iter().find(|rpc| rpc.path.ends_with(method)).unwrap();
        let caller = Caller::new(person, Channel::Grpc);
        let mut request = Request::new(message);
        request.extensions_mut().insert(Call { ledger: LEDGER, caller, duty: rpc.duty, method: rpc.path });
        request
    }

    pub(super) async fn portfolio(
        &self,
        by: PersonId,
        at_least_position: u64,
        student_id: impl ToString,
    ) -> Result<GetPortfolioResponse, Status> {
        let message = GetPortfolioRequest { at_least_position, student_id: student_id.to_string() };
        let request = Self::request(by, "GetPortfolio", message);
        self.service.get_portfolio(request).await.map(Response::into_inner)
    }

    pub(super) async fn progress(
        &self,
        by: PersonId,
        message: GetClassProgressRequest,
    ) -> Result<GetClassProgressResponse, Status> {
        let request = Self::request(by, "GetClassProgress", message);
        self.service.get_class_progress(request).await.map(Response::into_inner)
    }

    pub(super) async fn worklist(
        &self,
        by: PersonId,
        message: GetWorklistRequest,
    ) -> Result<GetWorklistResponse, Status> {
        let request = Self::request(by, "GetWorklist", message);
        self.service.get_worklist(request).await.map(Response::into_inner)
    }
}

pub(super) fn work(n: u128) -> WorkId {
    WorkId::new(Uuid::from_u128(0x100 + n))
}

pub(super) fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

fn semester() -> Semester {
    "114-1".parse().unwrap()
}

pub(super) fn outcome(course: CourseId) -> WorkKind {
    WorkKind::Outcome { course, semester: semester() }
}

pub(super) fn performance() -> WorkKind {
    WorkKind::Performance { category: Category::Licence, year: year() }
}

pub(super) fn certified(student: PersonId, n: u128, course: CourseId) -> CertificationEvent {
    let (semester, commitment) = (semester(), Public("ab".repeat(32)));
    CertificationEvent::WorkCertified {
        student,
        work: work(n),
        course,
        semester,
        teacher: TEACHER,
        commitment,
    }
}

pub(super) fn returned(student: PersonId, n: u128, course: CourseId) -> CertificationEvent {
    let reason = Personal::new(Owner::work(student, work(n)), "請附上資料來源".to_owned());
    let commitment = Public("ab".repeat(32));
    CertificationEvent::WorkReturned { student, work: work(n), course, teacher: TEACHER, reason, commitment }
}

fn description(owner: Owner) -> FileDescription {
    let of = |text: &str| Personal::new(owner, text.to_owned());
    FileDescription { name: of("葉子.png"), sha256: of("00"), md5: None }
}

fn begun(student: PersonId, work: WorkId, kind: WorkKind) -> UploadsEvent {
    let owner = Owner::work(student, work);
    let of = |text: &str| Personal::new(owner, text.to_owned());
    UploadsEvent::WorkBegun {
        student,
        work,
        kind,
        title: of("光合作用"),
        summary: of("觀察日記"),
        file: FileId::new(work.uuid()),
        declared: description(owner),
        size: 7,
        until: Instant::default(),
        salt: of("00"),
        details: Vec::new(),
    }
}

fn handed_in(student: PersonId, work: WorkId, kind: WorkKind) -> UploadsEvent {
    let (file, size, segments) = (FileId::new(work.uuid()), 7, 1);
    let (media_type, commitment) = (Public("image/png".into()), Public("ab".repeat(32)));
    let (sealed_sha256, description) = (Public("cd".repeat(32)), description(Owner::work(student, work)));
    match kind {
        WorkKind::Outcome { course, semester } => UploadsEvent::OutcomeSubmitted {
            student,
            work,
            course,
            semester,
            file,
            size,
            segments,
            media_type,
            commitment,
            sealed_sha256,
            description,
        },
        WorkKind::Performance { category, year } => UploadsEvent::PerformanceSubmitted {
            student,
            work,
            category,
            year,
            file,
            size,
            segments,
            media_type,
            commitment,
            sealed_sha256,
            description,
        },
    }
}

fn records() -> Vec<(String, RecordsEvent)> {
    let personal = |person: PersonId, text: &str| Personal::new(Owner::identity(person), text.to_owned());
    let student = |student: PersonId, number: &str, name: &str| RecordsEvent::StudentRegistered {
        student,
        basic: StudentData {
            roster_id: personal(student, number),
            username: personal(student, number),
            number: personal(student, number),
            name: personal(student, name),
            identity_number: None,
            birth_date: None,
            grade: 10,
        },
    };
    let staff = |staff: PersonId| RecordsEvent::StaffRegistered {
        staff,
        roster_id: personal(staff, &staff.to_string()),
        username: personal(staff, &staff.to_string()),
        name: personal(staff, "老師"),
    };
    let offered = |course: CourseId, title: &str| RecordsEvent::CourseOffered {
        course,
        roster_id: Public(course.to_string()),
        semester: semester(),
        title: Public(title.into()),
        code: Public(course.to_string()),
        submittable: true,
    };
    let opened = |class: ClassId| RecordsEvent::ClassOpened {
        class,
        roster_id: Public(class.to_string()),
        year: year(),
        grade: 10,
        title: Public("10年01班".into()),
    };
    let homeroom = |class, teacher| RecordsEvent::HomeroomAssigned { class, teacher };
    let taught = |course| RecordsEvent::TeacherAssigned { course, teacher: TEACHER };
    let placed = |student| RecordsEvent::StudentPlaced { student, class: CLASS, from: None, year: year() };
    vec![
        (format!("staff-{TEACHER}"), staff(TEACHER)),
        (format!("staff-{HOMEROOM}"), staff(HOMEROOM)),
        (format!("class-{CLASS}"), opened(CLASS)),
        (format!("class-{CLASS}"), homeroom(CLASS, HOMEROOM)),
        (format!("class-{NEXT}"), opened(NEXT)),
        (format!("class-{NEXT}"), homeroom(NEXT, TEACHER)),
        (format!("student-{STUDENT}"), student(STUDENT, "20", "李小明")),
        (format!("student-{STUDENT}"), placed(STUDENT)),
        (format!("student-{OTHER}"), student(OTHER, "10", "王大華")),
        (format!("student-{OTHER}"), placed(OTHER)),
        (format!("course-{BIOLOGY}"), offered(BIOLOGY, "生物")),
        (format!("course-{BIOLOGY}"), taught(BIOLOGY)),
        (format!("course-{HISTORY}"), offered(HISTORY, "歷史")),
        (format!("course-{HISTORY}"), taught(HISTORY)),
    ]
}
