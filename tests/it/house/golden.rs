//! A sample of every event as it is stored, byte for byte: a shape that changes is seen here before it is stored.
//!
//! `LICHENG_GOLDEN=write` writes what differs, for a commit of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use events::{
    AnyEvent, Category, CertificationEvent, DomainEvent, FileDescription, GovernanceEvent, PolicyTerms,
    Record, Recorded, RecordsEvent, SemesterTerms, StudentData, SubmissionEvent, UntickReason, UploadsEvent,
    WorkKind,
};
use kernel::{
    ClassId, Compartment, CourseId, Duty, FileId, Instant, LedgerId, Office, Owner, PersonId, Personal,
    Public, RequestId, SchoolYear, Semester, Term, Window, WorkId,
};
use serde_json::{Value, json};
use uuid::Uuid;
use vault::{KeyEncryptionKey, KeyFault, KeyRow, KeyStore, Vault};

use super::{files, listed, top};

const FOLDER: &str = "tests/golden/events";

const LEDGER: LedgerId = LedgerId::new(Uuid::from_u128(0x1ed6e7));
const STUDENT: PersonId = PersonId::new(Uuid::from_u128(0x57));
const TEACHER: PersonId = PersonId::new(Uuid::from_u128(0x7e));
const CLASS: ClassId = ClassId::new(Uuid::from_u128(0xc1));
const COURSE: CourseId = CourseId::new(Uuid::from_u128(0xc0));
const WORK: WorkId = WorkId::new(Uuid::from_u128(0x30));
const FILE: FileId = FileId::new(Uuid::from_u128(0xf1));

/// Keys in memory.
#[derive(Default)]
struct Keys(Mutex<HashMap<String, KeyRow>>);

#[async_trait]
impl KeyStore for Keys {
    async fn key(&self, _: LedgerId, kid: &str) -> Result<Option<KeyRow>, KeyFault> {
        Ok(self.0.lock().unwrap().get(kid).cloned())
    }
    async fn keep_key(&self, _: LedgerId, kid: &str, row: KeyRow) -> Result<KeyRow, KeyFault> {
        Ok(self.0.lock().unwrap().entry(kid.to_owned()).or_insert(row).clone())
    }
    async fn destroy_key(&self, _: LedgerId, kid: &str) -> Result<(), KeyFault> {
        self.0.lock().unwrap().insert(kid.to_owned(), KeyRow::Destroyed);
        Ok(())
    }
}

fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

fn semester() -> Semester {
    Semester::new(year(), Term::First)
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn window() -> Window {
    Window::try_new(at("2026-01-05T00:00:00Z"), at("2026-01-16T16:00:00Z")).unwrap()
}

fn hex64(of: &str) -> Public<String> {
    Public(of.repeat(32))
}

/// A value of a student's, a member of the staff's, a work's.
fn identity(value: &str) -> Personal<String> {
    Personal::new(Owner::identity(STUDENT), value.to_owned())
}

fn staff(value: &str) -> Personal<String> {
    Personal::new(Owner::new(TEACHER, Compartment::Staff), value.to_owned())
}

fn of_work(value: &str) -> Personal<String> {
    Personal::new(Owner::work(STUDENT, WORK), value.to_owned())
}

fn governance() -> Vec<GovernanceEvent> {
    let terms = PolicyTerms {
        outcomes_per_semester_max: 5,
        performances_per_year_max: 20,
        outcomes_selected_max: 6,
        performances_selected_max: 10,
        performance_upload: window(),
        selection: window(),
        semesters: BTreeMap::from([(
            semester(),
            SemesterTerms { upload: window(), certification: window() },
        )]),
    };
    let (office, person, from) = (Office::Registrar, TEACHER, at("2025-08-01T00:00:00Z"));
    vec![
        GovernanceEvent::LedgerOpened {
            ledger: LEDGER,
            code: Public("353301".into()),
            name: Public("測試高級中學".into()),
            checkpoint_key: Public("licheng/ledger+0a1b2c3d+AQID".into()),
        },
        GovernanceEvent::OfficerNamed { person: TEACHER, name: staff("王校長") },
        GovernanceEvent::OfficeSeated { office, person, from },
        GovernanceEvent::OfficeVacated { office, person, from },
        GovernanceEvent::DutyAssigned {
            duty: Duty::ImportRoster,
            offices: vec![Office::Registrar, Office::ItOffice],
        },
        GovernanceEvent::PolicyAdopted { year: year(), version: 1, from, terms },
    ]
}

fn records() -> Vec<RecordsEvent> {
    let basic = || StudentData {
        roster_id: identity("stu-1"),
        username: identity("s114001"),
        number: identity("114001"),
        name: identity("林武雄"),
        identity_number: Some(identity("A123456789")),
        birth_date: Some(identity("2009-09-01")),
        grade: 10,
    };
    let (student, teacher, course, class, semester) = (STUDENT, TEACHER, COURSE, CLASS, semester());
    vec![
        RecordsEvent::StudentRegistered { student, basic: basic() },
        RecordsEvent::StudentCorrected { student, basic: basic() },
        RecordsEvent::StudentPlaced { student, class, from: None, year: year() },
        RecordsEvent::StaffRegistered {
            staff: TEACHER,
            roster_id: staff("tea-1"),
            username: staff("t0001"),
            name: staff("許俊賢"),
        },
        RecordsEvent::StaffCorrected { staff: TEACHER, username: staff("t0001"), name: staff("許俊") },
        RecordsEvent::ClassOpened {
            class,
            roster_id: Public("class-1".into()),
            year: year(),
            grade: 10,
            title: Public("10年01班".into()),
        },
        RecordsEvent::HomeroomAssigned { class, teacher },
        RecordsEvent::CourseOffered {
            course,
            roster_id: Public("course-1".into()),
            semester,
            title: Public("地理".into()),
            code: Public("GEO-1".into()),
            submittable: false,
        },
        RecordsEvent::TeacherAssigned { course, teacher },
        RecordsEvent::TeacherReleased { course, teacher },
        RecordsEvent::CourseTaken { student, course, semester },
        RecordsEvent::CourseDropped { student, course, semester },
    ]
}

fn uploads() -> Vec<UploadsEvent> {
    let description = |md5: Option<&str>| FileDescription {
        name: of_work("地理報告.pdf"),
        sha256: of_work(&"ab".repeat(32)),
        md5: md5.map(of_work),
    };
    let (student, work, file, category) = (STUDENT, WORK, FILE, Category::Competition);
    let (semester, year) = (semester(), year());
    let kind = WorkKind::Outcome { course: COURSE, semester };
    let found = || (hex64("c0"), hex64("5e"), Public("application/pdf".to_owned()), description(Some("0f")));
    let (commitment, sealed_sha256, media_type, described) = found();
    let outcome = UploadsEvent::OutcomeSubmitted {
        student,
        work,
        course: COURSE,
        semester,
        file,
        size: 1_048_577,
        segments: 2,
        media_type,
        commitment,
        sealed_sha256,
        description: described,
    };
    let (commitment, sealed_sha256, media_type, described) = found();
    let performance = UploadsEvent::PerformanceSubmitted {
        student,
        work,
        category,
        year,
        file,
        size: 1_048_577,
        segments: 2,
        media_type,
        commitment,
        sealed_sha256,
        description: described,
    };
    let begun = UploadsEvent::WorkBegun {
        student,
        work,
        kind,
        title: of_work("河階地形"),
        summary: of_work("實察大漢溪河階。"),
        file,
        declared: description(None),
        size: 1_048_577,
        until: at("2026-01-07T00:00:00Z"),
        salt: of_work(&"5a".repeat(32)),
    };
    let refused = UploadsEvent::FileRefused {
        student,
        work,
        kind: WorkKind::Performance { category, year },
        reason: Public("ENCRYPTED_FILE".into()),
    };
    vec![begun, outcome, performance, refused, UploadsEvent::WorkWithdrawn { student, work, kind }]
}

fn certification() -> Vec<CertificationEvent> {
    let (student, work, course, teacher, semester) = (STUDENT, WORK, COURSE, TEACHER, semester());
    let commitment = hex64("c0");
    vec![
        CertificationEvent::WorkCertified {
            student,
            work,
            course,
            semester,
            teacher,
            commitment: commitment.clone(),
        },
        CertificationEvent::WorkReturned {
            student,
            work,
            course,
            teacher,
            reason: of_work("請補上資料來源。"),
            commitment,
        },
        CertificationEvent::CertificationRevoked {
            student,
            work,
            course,
            semester,
            teacher,
            reason: of_work("認證錯誤。"),
        },
    ]
}

fn submission() -> Vec<SubmissionEvent> {
    let (student, year, work) = (STUDENT, year(), WORK);
    let commitment = hex64("c0");
    vec![
        SubmissionEvent::OutcomeTicked {
            student,
            year,
            work,
            commitment: commitment.clone(),
            certificate: 1,
        },
        SubmissionEvent::OutcomeUnticked { student, year, work, why: UntickReason::Revoked },
        SubmissionEvent::PerformanceTicked { student, year, work, commitment },
        SubmissionEvent::PerformanceUnticked { student, year, work, why: UntickReason::Asked },
    ]
}

/// Puts fixed bytes where the seal draws random ones.
fn fix(value: &mut Value) {
    match value {
        Value::Object(_) if vault::is_sealed(value) => {
            value["n"] = json!("bm9uY2Vub25jZW5v");
            value["c"] = json!("Y2lwaGVydGV4dCBhbmQgaXRzIHRhZw==");
        }
        Value::Object(map) => map.values_mut().for_each(fix),
        Value::Array(values) => values.iter_mut().for_each(fix),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// An event's record with its seal, and what opening that gives back.
async fn sample<E: DomainEvent + Into<AnyEvent>>(vault: &Vault, event: E) -> (String, Vec<u8>) {
    let request = RequestId::new(Uuid::from_u128(0x4e9));
    let id = Record::id_of(LEDGER, request, 0);
    let (written, _) = vault.seal(LEDGER, id, &event).await.unwrap();
    let kind = written["type"].as_str().unwrap().to_owned();
    let mut record = Record {
        specversion: "1.0".into(),
        id,
        source: Record::source_of(LEDGER, E::SERVICE),
        kind: kind.clone(),
        subject: event.subject(),
        time: at("2026-01-06T01:02:03.000004Z"),
        stream: "sample-1".to_owned(),
        streamversion: 2,
        actor: TEACHER,
        onbehalfof: Some(STUDENT),
        duty: Duty::CertifyWork.name().to_owned(),
        requestid: request,
        correlationid: Some("undertaking-1".to_owned()),
        causationid: Some(Record::id_of(LEDGER, request, 1)),
        reliedon: Some("policy-114@1 course-1@3".to_owned()),
        channel: "grpc".to_owned(),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        data: written["data"].clone(),
    };
    let sealed = AnyEvent::read(&kind, record.data.clone()).unwrap().unwrap();
    let recorded = Recorded { ledger: LEDGER, position: 1, record: record.clone(), event: sealed };
    let opened = vault.opened_event(&recorded, record.data.clone()).await.unwrap();
    let said = |event: &AnyEvent| match event {
        AnyEvent::Governance(event) => kernel::sealing(event).unwrap(),
        AnyEvent::Records(event) => kernel::sealing(event).unwrap(),
        AnyEvent::Uploads(event) => kernel::sealing(event).unwrap(),
        AnyEvent::Certification(event) => kernel::sealing(event).unwrap(),
        AnyEvent::Submission(event) => kernel::sealing(event).unwrap(),
    };
    assert_eq!(said(&opened), said(&event.into()), "{kind} opened again");
    fix(&mut record.data);
    (kind, record.line().unwrap())
}

async fn samples() -> BTreeMap<String, Vec<u8>> {
    let vault = Vault::new(Arc::new(Keys::default()), KeyEncryptionKey::generate());
    let mut all = Vec::new();
    for event in governance() {
        all.push(sample(&vault, event).await);
    }
    for event in records() {
        all.push(sample(&vault, event).await);
    }
    for event in uploads() {
        all.push(sample(&vault, event).await);
    }
    for event in certification() {
        all.push(sample(&vault, event).await);
    }
    for event in submission() {
        all.push(sample(&vault, event).await);
    }
    let named =
        all.into_iter().map(|(kind, line)| (kind.trim_start_matches("licheng.").to_owned() + ".json", line));
    named.collect()
}

#[tokio::test]
async fn every_event_is_stored_as_its_sample_says() {
    let samples = samples().await;
    if std::env::var_os("LICHENG_GOLDEN").is_some_and(|value| value == "write") {
        fs::create_dir_all(top().join(FOLDER)).unwrap();
        for (name, line) in &samples {
            fs::write(top().join(FOLDER).join(name), line).unwrap();
        }
    }
    let names: BTreeSet<_> = samples.keys().cloned().collect();
    assert_eq!(names, listed(FOLDER), "the samples made, and those in {FOLDER}");
    for (name, line) in samples {
        let kept = fs::read(top().join(FOLDER).join(&name)).unwrap();
        assert!(kept == line, "{name}:\nkept {}\nmade {}", text(&kept), text(&line));
        // What is kept is read by today's types, and written again as it was.
        let record = Record::parse(&kept).unwrap();
        let event = AnyEvent::read(&record.kind, record.data.clone()).unwrap().unwrap();
        let said = match event {
            AnyEvent::Governance(event) => serde_json::to_value(event),
            AnyEvent::Records(event) => serde_json::to_value(event),
            AnyEvent::Uploads(event) => serde_json::to_value(event),
            AnyEvent::Certification(event) => serde_json::to_value(event),
            AnyEvent::Submission(event) => serde_json::to_value(event),
        };
        assert_eq!(said.unwrap()["data"], record.data, "{name} read back");
        assert_eq!(record.line().unwrap(), kept, "{name} written again");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_event_type_has_a_sample() {
    let mut types = BTreeSet::new();
    for source in files("services/events/src", ".rs") {
        let renamed = source
            .product()
            .lines()
            .filter_map(|line| line.trim().strip_prefix("#[serde(rename = \"licheng."));
        types.extend(renamed.filter_map(|rest| rest.split('"').next()).map(|kind| format!("{kind}.json")));
    }
    assert_eq!(types, listed(FOLDER), "the types of events, and the samples in {FOLDER}");
}
