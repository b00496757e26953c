//! A lock for submission beside a revocation and a withdrawal (C5, U6, S3): of two processes, each decides with what it
//! knows, and in either order one of them is first. The deciders themselves, over one store, the second process without
//! any word of the first.

use std::sync::Arc;

use certification::Certificate;
use chassis::Tasks;
use chassis::clock::Real;
use events::{
    AnyEvent, Caller, Category, CertificationEvent, Channel, Context, Decider, DomainEvent, FileDescription,
    RecordsEvent, SubmissionEvent, UploadsEvent, WorkKind,
};
use eventstore::bus::local::LocalBus;
use eventstore::store::Store as _;
use eventstore::store::sqlite::SqliteStore;
use eventstore::{Engine, Executor, Known, Order, Rejected, Written};
use kernel::{
    Clause, CourseId, Duty, FileId, Instant, Kind, LedgerId, Owner, PersonId, Personal, Public, RequestId,
    SchoolYear, Semester, WorkId, clause,
};
use submission::Selection;
use tempfile::TempDir;
use uploads::Works;
use uuid::Uuid;
use vault::{KeyEncryptionKey, KeyStore, Vault};

const LEDGER: LedgerId = LedgerId::new(Uuid::from_u128(0xa));
/// The ledger itself, which may do everything; here it is the student and the teacher too.
const SELF: PersonId = PersonId::new(Uuid::from_u128(0xa));
const COURSE: CourseId = CourseId::new(Uuid::from_u128(0xc));
const OUTCOME: WorkId = WorkId::new(Uuid::from_u128(0xd));
const PERFORMANCE: WorkId = WorkId::new(Uuid::from_u128(0xe));

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

impl kernel::Refusal for Never {
    fn kind(&self) -> Kind {
        Kind::NotFound
    }
    fn reason(&self) -> &'static str {
        "NEVER"
    }
    fn clause(&self) -> Clause {
        const { clause("S3") }
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

/// A process over a store that others share; nothing tells it what they do.
struct Process {
    engine: Arc<Engine>,
    certificates: Executor<Certificate>,
    works: Executor<Works>,
    selections: Executor<Selection>,
}

impl Process {
    async fn over(folder: &TempDir) -> Self {
        let store = Arc::new(SqliteStore::open(&folder.path().join("store")).await.unwrap());
        store.open_ledger(LEDGER, "353301").await.unwrap();
        let kek = KeyEncryptionKey::parse(&"ab".repeat(32)).unwrap();
        let vault = Vault::new(Arc::clone(&store) as Arc<dyn KeyStore>, kek);
        let (bus, spawner) = (Arc::new(LocalBus::default()), Arc::new(Tasks::default()));
        let engine = Engine::new(store, bus, vault, Arc::new(Real), spawner);
        Self {
            certificates: executor(&engine),
            works: executor(&engine),
            selections: executor(&engine),
            engine,
        }
    }

    async fn say<E>(&self, stream: &str, event: E)
    where
        E: DomainEvent + Into<AnyEvent> + TryFrom<AnyEvent>,
    {
        let executor: Executor<Said<E>> = executor(&self.engine);
        executor.execute(order(stream, event)).await.unwrap();
    }

    async fn revoke(&self) -> Result<Written, Rejected<certification::Refusal>> {
        let command = certification::Command::Revoke { work: OUTCOME, reason: "誤認".into() };
        self.certificates.execute(order(&format!("certificate-{OUTCOME}"), command)).await
    }

    async fn withdraw(&self) -> Result<Written, Rejected<uploads::Refusal>> {
        let command = uploads::Command::Withdraw { work: PERFORMANCE };
        self.works.execute(order(&works(), command)).await
    }

    async fn lock(&self) -> Result<Written, Rejected<submission::Refusal>> {
        let command = submission::Command::Lock { student: SELF, year: year() };
        self.selections.execute(order(&selection(), command)).await
    }

    /// Hears of everything so far: what comes later it doesn't know unless it asks the store.
    async fn hear(&self) {
        let position = self.engine.store.read(LEDGER, 0, 1_000).await.unwrap().len() as u64;
        drop(self.certificates.known().at_least(LEDGER, position).await.unwrap());
        drop(self.works.known().at_least(LEDGER, position).await.unwrap());
        drop(self.selections.known().at_least(LEDGER, position).await.unwrap());
    }

    /// The works in the lock, and whether there was a revocation and a withdrawal.
    async fn outcome(&self) -> (Vec<WorkId>, bool, bool) {
        let mut said = (Vec::new(), false, false);
        for stream in [selection(), works(), format!("certificate-{OUTCOME}")] {
            for (_, event) in self.engine.read_stream_open(LEDGER, &stream, 0).await.unwrap() {
                match event {
                    AnyEvent::Submission(SubmissionEvent::SelectionLocked { works, .. }) => {
                        said.0.extend(works.iter().map(|work| work.work));
                    }
                    AnyEvent::Certification(CertificationEvent::CertificationRevoked { .. }) => {
                        said.1 = true;
                    }
                    AnyEvent::Uploads(UploadsEvent::WorkWithdrawn { .. }) => said.2 = true,
                    AnyEvent::Governance(_)
                    | AnyEvent::Records(_)
                    | AnyEvent::Uploads(_)
                    | AnyEvent::Certification(_)
                    | AnyEvent::Submission(_)
                    | AnyEvent::Archive(_) => {}
                }
            }
        }
        said
    }
}

fn executor<D: Decider>(engine: &Arc<Engine>) -> Executor<D> {
    Executor::new(Arc::clone(engine), Arc::new(Known::new(Arc::clone(engine))))
}

fn order<C>(stream: &str, command: C) -> Order<C> {
    Order {
        ledger: LEDGER,
        request: RequestId::new(Uuid::from_u128(rand::random())),
        asked: ("locks", Vec::new()),
        caller: Caller::new(SELF, Channel::Cli),
        duty: Duty::SelectWorks,
        stream: stream.to_owned(),
        names: Vec::new(),
        at_least: 0,
        command,
    }
}

fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

fn semester() -> Semester {
    "114-1".parse().unwrap()
}

fn works() -> String {
    format!("works-{SELF}-114")
}

fn selection() -> String {
    format!("selection-{SELF}-114")
}

fn begun(work: WorkId, kind: WorkKind) -> UploadsEvent {
    let personal = |text: &str| Personal::new(Owner::work(SELF, work), text.to_owned());
    UploadsEvent::WorkBegun {
        student: SELF,
        work,
        kind,
        title: personal("標題"),
        summary: personal("簡述"),
        file: FileId::new(work.uuid()),
        declared: FileDescription { name: personal("a.pdf"), sha256: personal("00"), md5: None },
        size: 1,
        until: Instant::default(),
        salt: personal("00"),
        details: Vec::new(),
    }
}

fn handed_in() -> [UploadsEvent; 2] {
    let description = |work| {
        let personal = |text: &str| Personal::new(Owner::work(SELF, work), text.to_owned());
        FileDescription { name: personal("a.pdf"), sha256: personal("00"), md5: None }
    };
    let public = |text: &str| Public(text.to_owned());
    let outcome = UploadsEvent::OutcomeSubmitted {
        student: SELF,
        work: OUTCOME,
        course: COURSE,
        semester: semester(),
        file: FileId::new(OUTCOME.uuid()),
        size: 1,
        segments: 1,
        media_type: public("application/pdf"),
        commitment: public("01"),
        sealed_sha256: public("02"),
        description: description(OUTCOME),
    };
    let performance = UploadsEvent::PerformanceSubmitted {
        student: SELF,
        work: PERFORMANCE,
        category: Category::Piece,
        year: year(),
        file: FileId::new(PERFORMANCE.uuid()),
        size: 1,
        segments: 1,
        media_type: public("application/pdf"),
        commitment: public("01"),
        sealed_sha256: public("02"),
        description: description(PERFORMANCE),
    };
    [outcome, performance]
}

/// Two processes that know of a certified outcome and a performance, both of them selected.
async fn two(folder: &TempDir) -> (Process, Process) {
    let (one, two) = (Process::over(folder).await, Process::over(folder).await);
    let offered = RecordsEvent::CourseOffered {
        course: COURSE,
        roster_id: Public("c1".into()),
        semester: semester(),
        title: Public("生物".into()),
        code: Public("BIO".into()),
        submittable: true,
    };
    one.say(&format!("course-{COURSE}"), offered).await;
    let assigned = RecordsEvent::TeacherAssigned { course: COURSE, teacher: SELF };
    one.say(&format!("course-{COURSE}"), assigned).await;
    let kind = WorkKind::Outcome { course: COURSE, semester: semester() };
    one.say(&works(), begun(OUTCOME, kind)).await;
    let kind = WorkKind::Performance { category: Category::Piece, year: year() };
    one.say(&works(), begun(PERFORMANCE, kind)).await;
    for event in handed_in() {
        one.say(&works(), event).await;
    }
    let (student, work, course, teacher) = (SELF, OUTCOME, COURSE, SELF);
    let commitment = || Public("01".to_owned());
    let certified = CertificationEvent::WorkCertified {
        student,
        work,
        course,
        semester: semester(),
        teacher,
        commitment: commitment(),
    };
    one.say(&format!("certificate-{OUTCOME}"), certified).await;
    let (year, certificate) = (year(), 1);
    let ticked =
        SubmissionEvent::OutcomeTicked { student, year, work, commitment: commitment(), certificate };
    one.say(&selection(), ticked).await;
    let (work, commitment) = (PERFORMANCE, commitment());
    let ticked = SubmissionEvent::PerformanceTicked { student, year, work, commitment };
    one.say(&selection(), ticked).await;
    one.hear().await;
    two.hear().await;
    (one, two)
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_a_process_that_has_not_heard_of_the_lock_revokes_and_takes_back_nothing_of_it() {
    let folder = TempDir::new().unwrap();
    let (one, two) = two(&folder).await;
    one.lock().await.unwrap();
    let revoked = two.revoke().await;
    assert!(matches!(revoked, Err(Rejected::Refused(certification::Refusal::Locked))), "{revoked:?}");
    let withdrawn = two.withdraw().await;
    assert!(matches!(withdrawn, Err(Rejected::Refused(uploads::Refusal::Locked))), "{withdrawn:?}");
    assert_eq!(one.outcome().await, (vec![OUTCOME, PERFORMANCE], false, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn s_3_a_process_that_has_not_heard_of_a_revocation_locks_what_is_left() {
    let folder = TempDir::new().unwrap();
    let (one, two) = two(&folder).await;
    one.revoke().await.unwrap();
    two.lock().await.unwrap();
    assert_eq!(one.outcome().await, (vec![PERFORMANCE], true, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn s_3_a_process_that_has_not_heard_of_a_withdrawal_locks_what_is_left() {
    let folder = TempDir::new().unwrap();
    let (one, two) = two(&folder).await;
    one.withdraw().await.unwrap();
    two.lock().await.unwrap();
    assert_eq!(one.outcome().await, (vec![OUTCOME], false, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn s_3_whoever_is_first_of_many_the_other_knows_of_it() {
    for _ in 0..8 {
        let folder = TempDir::new().unwrap();
        let (one, two) = two(&folder).await;
        let (locked, revoked, withdrawn) = tokio::join!(one.lock(), two.revoke(), two.withdraw());
        locked.unwrap();
        let mut left = vec![OUTCOME, PERFORMANCE];
        left.retain(|work| match *work {
            OUTCOME => revoked.is_err(),
            _ => withdrawn.is_err(),
        });
        assert_eq!(one.outcome().await, (left, revoked.is_ok(), withdrawn.is_ok()));
    }
}
