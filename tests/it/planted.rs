//! What is personal is nowhere at rest in clear: strings are put in by gRPC, shown to who may see them, and found in
//! nothing that the platform and its servers have written. That the search would find them is tested too.

mod bus;
mod rest;
mod search;

use std::collections::BTreeSet;

use futures::StreamExt as _;
use kernel::IdentityNumber;
use proto::certification::v1::work_verdict::Verdict;
use proto::certification::v1::{ReturnWorksRequest, WorkToReturn};
use proto::portfolio::v1::{
    GetPortfolioRequest, GetPortfolioResponse, GetWorklistRequest, GetWorklistResponse, WorkState,
};
use proto::records::v1::{GetStudentRequest, RegisterStudentRequest, StudentData};
use proto::types::v1::Category;
use proto::uploads::v1::read_file_response::Part;
use proto::uploads::v1::{BeginOutcomeRequest, BeginPerformanceRequest, ReadFileRequest};
use tonic::{Code, Request, Status};
use uuid::Uuid;

use self::rest::{AHEAD, DATABASE, Rest};
use self::search::{CLEAR, Found, Needles};
use crate::world::{
    Backend, Bundle, Caller, School, Sheet, Work, YEAR, ask, import, malformed, ok, pdf, png, request_id,
    service,
};

both!(nothing_planted_is_found_at_rest);

/// Strings that are nowhere else.
struct Planted {
    name: String,
    number: String,
    identity: String,
    title: String,
    summary: String,
    file: String,
    content: String,
    detail: String,
    reason: String,
}

impl Planted {
    fn draw() -> Self {
        let first: u64 = rand::random::<u64>() % 10_000_000 * 10;
        let mut identities = (0..10).map(|check| format!("F1{:08}", first + check));
        Self {
            name: han(6),
            number: format!("9{:011}", rand::random::<u64>() % 100_000_000_000),
            identity: identities.find(|text| text.parse::<IdentityNumber>().is_ok()).unwrap(),
            title: format!("{}1a", han(12)),
            summary: han(90),
            file: han(10),
            content: hex::encode(rand::random::<[u8; 24]>()),
            detail: han(15),
            reason: han(40),
        }
    }

    fn strings(&self) -> [(&'static str, &str); 9] {
        [
            ("name", &self.name),
            ("number", &self.number),
            ("identity number", &self.identity),
            ("title", &self.title),
            ("summary", &self.summary),
            ("file name", &self.file),
            ("content", &self.content),
            ("detail", &self.detail),
            ("reason", &self.reason),
        ]
    }

    /// The small roster with a student more.
    fn bundle(&self) -> Bundle {
        let Self { name, number, identity, .. } = self;
        let user = format!("p5,active,{number},{{twid:{identity}}},{name},林,{number},10\n");
        let taken = "e15,active,h1,o,p5,student,,,\ne16,active,k1,o,p5,student,,,\n";
        let mut bundle = Bundle::small();
        for (file, before, row) in [
            ("users.csv", "p4,active", &*user),
            ("roles.csv", "rp4,active", "rp5,active,p5,primary,student,o\n"),
            ("enrollments.csv", "e14,active", taken),
        ] {
            bundle = bundle.with(file, before.as_bytes(), format!("{row}{before}").as_bytes());
        }
        bundle
    }

    /// A file of that name and content, of so many bytes and more.
    fn sheet(&self, bytes: usize) -> Sheet {
        Sheet { name: format!("{}.pdf", self.file), ..pdf(&self.content, bytes) }
    }
}

/// So many characters by chance.
fn han(count: usize) -> String {
    let drawn = std::iter::repeat_with(|| char::from_u32(0x4e00 + rand::random::<u32>() % 20_000).unwrap());
    drawn.take(count).collect()
}

async fn nothing_planted_is_found_at_rest(backend: Backend) {
    let mut school = School::open(backend).await;
    let bus = rest::prepare(&mut school, backend).await;
    let planted = Planted::draw();
    let work = plant(&school, &planted).await;
    school.export("export").await;
    school.first.kill().await;
    if let Some(bus) = bus {
        bus.stop().await;
    }
    let mut rest = Rest::of(&school, backend);
    let strings = planted.strings();
    // An id isn't personal: it is found, so what is looked through is what was written.
    let needles = Needles::new(&[&strings[..], &[("id", &work.id)]].concat());
    for (place, mut found) in rest.search(&school, &needles).await {
        let before = found.len();
        found.retain(|(what, _)| *what != "id");
        assert_eq!(found, Found::new(), "{place}");
        assert!(!["rows", "dump", "bus", "export"].contains(&place) || before > 0, "{place}");
    }
    // Now the platform is spoiled: all of them are written in clear into every place.
    let short = strings.iter().filter(|(what, _)| *what != "summary").map(|(_, text)| *text);
    let long = planted.summary.repeat(100);
    rest.write(&school, &short.collect::<Vec<_>>(), &long).await;
    let clear: Found = strings.iter().map(|(what, _)| (*what, CLEAR)).collect();
    for (place, found) in rest.search(&school, &needles).await {
        let missed: BTreeSet<_> = clear.difference(&found).map(|(what, _)| *what).collect();
        // What PostgreSQL compresses is in its files, but not as it was: rows and dump tell.
        let compressed = backend == Backend::District && [DATABASE, AHEAD].contains(&place);
        assert!(missed.iter().all(|what| compressed && *what == "summary"), "{place}: {missed:?}");
    }
}

/// Puts everything in, by what is accepted and by what is refused, and reads it back.
async fn plant(school: &School, planted: &Planted) -> Work {
    let registrar = school.caller(school.registrar);
    let imported = import(&registrar, &planted.bundle()).await.unwrap();
    assert!(imported.bad().is_empty(), "{:?}", imported.bad());
    let id = imported.ids("users.csv")["p5"];
    register_again(&registrar, planted).await;
    let student = school.caller(id);
    let work = hand_in(school, &student, planted).await;
    let position = leave_undone(school, &student, planted).await;
    let teacher = school.caller(school.teachers[0]);
    let waits = GetWorklistRequest { at_least_position: position, ..GetWorklistRequest::default() };
    let waits: GetWorklistResponse = call(&teacher, "GetWorklist", waits).await.unwrap();
    let waits: Vec<_> = waits.items.into_iter().map(|item| item.work.unwrap()).collect();
    assert_eq!(waits.len(), 1, "{waits:?}");
    assert_eq!((&waits[0].title, &waits[0].summary), (&planted.title, &planted.summary));
    let position = return_work(&teacher, &work, &planted.reason).await;
    for reader in [&student, &registrar] {
        show(reader, id, planted, &work, position).await;
    }
    read(&teacher, &work).await.unwrap();
    let stranger = school.caller(school.students[1]);
    let asked = GetPortfolioRequest { student_id: id.to_string(), ..GetPortfolioRequest::default() };
    let answer: Result<GetPortfolioResponse, _> = call(&stranger, "GetPortfolio", asked).await;
    assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(read(&stranger, &work).await.unwrap_err().code(), Code::PermissionDenied);
    work
}

/// The same student once more, which is refused.
async fn register_again(registrar: &Caller, planted: &Planted) {
    let student = StudentData {
        roster_id: "p6".to_owned(),
        username: "again".to_owned(),
        number: planted.number.clone(),
        name: planted.name.clone(),
        identity_number: planted.identity.clone(),
        grade: 10,
        ..StudentData::default()
    };
    let request = RegisterStudentRequest {
        request_id: request_id(),
        student: Some(student),
        ..RegisterStudentRequest::default()
    };
    let answer = registrar.records().register_student(request).await;
    assert_eq!(answer.unwrap_err().code(), Code::AlreadyExists);
}

fn outcome(school: &School, planted: &Planted, sheet: &Sheet) -> BeginOutcomeRequest {
    BeginOutcomeRequest {
        request_id: request_id(),
        course_id: school.courses[0].to_string(),
        title: planted.title.clone(),
        summary: planted.summary.clone(),
        file: Some(sheet.announced()),
        ..BeginOutcomeRequest::default()
    }
}

/// An outcome of two segments.
async fn hand_in(school: &School, student: &Caller, planted: &Planted) -> Work {
    let sheet = planted.sheet(1_200_000);
    let begun = student.uploads().begin_outcome(outcome(school, planted, &sheet)).await;
    student.send(ok(begun).written.unwrap().made_id, sheet).await.unwrap()
}

/// A performance of which half is there, a file that isn't what its name says, and a summary that is too long.
async fn leave_undone(school: &School, student: &Caller, planted: &Planted) -> u64 {
    let sheet = planted.sheet(1_200_000);
    let begin = BeginPerformanceRequest {
        request_id: request_id(),
        category: Category::Service.into(),
        year: YEAR,
        title: planted.title.clone(),
        summary: planted.summary.clone(),
        file: Some(sheet.announced()),
        details: service(&planted.detail),
        ..BeginPerformanceRequest::default()
    };
    let begun = ok(student.uploads().begin_performance(begin).await).written.unwrap();
    student.put(&begun.made_id, &sheet, 0).await.unwrap();
    let disguised = Sheet { name: sheet.name.clone(), ..png("other") };
    let begin = ok(student.uploads().begin_outcome(outcome(school, planted, &disguised)).await);
    let refused = student.send(begin.written.unwrap().made_id, disguised).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let mut long = outcome(school, planted, &sheet);
    long.summary.push_str(&planted.summary);
    malformed(student.uploads().begin_outcome(long).await, &["summary"]);
    school.position().await
}

async fn return_work(teacher: &Caller, work: &Work, reason: &str) -> u64 {
    let request = ReturnWorksRequest {
        request_id: request_id(),
        works: vec![WorkToReturn {
            work_id: work.id.clone(),
            commitment: work.commitment(),
            reason: reason.to_owned(),
        }],
        ..ReturnWorksRequest::default()
    };
    let mut returned = ok(teacher.certification().return_works(request).await);
    let verdict = returned.verdicts.remove(0).verdict.unwrap();
    let Verdict::Written(written) = verdict else { panic!("{verdict:?}") };
    written.position
}

/// That somebody who may see it sees everything.
async fn show(reader: &Caller, id: Uuid, planted: &Planted, work: &Work, position: u64) {
    let asked = GetPortfolioRequest { at_least_position: position, student_id: id.to_string() };
    let portfolio: GetPortfolioResponse = call(reader, "GetPortfolio", asked).await.unwrap();
    let student = portfolio.student.unwrap();
    assert!(student.name.contains(&planted.name), "{student:?}");
    assert_eq!(student.number, planted.number);
    let shown = portfolio.works.into_iter().find(|shown| shown.work_id == work.id).unwrap();
    assert_eq!((&shown.title, &shown.summary), (&planted.title, &planted.summary));
    assert_eq!(shown.file_name, work.sheet.name);
    assert_eq!((shown.state(), &shown.reason), (WorkState::Returned, &planted.reason));
    let asked = GetStudentRequest { student_id: id.to_string(), ..GetStudentRequest::default() };
    let data = ok(reader.records().get_student(asked).await).student.unwrap();
    assert_eq!(data.identity_number, planted.identity);
    read(reader, work).await.unwrap();
}

/// Reads a work's file, which is what was handed in.
async fn read(caller: &Caller, work: &Work) -> Result<(), Status> {
    let request = ReadFileRequest { work_id: work.id.clone(), ..ReadFileRequest::default() };
    let mut parts = caller.uploads().read_file(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(part) = parts.next().await {
        match part?.part.unwrap() {
            Part::Header(header) => assert_eq!(header.name, work.sheet.name),
            Part::Chunk(chunk) => bytes.extend(chunk),
        }
    }
    assert_eq!(bytes, work.sheet.bytes);
    Ok(())
}

async fn call<M, R>(caller: &Caller, method: &str, message: M) -> Result<R, Status>
where
    M: prost::Message + 'static,
    R: prost::Message + Default + 'static,
{
    let path = format!("/licheng.portfolio.v1.PortfolioService/{method}");
    ask(caller, &path, Request::new(tokio_stream::once(message))).await
}
