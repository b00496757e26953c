//! The service over a real store: what a client sees, row by row and call by call.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chassis::{Call, Tasks, clock};
use events::{Caller, Channel, Context, Decider, GovernanceEvent};
use eventstore::bus::local::LocalBus;
use eventstore::store::sqlite::SqliteStore;
use eventstore::store::{Store as _, Stored};
use eventstore::{Engine, Executor, Known, Order};
use kernel::{Clause, Duty, Instant, Kind, LedgerId, Office, PersonId, Refusal, RequestId, clause};
use proto::records::v1::import_roster_request::Part;
use proto::records::v1::import_roster_response::Part as Answered;
use proto::records::v1::records_service_server::RecordsServiceServer;
use proto::records::v1::{
    FindPersonRequest, GetStudentRequest, ImportRosterBegin, ImportRosterFile, ImportRow, ImportSummary,
    Leaving, RowVerdict, StudentData, find_person_request,
};
use tempfile::TempDir;
use tonic::codegen::Bytes;
use tonic::{Code, Request};
use tonic_types::StatusExt as _;
use uuid::Uuid;
use vault::{KeyEncryptionKey, KeyStore, Vault};

use super::*;
use crate::roster::tests::{clean, with};

const LEDGER: LedgerId = LedgerId::new(Uuid::from_u128(0xa));
const REGISTRAR: PersonId = PersonId::new(Uuid::from_u128(0xb));

/// A school whose registrar is seated.
struct School {
    _folder: TempDir,
    store: Arc<SqliteStore>,
    executors: Arc<Executors>,
    tasks: Tasks,
}

/// Seats people, as governance would.
#[derive(Clone, Default)]
struct Seats;

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

impl Decider for Seats {
    type Command = GovernanceEvent;
    type Event = GovernanceEvent;
    type Facts = ();
    type Refusal = Never;

    fn decide(&self, _: &Context<'_, ()>, event: GovernanceEvent) -> Result<Vec<GovernanceEvent>, Never> {
        Ok(vec![event])
    }

    fn evolve(&mut self, _: &GovernanceEvent) {}
}

impl School {
    async fn open() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("store")).await.unwrap());
        assert!(store.open_ledger(LEDGER, "353301").await.unwrap());
        let vault = Vault::new(Arc::clone(&store) as Arc<dyn KeyStore>, KeyEncryptionKey::generate());
        let (tasks, bus) = (Tasks::default(), Arc::new(LocalBus::default()));
        let spawner = Arc::new(tasks.clone());
        let engine = Engine::new(Arc::clone(&store) as _, bus, vault, Arc::new(clock::Real), spawner);
        let school = Self { _folder: folder, store, executors: Executors::new(&engine), tasks };
        school.seat(&engine).await;
        school
    }

    async fn seat(&self, engine: &Arc<Engine>) {
        let seats: Executor<Seats> =
            Executor::new(Arc::clone(engine), Arc::new(Known::new(Arc::clone(engine))));
        let (office, from) = (Office::Registrar, Instant::default());
        let order = Order {
            ledger: LEDGER,
            request: RequestId::new(Uuid::from_u128(1)),
            asked: ("seat", Vec::new()),
            caller: Caller::new(PersonId::new(LEDGER.uuid()), Channel::Cli),
            duty: Duty::AssignOffice,
            stream: "office-registrar".to_owned(),
            names: Vec::new(),
            at_least: 0,
            command: GovernanceEvent::OfficeSeated { office, person: REGISTRAR, from },
        };
        seats.execute(order).await.unwrap();
    }

    /// A request by a person, as the identity layer lets it through.
    fn request<T>(&self, person: PersonId, method: &'static str, message: T) -> Request<T> {
        let rpc = crate::RPCS.iter().find(|rpc| rpc.path.ends_with(method)).unwrap();
        let caller = Caller::new(person, Channel::Grpc);
        let mut request = Request::new(message);
        request.extensions_mut().insert(Call { ledger: LEDGER, caller, duty: rpc.duty, method: rpc.path });
        request
    }

    fn service(&self) -> Service {
        Service::new(Arc::clone(&self.executors))
    }

    /// Imports a bundle through the generated server, as the wire has it.
    async fn import(
        &self,
        request: u128,
        person: PersonId,
        parts: Vec<Part>,
    ) -> Result<(Vec<ImportRow>, ImportSummary), Status> {
        let begin =
            ImportRosterBegin { request_id: Uuid::from_u128(request).to_string(), ..Default::default() };
        self.send([vec![Part::Begin(begin)], parts].concat(), person).await
    }

    async fn send(
        &self,
        parts: Vec<Part>,
        person: PersonId,
    ) -> Result<(Vec<ImportRow>, ImportSummary), Status> {
        let call = self.request(person, "/ImportRoster", ()).into_parts().1;
        let server =
            RecordsServiceServer::with_interceptor(self.service(), move |mut request: Request<()>| {
                *request.extensions_mut() = call.clone();
                Ok(request)
            });
        let mut client = proto::records::v1::records_service_client::RecordsServiceClient::new(server);
        let parts = parts.into_iter().map(|part| ImportRosterRequest { part: Some(part) });
        let mut answers = client.import_roster(tokio_stream::iter(parts)).await?.into_inner();
        let (mut rows, mut summary) = (Vec::new(), None);
        while let Some(answer) = answers.message().await? {
            match answer.part.unwrap() {
                Answered::Row(row) => rows.push(row),
                Answered::Summary(said) => summary = Some(said),
            }
        }
        Ok((rows, summary.unwrap()))
    }

    async fn events(&self) -> Vec<Stored> {
        self.store.read(LEDGER, 0, 10_000).await.unwrap()
    }

    async fn find(&self, by: find_person_request::By) -> Result<PersonId, Status> {
        let message = FindPersonRequest { by: Some(by), at_least_position: 0 };
        let found = self.service().find_person(self.request(REGISTRAR, "/FindPerson", message)).await?;
        Ok(found.into_inner().person_id.parse().unwrap())
    }

    async fn number(&self, number: &str) -> PersonId {
        self.find(find_person_request::By::StudentNumber(number.to_owned())).await.unwrap()
    }

    async fn student(&self, asks: PersonId, student: PersonId) -> Result<GetStudentResponse, Status> {
        let message = GetStudentRequest { student_id: student.to_string(), at_least_position: 0 };
        let answer = self.service().get_student(self.request(asks, "/GetStudent", message)).await?;
        Ok(answer.into_inner())
    }

    async fn close(self) {
        self.executors.engine().close();
        assert!(self.tasks.finish(std::time::Duration::from_secs(60)).await);
    }
}

fn parts(files: Vec<(String, Bytes)>) -> Vec<Part> {
    let file = |(name, bytes): (String, Bytes)| {
        let chunks: Vec<_> =
            bytes.chunks(100).map(|chunk| Part::Chunk(Bytes::copy_from_slice(chunk))).collect();
        [vec![Part::File(ImportRosterFile { name })], chunks].concat()
    };
    files.into_iter().flat_map(file).collect()
}

fn bad(rows: &[ImportRow]) -> Vec<String> {
    let bad = rows.iter().filter_map(|row| match row.verdict() {
        RowVerdict::Refused => {
            Some(format!("{} {} refused: {} [{}]", row.file, row.sourced_id, row.field, row.clause))
        }
        RowVerdict::Skipped => Some(format!("{} {} skipped: {}", row.file, row.sourced_id, row.because_of)),
        RowVerdict::Accepted | RowVerdict::Unchanged | RowVerdict::Unspecified => None,
    });
    bad.collect()
}

fn unchanged(summary: &ImportSummary) -> [u64; 4] {
    [summary.accepted, summary.unchanged, summary.refused, summary.skipped]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_bundle_is_taken_once() {
    let school = School::open().await;
    let (rows, summary) = school.import(1, REGISTRAR, parts(clean())).await.unwrap();
    assert_eq!(bad(&rows), [""; 0]);
    // Sessions, organisations and subjects are recorded with what names them.
    assert_eq!(unchanged(&summary), [5 + 5 + 2 + 3 + 6, 3 + 1 + 2, 0, 0]);
    assert_eq!(rows.len(), 27);
    for (row, done) in rows.iter().zip(1..) {
        assert_eq!((row.rows_done, row.rows_of_all), (done, 27));
    }
    let events = school.events().await;
    let last = u64::try_from(events.len()).unwrap();
    assert_eq!(summary.position, last);
    // The same import again: each row gets its first answer. Another: nothing has changed.
    let (again, _) = school.import(1, REGISTRAR, parts(clean())).await.unwrap();
    assert_eq!(again, rows);
    let (_, second) = school.import(2, REGISTRAR, parts(clean())).await.unwrap();
    assert_eq!(unchanged(&second), [0, 27, 0, 0]);
    assert_eq!(second.position, last);
    assert_eq!(school.events().await, events);
    school.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dirty_bundle_is_taken_but_for_its_faults() {
    let school = School::open().await;
    let files = with(clean(), "users.csv", "A123456789", "A123456780");
    let files = with(files, "classes.csv", "scheduled,o,y", "scheduled,o,x");
    let files = with(files, "enrollments.csv", "k1,o,p2", "k1,o,p9");
    let (rows, summary) = school.import(1, REGISTRAR, parts(files.clone())).await.unwrap();
    let mut said = bad(&rows);
    said.sort_unstable();
    assert_eq!(
        said,
        [
            "classes.csv k2 refused: termSourcedIds []",
            "demographics.csv p1 skipped: users.csv: p1",
            "enrollments.csv e2 skipped: users.csv: p1",
            "enrollments.csv e3 skipped: users.csv: p1",
            "enrollments.csv e4 refused: userSourcedId []",
            "enrollments.csv e5 skipped: users.csv: p1",
            "roles.csv rp1 skipped: users.csv: p1",
            "users.csv p1 refused: userIds [A.1]",
        ]
    );
    assert_eq!(unchanged(&summary)[2..], [3, 5]);
    let named = school.student(REGISTRAR, school.number("1140002").await).await.unwrap().student.unwrap();
    assert_eq!(named.name, "謝=1+1");
    // The next import mends it, and what was taken stays as it is.
    let (rows, summary) = school.import(2, REGISTRAR, parts(clean())).await.unwrap();
    assert_eq!(bad(&rows), [""; 0]);
    assert_eq!(unchanged(&summary)[0], 1 + 1 + 1 + 1 + 4);
    school.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_anothers_here_is_refused_and_so_is_what_hangs_on_it() {
    let school = School::open().await;
    let student = StudentData {
        roster_id: "elsewhere".into(),
        username: "1140002".into(),
        number: "9".into(),
        name: "王".into(),
        grade: 10,
        ..StudentData::default()
    };
    let request_id = Uuid::from_u128(7).to_string();
    let message = RegisterStudentRequest { request_id, at_least_position: 0, student: Some(student) };
    let request = school.request(REGISTRAR, "/RegisterStudent", message.clone());
    let made = school.service().register_student(request).await.unwrap().into_inner().written.unwrap();
    assert_eq!(made.made_id, school.number("9").await.to_string());
    let request = school.request(REGISTRAR, "/RegisterStudent", message);
    assert_eq!(school.service().register_student(request).await.unwrap().into_inner().written, Some(made));
    let (rows, _) = school.import(1, REGISTRAR, parts(clean())).await.unwrap();
    assert_eq!(
        bad(&rows),
        [
            "users.csv p2 refused: username [R1]",
            "roles.csv rp2 skipped: users.csv: p2",
            "demographics.csv p2 skipped: users.csv: p2",
            "enrollments.csv e4 skipped: users.csv: p2",
        ]
    );
    school.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_bundle_may_name_what_an_earlier_one_brought() {
    let school = School::open().await;
    school.import(1, REGISTRAR, parts(clean())).await.unwrap();
    let mut files = clean();
    for file in ["users", "roles", "demographics", "courses", "classes"] {
        let (bulk, absent) = (format!("file.{file},bulk"), format!("file.{file},absent"));
        files = with(files, "manifest.csv", &bulk, &absent);
        files.retain(|(name, _)| *name != format!("{file}.csv"));
    }
    let files = with(files, "enrollments.csv", "e3,active", "e3,tobedeleted");
    let files = with(files, "enrollments.csv", "e4,active,k1,o,p2", "e4,active,k1,o,p3");
    let files = with(files, "enrollments.csv", "e6,active,k1,o,t1,teacher", "e6,tobedeleted,k1,o,t2,teacher");
    let files = with(files, "enrollments.csv", "e2,active", "e2,tobedeleted");
    let (rows, summary) = school.import(2, REGISTRAR, parts(files.clone())).await.unwrap();
    assert_eq!(bad(&rows), ["enrollments.csv e2 refused: status [R15]"]);
    // e3 is dropped, e4 is new; e1, e5 are so already, e6 never was.
    assert_eq!(unchanged(&summary), [2, 4 + 3, 1, 0]);
    let (_, summary) = school.import(3, REGISTRAR, parts(files)).await.unwrap();
    assert_eq!(unchanged(&summary), [0, 4 + 5, 1, 0]);
    school.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_told_before_the_first_row() {
    let school = School::open().await;
    let before = school.events().await;
    let refused =
        |code: Code, said: &'static str, result: Result<(Vec<ImportRow>, ImportSummary), Status>| {
            let status = result.unwrap_err();
            assert_eq!(status.code(), code, "{status}");
            assert!(status.message().contains(said), "{status}");
        };
    let mut files = clean();
    files.retain(|(name, _)| name != "users.csv");
    let missing = school.import(1, REGISTRAR, parts(files)).await;
    refused(Code::InvalidArgument, "users.csv: is listed in manifest.csv and missing", missing);
    let stranger = PersonId::new(Uuid::from_u128(9));
    refused(Code::PermissionDenied, "import a roster", school.import(1, stranger, parts(clean())).await);
    refused(Code::InvalidArgument, "begin: must come first", school.send(parts(clean()), REGISTRAR).await);
    let chunk = vec![Part::Chunk(Bytes::from_static(b"x"))];
    refused(Code::InvalidArgument, "chunk: must come after", school.import(1, REGISTRAR, chunk).await);
    let nil = school.import(0, REGISTRAR, parts(clean())).await;
    refused(Code::InvalidArgument, "request_id", nil);
    assert_eq!(school.events().await, before);
    school.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_by_the_id_of_another_is_refused() {
    let school = School::open().await;
    school.import(1, REGISTRAR, parts(clean())).await.unwrap();
    let before = school.events().await;
    let other = with(clean(), "users.csv", "俊賢,許", "俊,許");
    let status = school.import(1, REGISTRAR, parts(other)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert!(status.message().contains("request_id"), "{status}");
    assert_eq!(school.events().await, before);
    school.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_read_is_answered_and_nobody_else() {
    let school = School::open().await;
    school.import(1, REGISTRAR, parts(clean())).await.unwrap();
    let (one, other) = (school.number("1140001").await, school.number("1140002").await);
    let identity = find_person_request::By::IdentityNumber("a123456789".into());
    assert_eq!(school.find(identity).await.unwrap(), one);
    let nobody = school.find(find_person_request::By::Username("nobody".into())).await;
    assert_eq!(nobody.unwrap_err().code(), Code::NotFound);
    let wrong = school.find(find_person_request::By::IdentityNumber("A123456780".into())).await.unwrap_err();
    assert_eq!(wrong.code(), Code::InvalidArgument);
    let answer = school.student(one, one).await.unwrap();
    assert!(!answer.class_id.is_empty());
    let student = answer.student.unwrap();
    assert_eq!((student.name.as_str(), student.birth_date.as_str()), ("林武雄", "2010-06-10"));
    assert_eq!((student.identity_number.as_str(), student.grade), ("A123456789", 10));
    assert_eq!(school.student(one, other).await.unwrap_err().code(), Code::PermissionDenied);
    let teacher = school.find(find_person_request::By::Username("t0001".into())).await.unwrap();
    assert_eq!(school.student(teacher, one).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(school.student(REGISTRAR, teacher).await.unwrap_err().code(), Code::NotFound);
    // Nothing of it stands in the log in clear.
    for event in school.events().await {
        let record = String::from_utf8(event.record).unwrap();
        for secret in ["林武雄", "A123456789", "2010-06-10", "1140001"] {
            assert!(!record.contains(secret), "{record}");
        }
    }
    school.close().await;
}

/// Code, reason, clause and field of a refusal.
fn said<T>(answer: Result<T, Status>) -> (Code, String, String, String) {
    let Err(status) = answer else { panic!("it was accepted") };
    let info = status.get_details_error_info().unwrap();
    let of = |name: &str| info.metadata.get(name).cloned().unwrap_or_default();
    (status.code(), info.reason.clone(), of("clause"), of("field"))
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_the_registrar_records_who_leaves_comes_back_and_graduates() {
    let school = School::open().await;
    school.import(1, REGISTRAR, parts(clean())).await.unwrap();
    let one = school.number("1140001").await;
    let id = |n: u128| Uuid::from_u128(0x100 + n).to_string();
    let leaves = |n, leaving: Leaving, on: &str| RecordLeavingRequest {
        request_id: id(n),
        at_least_position: 0,
        student_id: one.to_string(),
        on: on.into(),
        leaving: leaving.into(),
    };
    let returns = |n, on: &str| RecordReturnRequest {
        request_id: id(n),
        at_least_position: 0,
        student_id: one.to_string(),
        on: on.into(),
    };
    let graduates = |n, on: &str| GraduateStudentRequest {
        request_id: id(n),
        at_least_position: 0,
        student_id: one.to_string(),
        year: 114,
        on: on.into(),
    };
    let leave = async |by, message| {
        let answer = school.service().record_leaving(school.request(by, "/RecordLeaving", message)).await?;
        Ok::<_, Status>(answer.into_inner().written.unwrap())
    };
    let come_back = async |message| {
        let answer =
            school.service().record_return(school.request(REGISTRAR, "/RecordReturn", message)).await?;
        Ok::<_, Status>(answer.into_inner().written.unwrap())
    };
    let graduate = async |message| {
        let request = school.request(REGISTRAR, "/GraduateStudent", message);
        Ok::<_, Status>(school.service().graduate_student(request).await?.into_inner().written.unwrap())
    };
    let refused = |reason: &str, field: &str| {
        (Code::FailedPrecondition, reason.to_owned(), "§5".to_owned(), field.to_owned())
    };
    let first = leave(REGISTRAR, leaves(1, Leaving::Suspended, "2025-09-01")).await.unwrap();
    assert_ne!(first.first_position, 0);
    let same = leave(REGISTRAR, leaves(2, Leaving::Suspended, " 2025-09-01 ")).await.unwrap();
    assert_eq!((same.first_position, same.position), (0, first.position));
    // Who is away reads what is there of them all the same.
    assert!(school.student(one, one).await.is_ok());
    assert_eq!(said(graduate(graduates(3, "2025-10-01")).await), refused("STUDENT_NOT_ENROLLED", ""));
    come_back(returns(4, "2025-10-01")).await.unwrap();
    assert_eq!(said(come_back(returns(5, "2025-10-02")).await), refused("STUDENT_HAS_NOT_LEFT", ""));
    let later = said(graduate(graduates(6, "9999-06-12")).await);
    assert_eq!(later, refused("STUDENT_STATUS_DAY_TO_COME", "on"));
    graduate(graduates(7, "2025-11-01")).await.unwrap();
    assert_eq!(said(come_back(returns(8, "2025-11-02")).await), refused("STUDENT_GRADUATED", ""));
    // It is the registrar's task, and nobody's who isn't there.
    let denied = said(leave(one, leaves(9, Leaving::Withdrawn, "2025-11-01")).await);
    assert_eq!((denied.0, &*denied.1, &*denied.2), (Code::PermissionDenied, "DUTY_MISSING", "§5"));
    let nobody = RecordReturnRequest { student_id: id(0), ..returns(10, "2025-11-01") };
    assert_eq!(said(come_back(nobody).await).1, "STUDENT_UNKNOWN");
    let wrong = RecordLeavingRequest { student_id: "x".into(), ..leaves(11, Leaving::Unspecified, "soon") };
    let bad = leave(REGISTRAR, wrong).await.unwrap_err().get_details_bad_request().unwrap();
    let fields: Vec<_> = bad.field_violations.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["student_id", "on", "leaving"]);
    school.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_ends_when_the_process_is_stopping_and_goes_on_in_the_next() {
    let school = School::open().await;
    school.executors.stopping.store(true, Ordering::Relaxed);
    let stopped = school.import(1, REGISTRAR, parts(clean())).await.unwrap_err();
    assert_eq!(stopped.code(), Code::Unavailable);
    school.executors.stopping.store(false, Ordering::Relaxed);
    let (rows, _) = school.import(1, REGISTRAR, parts(clean())).await.unwrap();
    assert_eq!(bad(&rows), [""; 0]);
    school.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_nobody_listens_to_stops_and_goes_on_later() {
    let school = School::open().await;
    let bundle = crate::roster::Bundle::read(clean()).unwrap();
    let plan = crate::roster::Plan::of(&bundle);
    let call = call(&school.request(REGISTRAR, "/ImportRoster", ())).unwrap();
    let request = RequestId::new(Uuid::from_u128(1));
    drop(import::start(&school.executors, call, import::Order { request, at_least: 0, plan }));
    let (rows, summary) = school.import(1, REGISTRAR, parts(clean())).await.unwrap();
    assert_eq!(bad(&rows), [""; 0]);
    assert_eq!(unchanged(&summary), [21, 6, 0, 0]);
    school.close().await;
}
