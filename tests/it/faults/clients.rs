//! Twenty clients that work through gRPC, whatever fails: each repeats a request under its id until it is
//! acknowledged, and keeps its own list of what was.

use std::time::Duration;

use futures::future::BoxFuture;
use proto::records::v1::{RegisterStudentRequest, StudentData};
use proto::submission::v1::{TickOutcomeRequest, UntickOutcomeRequest};
use proto::types::v1::Written;
use proto::uploads::v1::{BeginOutcomeRequest, WithdrawWorkRequest};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::world::{Caller, PATIENCE, School, YEAR, png, request_id};

/// How long a client waits for an answer before it asks again.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a client waits before it asks again.
const AGAIN: Duration = Duration::from_millis(20);

/// What a client was told.
#[derive(Clone, Debug)]
pub(super) struct Acknowledged {
    /// The request.
    pub(super) request: String,
    /// The last part of the event's type.
    pub(super) kind: &'static str,
    /// Where it is.
    pub(super) written: Written,
}

/// What all were told.
pub(super) struct Told {
    /// The ledger's end before any of it.
    pub(super) base: u64,
    /// What each was told, in its order.
    pub(super) lists: Vec<Vec<Acknowledged>>,
}

/// What a client does again and again.
#[derive(Clone, Debug)]
enum Work {
    /// Begins an outcome in a course, and takes it back.
    Upload(String),
    /// Selects a work, and selects it no longer.
    Tick(String),
    /// Registers students.
    Register(usize),
}

struct Client {
    work: Work,
    token: String,
    channel: watch::Receiver<Channel>,
    list: Vec<Acknowledged>,
    retries: usize,
}

/// The clients at work.
pub(super) struct Clients {
    base: u64,
    running: JoinSet<Client>,
    channel: watch::Sender<Channel>,
    stop: watch::Sender<bool>,
}

impl Clients {
    /// Six that tick, nine that upload, five that register.
    pub(super) async fn start(school: &School) -> Self {
        let (channel, listening) = watch::channel(school.first.channel.clone());
        let (stop, stopped) = watch::channel(false);
        let mut work = Vec::new();
        for student in 0..3 {
            let who = school.students[student];
            let certified = school.certified(student, 2).await;
            work.extend(certified.into_iter().map(|it| (who, Work::Tick(it.id))));
            work.extend((0..3).map(|_| (who, Work::Upload(school.courses[0].to_string()))));
        }
        work.extend((0..5).map(|n| (school.registrar, Work::Register(n))));
        assert_eq!(work.len(), 20);
        let (base, mut running) = (school.position().await, JoinSet::new());
        for (who, work) in work {
            let (token, channel) = (school.token(school.ledger, who), listening.clone());
            let client = Client { work, token, channel, list: Vec::new(), retries: 0 };
            running.spawn(client.run(stopped.clone()));
        }
        Self { base, running, channel, stop }
    }

    /// They go on at another process.
    pub(super) fn move_to(&self, channel: &Channel) {
        self.channel.send(channel.clone()).unwrap();
    }

    /// Each finishes what it is at; what they were told.
    pub(super) async fn finish(self) -> Told {
        self.stop.send(true).unwrap();
        let ended = tokio::time::timeout(PATIENCE, self.running.join_all()).await;
        let ended = ended.expect("clients aren't answered any more");
        let told: usize = ended.iter().map(|client| client.list.len()).sum();
        let retries: usize = ended.iter().map(|client| client.retries).sum();
        eprintln!("{told} requests were acknowledged; {retries} times one was repeated");
        assert!(ended.iter().all(|client| !client.list.is_empty()));
        Told { base: self.base, lists: ended.into_iter().map(|client| client.list).collect() }
    }
}

impl Client {
    async fn run(mut self, stopped: watch::Receiver<bool>) -> Self {
        let mut round = 0;
        while !*stopped.borrow() {
            match self.work.clone() {
                Work::Upload(course) => self.upload(&course).await,
                Work::Tick(work) => self.tick(&work).await,
                Work::Register(n) => self.register(&format!("{n}-{round}")).await,
            }
            round += 1;
        }
        self
    }

    async fn upload(&mut self, course: &str) {
        let begin = BeginOutcomeRequest {
            request_id: request_id(),
            course_id: course.to_owned(),
            title: "期末報告".to_owned(),
            summary: "這學期學到的事。".to_owned(),
            file: Some(png("one").announced()),
            ..BeginOutcomeRequest::default()
        };
        let begun = self.until_told(begin.request_id.clone(), "WorkBegun", move |caller| {
            let begin = begin.clone();
            Box::pin(async move { Ok(caller.uploads().begin_outcome(begin).await?.into_inner().written) })
        });
        let work_id = begun.await.made_id;
        let withdraw = WithdrawWorkRequest {
            request_id: request_id(),
            work_id,
            year: YEAR,
            ..WithdrawWorkRequest::default()
        };
        let withdrawn = self.until_told(withdraw.request_id.clone(), "WorkWithdrawn", move |caller| {
            let withdraw = withdraw.clone();
            Box::pin(async move { Ok(caller.uploads().withdraw_work(withdraw).await?.into_inner().written) })
        });
        withdrawn.await;
    }

    async fn tick(&mut self, work: &str) {
        let tick = TickOutcomeRequest {
            request_id: request_id(),
            year: YEAR,
            work_id: work.to_owned(),
            ..TickOutcomeRequest::default()
        };
        let ticked = self.until_told(tick.request_id.clone(), "OutcomeTicked", move |caller| {
            let tick = tick.clone();
            Box::pin(async move { Ok(caller.submission().tick_outcome(tick).await?.into_inner().written) })
        });
        ticked.await;
        let untick = UntickOutcomeRequest {
            request_id: request_id(),
            year: YEAR,
            work_id: work.to_owned(),
            ..UntickOutcomeRequest::default()
        };
        let unticked = self.until_told(untick.request_id.clone(), "OutcomeUnticked", move |caller| {
            let untick = untick.clone();
            Box::pin(
                async move { Ok(caller.submission().untick_outcome(untick).await?.into_inner().written) },
            )
        });
        unticked.await;
    }

    async fn register(&mut self, name: &str) {
        let student = StudentData {
            roster_id: format!("r{name}"),
            username: format!("u{name}"),
            number: format!("n{name}"),
            name: "林小明".to_owned(),
            grade: 10,
            ..StudentData::default()
        };
        let request = RegisterStudentRequest {
            request_id: request_id(),
            student: Some(student),
            ..RegisterStudentRequest::default()
        };
        let registered = self.until_told(request.request_id.clone(), "StudentRegistered", move |caller| {
            let request = request.clone();
            Box::pin(
                async move { Ok(caller.records().register_student(request).await?.into_inner().written) },
            )
        });
        registered.await;
    }

    /// The same request, until somebody says that it is written.
    async fn until_told(
        &mut self,
        request: String,
        kind: &'static str,
        ask: impl Fn(Caller) -> BoxFuture<'static, Result<Option<Written>, Status>>,
    ) -> Written {
        let mut again = tokio::time::interval(AGAIN);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            again.tick().await;
            let caller = Caller::new(self.channel.borrow().clone(), &self.token);
            match tokio::time::timeout(ANSWER, ask(caller)).await {
                Ok(Ok(written)) => {
                    let written = written.unwrap();
                    self.list.push(Acknowledged { request, kind, written: written.clone() });
                    return written;
                }
                Ok(Err(status)) => assert!(passes(&status), "{kind}: {status:?}"),
                Err(_) => {}
            }
            self.retries += 1;
        }
    }
}

/// Whether it is worth asking again: the connection broke, or the server says so. A rule that refuses now what it
/// accepted, or an internal error, is a failure of the test.
fn passes(status: &Status) -> bool {
    let says_so = matches!(status.code(), Code::Unavailable | Code::Aborted | Code::ResourceExhausted);
    says_so || status.get_details_error_info().is_none()
}
