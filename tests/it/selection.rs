//! Selecting works (§4.3.3, §4.4.2, C5): caps, windows, whose, certified; many at once, in one process and across two.

use std::collections::HashMap;

use futures::future::{join, join_all};
use tonic::Code;
use uuid::Uuid;

use crate::world::{Backend, Caller, Entry, School, Terms, Work, refused};

both!(
    s4_3_3_refuses_the_seventh_outcome,
    s4_4_2_refuses_the_eleventh_performance,
    s4_3_3_refuses_an_outcome_that_is_not_certified,
    s4_3_3_refuses_another_students_work,
    a_11_refuses_an_hour_after_the_window,
    s4_3_3_of_fifty_at_once_six_are_accepted,
    c5_no_tick_stands_on_a_revoked_certificate,
);
district!(
    s4_3_3_of_fifty_at_once_across_two_processes_six_are_accepted,
    s4_3_3_an_untick_on_one_process_makes_room_on_the_other,
    c5_no_tick_stands_on_a_revoked_certificate_across_two_processes,
);

async fn s4_3_3_refuses_the_seventh_outcome(backend: Backend) {
    let school = School::open(backend).await;
    let works = school.certified(0, 7).await;
    let student = school.caller(school.students[0]);
    for work in &works[..6] {
        student.tick(work).await.unwrap();
    }
    refused(student.tick(&works[6]).await, Code::FailedPrecondition, "SELECTION_FULL", "§4.3.3");
    // What is selected can be asked for again; what is un-ticked makes room.
    student.tick(&works[0]).await.unwrap();
    student.untick(&works[0]).await.unwrap();
    student.tick(&works[6]).await.unwrap();
    let selection = student.selection().await;
    assert_eq!(sorted(selection.outcome_ids), ids(&works[1..]));
    assert_eq!(selection.outcomes_left, 0);
}

async fn s4_4_2_refuses_the_eleventh_performance(backend: Backend) {
    let school = School::open(backend).await;
    let works = join_all((0..11).map(|_| school.performance(0))).await;
    let student = school.caller(school.students[0]);
    for work in &works[..10] {
        student.tick_performance(work).await.unwrap();
    }
    let answer = student.tick_performance(&works[10]).await;
    refused(answer, Code::FailedPrecondition, "SELECTION_FULL", "§4.4.2");
    let selection = student.selection().await;
    assert_eq!(sorted(selection.performance_ids), ids(&works[..10]));
    assert_eq!((selection.performances_left, selection.outcomes_left), (0, 6));
}

async fn s4_3_3_refuses_an_outcome_that_is_not_certified(backend: Backend) {
    let school = School::open(backend).await;
    let work = school.outcome(0, 0).await;
    let student = school.caller(school.students[0]);
    refused(student.tick(&work).await, Code::FailedPrecondition, "SELECTION_NOT_CERTIFIED", "§4.3.3");
    assert_eq!(student.selection().await.outcome_ids, [""; 0]);
}

async fn s4_3_3_refuses_another_students_work(backend: Backend) {
    let school = School::open(backend).await;
    let work = school.certified(0, 1).await.remove(0);
    let other = school.caller(school.students[1]);
    refused(other.tick(&work).await, Code::PermissionDenied, "SELECTION_OF_ANOTHERS_WORK", "§4.3.3");
    let performance = school.performance(0).await;
    let answer = other.tick_performance(&performance).await;
    refused(answer, Code::PermissionDenied, "SELECTION_OF_ANOTHERS_WORK", "§4.4.2");
    // Who isn't a student selects nothing.
    let teacher = school.caller(school.teachers[0]);
    refused(teacher.tick(&work).await, Code::PermissionDenied, "DUTY_MISSING", "§4.3.3");
}

async fn a_11_refuses_an_hour_after_the_window(backend: Backend) {
    let school = School::open(backend).await;
    let works = school.certified(0, 2).await;
    let performance = school.performance(0).await;
    let student = school.caller(school.students[0]);
    school.advance("2026-02-28T23:59:59.999999+08:00");
    student.tick(&works[0]).await.unwrap();
    school.advance("2026-03-01T01:00:00+08:00");
    let closed = |answer, clause| {
        refused(answer, Code::FailedPrecondition, "SELECTION_WINDOW_CLOSED", clause);
    };
    closed(student.tick(&works[1]).await, "A.11");
    closed(student.untick(&works[0]).await, "A.11");
    closed(student.tick_performance(&performance).await, "A.12");
    assert_eq!(student.selection().await.outcome_ids, ids(&works[..1]));
}

async fn s4_3_3_of_fifty_at_once_six_are_accepted(backend: Backend) {
    let school = School::open_with(backend, FIFTY).await;
    let student = school.caller(school.students[0]);
    six_of_fifty(&school, &[student]).await;
}

async fn s4_3_3_of_fifty_at_once_across_two_processes_six_are_accepted() {
    let school = School::open_with(Backend::District, FIFTY).await;
    let (second, student) = (school.second().await, school.students[0]);
    six_of_fifty(&school, &[school.caller(student), school.caller_at(&second, student)]).await;
}

async fn s4_3_3_an_untick_on_one_process_makes_room_on_the_other() {
    let school = School::open(Backend::District).await;
    let (second, student) = (school.second().await, school.students[0]);
    let works = school.certified(0, 7).await;
    let both = [school.caller(student), school.caller_at(&second, student)];
    for work in &works[..6] {
        both[0].tick(work).await.unwrap();
    }
    // Each time the place goes from one work to another, and from one process to the other.
    for turn in 0..8 {
        let (here, there) = (&both[turn % 2], &both[(turn + 1) % 2]);
        let (out, into) = (&works[turn % 7], &works[(turn + 6) % 7]);
        refused(there.tick(into).await, Code::FailedPrecondition, "SELECTION_FULL", "§4.3.3");
        here.untick(out).await.unwrap();
        there.tick(into).await.unwrap();
    }
    assert_eq!(both[0].selection().await, both[1].selection().await);
}

async fn c5_no_tick_stands_on_a_revoked_certificate(backend: Backend) {
    let school = School::open(backend).await;
    let teacher = school.caller(school.teachers[0]);
    revoke_while_selecting(&school, &teacher).await;
}

async fn c5_no_tick_stands_on_a_revoked_certificate_across_two_processes() {
    let school = School::open(Backend::District).await;
    let second = school.second().await;
    let teacher = school.caller_at(&second, school.teachers[0]);
    revoke_while_selecting(&school, &teacher).await;
}

/// Enough uploads for the test's fifty.
const FIFTY: Terms = Terms { outcomes: 50, performances: 1 };

/// Fifty certified outcomes of one student are selected at the same time, by turns at these callers.
async fn six_of_fifty(school: &School, callers: &[Caller]) {
    let works = school.certified(0, 50).await;
    let ticks = works.iter().zip(callers.iter().cycle()).map(|(work, caller)| caller.tick(work));
    let answers = join_all(ticks).await;
    let (accepted, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((accepted.len(), others.len()), (6, 44));
    for answer in others {
        refused(answer, Code::FailedPrecondition, "SELECTION_FULL", "§4.3.3");
    }
    for caller in callers {
        assert_eq!(caller.selection().await.outcome_ids.len(), 6);
    }
    let ticked = school.records().await.into_iter().filter(|entry| entry.kind() == TICKED);
    assert_eq!(ticked.count(), 6);
}

const TICKED: &str = "licheng.submission.OutcomeTicked.v1";
const UNTICKED: &str = "licheng.submission.OutcomeUnticked.v1";
const CERTIFIED: &str = "licheng.certification.WorkCertified.v1";
const REVOKED: &str = "licheng.certification.CertificationRevoked.v1";

/// A student selects six outcomes while their teacher revokes them, again and again.
async fn revoke_while_selecting(school: &School, teacher: &Caller) {
    let student = school.caller(school.students[0]);
    let works = school.certified(0, 6).await;
    for round in 0..6 {
        if round > 0 {
            assert!(teacher.certify(&works).await.unwrap().iter().all(Result::is_ok));
        }
        let ticks = join_all(works.iter().map(|work| student.tick(work)));
        // Now one is first, now the other.
        let revocations = join_all(works.iter().map(|work| teacher.revoke(work)));
        let (ticked, revoked) = match round % 2 {
            0 => join(ticks, revocations).await,
            _ => {
                let (revoked, ticked) = join(revocations, ticks).await;
                (ticked, revoked)
            }
        };
        revoked.into_iter().for_each(|answer| drop(answer.unwrap()));
        for answer in ticked.into_iter().filter(Result::is_err) {
            refused(answer, Code::FailedPrecondition, "SELECTION_NOT_CERTIFIED", "§4.3.3");
        }
        let (mut standing, all) = (Standing::default(), works.len() * (round + 1));
        school
            .until(|entry| {
                standing.take(entry);
                standing.revoked == all && standing.ticked.is_empty()
            })
            .await;
        assert_eq!(student.selection().await.outcome_ids, [""; 0]);
    }
}

/// What stands at a position of the ledger.
#[derive(Default)]
struct Standing {
    /// Version of each certificate that stands.
    certified: HashMap<Uuid, u64>,
    /// The certificate that each selected work stands on.
    ticked: HashMap<Uuid, u64>,
    /// Revocations so far.
    revoked: usize,
}

impl Standing {
    /// Goes on by an event; a tick must stand on the certificate that stands at its position.
    fn take(&mut self, Entry { position, record, .. }: &Entry) {
        let (kind, data) = (record["type"].as_str().unwrap(), &record["data"]);
        let Some(work) = data["work"].as_str().and_then(|work| work.parse::<Uuid>().ok()) else { return };
        match kind {
            CERTIFIED => {
                self.certified.insert(work, record["streamversion"].as_u64().unwrap());
            }
            REVOKED => {
                assert!(self.certified.remove(&work).is_some(), "{position}");
                self.revoked += 1;
            }
            TICKED => {
                let certificate = data["certificate"].as_u64().unwrap();
                assert_eq!(self.certified.get(&work), Some(&certificate), "{position}");
                assert!(self.ticked.insert(work, certificate).is_none(), "{position}");
            }
            UNTICKED => {
                assert_eq!((&data["why"], &record["channel"]), (&"revoked".into(), &"reactor".into()));
                assert!(self.ticked.remove(&work).is_some(), "{position}");
            }
            _ => {}
        }
    }
}

fn ids(works: &[Work]) -> Vec<String> {
    sorted(works.iter().map(|work| work.id.clone()).collect())
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids
}
