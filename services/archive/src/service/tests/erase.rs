//! What an erasure destroys, what it leaves alone, and that nothing stops it half-way.

use std::collections::BTreeSet;
use std::future::Future;

use events::{AnyEvent, ArchiveEvent, Compartments, RecordsEvent, UploadsEvent};
use eventstore::react::Reactor as _;
use eventstore::store::Stored;
use eventstore::{Fault, Rejected};
use kernel::{Compartment, Owner};
use vault::KeyRow;

use super::school::{NAME, file};
use super::*;

on_both!(
    a2_an_erasure_destroys_all_of_one_and_nothing_of_another,
    a2_a_hold_stops_the_start_until_it_is_released,
    a2_a_hold_that_a_process_has_not_heard_of_stops_the_start,
    a2_whatever_fails_half_way_is_finished_with_the_same_counts,
    a2_an_erasure_that_is_done_twice_is_done_once,
);

/// Asks until it is so; a test that waits in vain fails.
async fn until<T, F: Future<Output = Option<T>>>(what: &str, ask: impl Fn() -> F) -> T {
    let mut poll = tokio::time::interval(Duration::from_millis(10));
    let asking = async {
        loop {
            poll.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    let patience = Duration::from_secs(60);
    tokio::time::timeout(patience, asking).await.unwrap_or_else(|_| panic!("in vain: {what}"))
}

/// A student's name and works' titles as a process opens them, `None` where they are erased.
async fn opened(school: &School, student: PersonId) -> Vec<Option<String>> {
    let mut found = Vec::new();
    for stream in [format!("student-{student}"), format!("works-{student}-114")] {
        for (_, event) in school.engine.read_stream_open(LEDGER, &stream, 0).await.unwrap() {
            if let AnyEvent::Records(RecordsEvent::StudentRegistered { basic, .. }) = &event {
                found.push(basic.name.open().cloned());
            }
            if let AnyEvent::Uploads(UploadsEvent::WorkBegun { title, .. }) = &event {
                found.push(title.open().cloned());
            }
        }
    }
    found
}

async fn stored(school: &School) -> Vec<Stored> {
    school.engine.store.read(LEDGER, 0, 1_000).await.unwrap()
}

/// What the certificate says of the first student.
fn destroyed() -> (Compartments, [u32; 3]) {
    // One work stands and one was taken back; four values are claimed; both packages were built after the lock.
    (Compartments { identity: 1, coursework: 1, works: 2, ..Compartments::default() }, [1, 4, 2])
}

/// The certificate of a student's erasure.
async fn certified(school: &School, student: PersonId) -> Option<(Compartments, [u32; 3])> {
    let events = school.engine.read_stream_open(LEDGER, &stream(student), 0).await.unwrap();
    let mut found = events.into_iter().filter_map(|(_, event)| {
        let AnyEvent::Archive(ArchiveEvent::ErasureCompleted { destroyed, files, claims, packages, .. }) =
            event
        else {
            return None;
        };
        Some((destroyed, [files, claims, packages]))
    });
    let first = found.next();
    assert_eq!(found.next(), None, "it is completed once");
    first
}

async fn claims_of(school: &School, student: PersonId) -> usize {
    let kinds = [
        (events::ClaimKind::RosterPerson, "roster"),
        (events::ClaimKind::Username, "username"),
        (events::ClaimKind::StudentNumber, "number"),
        (events::ClaimKind::IdentityNumber, "identity"),
    ];
    let names = kinds.map(|(kind, text)| events::ClaimName::new(kind, format!("{text}-{student}")));
    school.engine.resolve(LEDGER, &names).await.unwrap().len()
}

/// That nothing of the first student is left, and all of the other's but the package that both were in.
async fn assert_erased(school: &School) {
    assert_eq!(opened(school, STUDENT).await, [None, None, None]);
    let name = Some(format!("{NAME}-{OTHER}"));
    assert_eq!(opened(school, OTHER).await, [name, Some(NAME.to_owned())]);
    assert_eq!((claims_of(school, STUDENT).await, claims_of(school, OTHER).await), (0, 4));
    let mut left = BTreeSet::new();
    for n in [1, 2, 3, 11, 12] {
        if !school.blobs.present(LEDGER, file(n)).await.unwrap().is_empty() {
            left.insert(n);
        }
    }
    assert_eq!(left, BTreeSet::from([3]));
    for n in [11, 12] {
        let extracts = [STUDENT, OTHER].map(|of| events::extract_of(file(n), of));
        assert_eq!(school.blobs.present(LEDGER, extracts[0]).await.unwrap(), Vec::<u32>::new());
        let owner = Owner::new(OTHER, Compartment::Coursework);
        assert!(school.blobs.get(LEDGER, owner, extracts[1], 0).await.unwrap().is_some());
    }
    for n in [11, 12] {
        let kid = Owner::package(file(n)).to_string();
        assert_eq!(school.engine.store.key(LEDGER, &kid).await.unwrap(), Some(KeyRow::Destroyed));
    }
}

async fn a2_an_erasure_destroys_all_of_one_and_nothing_of_another(place: Arc<Place>) {
    let (school, other) = {
        let school = School::sealed(place).await;
        let other = school.again().await;
        (school, other)
    };
    school.request_access(GUIDANCE, STUDENT.to_string(), "撰寫推薦信").await.unwrap();
    let starts = school.approved(STUDENT).await;
    let before = stored(&school).await;
    // Two processes, each with everything opened and in memory.
    for process in [&school, &other] {
        process.set(starts.minus(Duration::from_micros(1)));
        assert_eq!(opened(process, STUDENT).await[0], Some(format!("{NAME}-{STUDENT}")));
    }
    school.run();
    other.run();
    for process in [&school, &other] {
        process.set(starts);
    }
    until("the certificate", || certified(&school, STUDENT)).await;
    assert_eq!(certified(&school, STUDENT).await, Some(destroyed()));
    let kinds = ["PortfolioSealed", "AccessRequested", "ErasureRequested", "ErasureApproved"];
    let ends = ["ErasureStarted", "ErasureCompleted"];
    assert_eq!(school.kinds(&stream(STUDENT)).await, [&kinds[..], &ends].concat());
    for process in [&school, &other] {
        process.engine.sweep().await.unwrap();
        process.ledger().await;
        assert_erased(process).await;
    }
    // History is what it was, byte for byte.
    assert_eq!(stored(&school).await[..before.len()], before);
    let access = school.access(REGISTRAR, STUDENT).await.unwrap();
    assert_eq!((access.len(), access[0].reason.as_str()), (1, ""));
    let answer = school.request_access(GUIDANCE, STUDENT.to_string(), "x").await;
    assert_eq!(said(answer), refusal(Code::FailedPrecondition, "ACCESS_ERASED", "A5"));
    let answer = school.cancel_erasure(REGISTRAR, STUDENT.to_string()).await;
    assert_eq!(said(answer), refusal(Code::FailedPrecondition, "ERASURE_BEGUN", "A2"));
    let hold = scope(Scope::StudentId(STUDENT.to_string()));
    let answer = school.place_hold(PRINCIPAL, hold, "x").await;
    assert_eq!(said(answer), refusal(Code::NotFound, "HOLD_OF_NOTHING", "A2"));
    certificate(&school, starts).await;
}

/// What the certificate says to people.
async fn certificate(school: &School, starts: Instant) {
    let erasure = school.erasure(PRINCIPAL, STUDENT).await.unwrap();
    assert_eq!(erasure.state(), ErasureState::Completed);
    assert_eq!((erasure.starts, erasure.started), (timestamp(starts), timestamp(starts)));
    assert!(erasure.completed.is_some() && erasure.held_by.is_empty());
    let certificate = erasure.certificate.unwrap();
    let counts: Vec<_> = certificate.destroyed.iter().map(|line| line.count).collect();
    assert_eq!(counts, [1, 1, 0, 0, 2, 1, 4, 2]);
    let lines = certificate.destroyed.iter().chain(&certificate.kept);
    assert!(lines.clone().all(|line| line.english.is_ascii() && !line.chinese.is_ascii()));
    assert!(certificate.kept.iter().any(|line| line.english.contains("ledger")));
    assert!(certificate.kept.iter().any(|line| line.chinese.contains("備份")));
}

async fn a2_a_hold_stops_the_start_until_it_is_released(place: Arc<Place>) {
    let school = School::sealed(place).await;
    let starts = school.approved(STUDENT).await;
    school.approved(OTHER).await;
    // A class that the other was never in.
    let hold = scope(Scope::ClassId(CLASS.to_string()));
    school.place_hold(PRINCIPAL, hold.clone(), "訴訟").await.unwrap();
    school.run();
    school.set(starts.plus(day()));
    // Both fell due at once: that the other is done shows that this one isn't only late.
    until("the other's certificate", || certified(&school, OTHER)).await;
    assert_eq!(school.erasure(PRINCIPAL, STUDENT).await.unwrap().state(), ErasureState::Approved);
    school.release_hold(PRINCIPAL, hold).await.unwrap();
    until("the certificate", || certified(&school, STUDENT)).await;
    let started = school.erasure(PRINCIPAL, STUDENT).await.unwrap().started;
    assert_eq!(started, timestamp(starts.plus(day())));
}

async fn a2_a_hold_that_a_process_has_not_heard_of_stops_the_start(place: Arc<Place>) {
    let school = School::sealed(place).await;
    let other = school.again().await;
    let starts = school.approved(STUDENT).await;
    school.set(starts);
    for hold in [
        scope(Scope::StudentId(STUDENT.to_string())),
        scope(Scope::ClassId(CLASS.to_string())),
        scope(Scope::School(true)),
    ] {
        // It knows of everything but the hold: the guard tells.
        drop(school.service.known().confirmed(LEDGER).await.unwrap());
        other.set(starts);
        other.place_hold(PRINCIPAL, hold.clone(), "訴訟").await.unwrap();
        let answer = school.start(STUDENT).await;
        assert!(
            matches!(answer, Err(Rejected::Refused(crate::Refusal::Held { .. }))),
            "{hold:?}: {answer:?}"
        );
        other.release_hold(PRINCIPAL, hold).await.unwrap();
    }
    school.start(STUDENT).await.unwrap();
}

/// A process that dies, or whose servers fail, at each step in turn.
async fn a2_whatever_fails_half_way_is_finished_with_the_same_counts(place: Arc<Place>) {
    let school = School::sealed(Arc::clone(&place)).await;
    let starts = school.approved(STUDENT).await;
    school.set(starts);
    let written = school.start(STUDENT).await.unwrap();
    let started = school.ledger().await.into_iter().find(|event| event.position == written.position).unwrap();
    let stuck = place.files().join(format!("{LEDGER}/files/{}/7", file(1)));
    let packages = "new.kid like '%/package'";
    let completed = "new.kind = 'licheng.archive.ErasureCompleted.v1'";
    for (what, table, when) in [
        ("insert", "keys", "new.kid like '%/erased'"),
        ("update", "keys", ""),
        ("insert", "keys", packages),
        ("delete", "files", ""),
        ("delete", "claims", ""),
        ("insert", "events", completed),
        ("insert", "receipts", ""),
    ] {
        match table {
            // A segment that is a folder can't be deleted.
            "files" => {
                std::fs::create_dir_all(&stuck).unwrap();
                std::fs::write(stuck.join("7"), b"x").unwrap();
            }
            _ => place.fails(what, table, when).await,
        }
        // Each time another process, which remembers nothing.
        let process = school.again().await;
        let failed = process.erasing().react(&started).await;
        assert!(
            matches!(failed, Err(Fault::Broken(_) | Fault::Unavailable(..))),
            "{what} {table}: {failed:?}"
        );
        assert_eq!(certified(&process, STUDENT).await, None, "{what} {table}");
        match table {
            "files" => std::fs::remove_dir_all(&stuck).unwrap(),
            _ => place.recovers().await,
        }
    }
    let process = school.again().await;
    process.erasing().react(&started).await.unwrap();
    assert_eq!(certified(&process, STUDENT).await, Some(destroyed()));
    assert_erased(&process).await;
}

async fn a2_an_erasure_that_is_done_twice_is_done_once(place: Arc<Place>) {
    let school = School::sealed(place).await;
    let starts = school.approved(STUDENT).await;
    school.set(starts);
    school.start(STUDENT).await.unwrap();
    // At the same time, and once more by whoever lost its checkpoint.
    let other = school.again().await;
    let (one, two) = (school.erasing(), other.erasing());
    tokio::join!(school.react(&one), other.react(&two));
    let third = school.again().await;
    third.react(&third.erasing()).await;
    assert_eq!(certified(&school, STUDENT).await, Some(destroyed()));
    assert_erased(&third).await;
    // The other's erasure counts the package that is gone already: no copy of it can be read.
    school.request_erasure(REGISTRAR, OTHER.to_string()).await.unwrap();
    school.approve_erasure(PRINCIPAL, OTHER.to_string()).await.unwrap();
    school.set(starts.plus(day() * 7));
    school.start(OTHER).await.unwrap();
    school.react(&school.erasing()).await;
    let keys = Compartments { identity: 1, coursework: 1, works: 1, ..Compartments::default() };
    assert_eq!(certified(&school, OTHER).await, Some((keys, [1, 4, 1])));
    assert_eq!(opened(&school, OTHER).await, [None, None]);
}
