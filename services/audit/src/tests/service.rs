use std::collections::BTreeMap;
use std::sync::Arc;

use chassis::Call;
use events::{AnyEvent, Caller, Channel, GovernanceEvent, Recorded};
use eventstore::project::{self, Of, Projection, View};
use futures::StreamExt as _;
use kernel::{Duty, PersonId};
use proto::audit::v1::audit_service_server::AuditService as _;
use proto::audit::v1::{
    GetCheckpointRequest, GetViewDigestRequest, ReadLedgerRequest, ReadLedgerResponse, ReplayViewRequest,
};
use serde_json::json;
use tokio::sync::watch;
use tonic::{Code, Request};
use uuid::Uuid;

use super::world::{AUDITOR, LEDGER, World};
use crate::VerifierKey;
use crate::ledger::{self, Standings};
use crate::service::Audit;

/// Who was seated in which office.
struct Seats;

impl View for Seats {
    const NAME: &'static str = "seats";
    const VERSION: u32 = 1;
    type Document = BTreeMap<PersonId, u32>;

    fn keys(event: &Recorded) -> Vec<String> {
        let AnyEvent::Governance(GovernanceEvent::OfficeSeated { office, .. }) = &event.event else {
            return Vec::new();
        };
        vec![office.to_string()]
    }

    fn apply(_: &str, document: &mut Self::Document, event: &Recorded) {
        if let AnyEvent::Governance(GovernanceEvent::OfficeSeated { person, .. }) = &event.event {
            *document.entry(*person).or_default() += 1;
        }
    }
}

struct Served {
    world: World,
    audit: Audit,
    stop: watch::Sender<bool>,
}

/// Nine events: eight seats, and the duty of the auditor. Tasks run.
async fn served() -> Served {
    let world = World::signed().await;
    let data = json!({ "duty": "audit-ledger", "offices": ["auditor"] });
    world.record("duty-audit-ledger", "licheng.governance.DutyAssigned.v1", None, data).await;
    let (stop, stopping) = watch::channel(false);
    let (standings, engine) = (Arc::new(Standings::default()), Arc::clone(&world.engine));
    let view: Arc<dyn Projection> = Arc::new(Of::<Seats>::default());
    let run = ledger::run(Arc::clone(&engine), world.checkpoints(), Arc::clone(&standings), stopping.clone());
    engine.spawner.spawn("ledgers", Box::pin(run));
    engine
        .spawner
        .spawn("seats", Box::pin(project::run(Arc::clone(&engine), Arc::clone(&view), stopping.clone())));
    Served { audit: Audit::new(engine, vec![view], standings, stopping), world, stop }
}

fn asked<T>(person: PersonId, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let caller = Caller::new(person, Channel::Grpc);
    let call = Call { ledger: LEDGER, caller, duty: Duty::AuditLedger, method: "/test" };
    request.extensions_mut().insert(call);
    request
}

impl Served {
    async fn read(&self, request: ReadLedgerRequest) -> Vec<ReadLedgerResponse> {
        let records = self.audit.read_ledger(asked(AUDITOR, request)).await.unwrap().into_inner();
        records.map(Result::unwrap).collect().await
    }

    async fn end(&self) {
        self.stop.send_replace(true);
    }
}

#[tokio::test]
async fn t1_a_ledger_is_read_from_a_position_by_person_work_and_type() {
    let served = served().await;
    let all = served.read(ReadLedgerRequest::default()).await;
    assert_eq!(all.iter().map(|record| record.position).collect::<Vec<_>>(), (1..=9).collect::<Vec<_>>());
    for record in &all {
        assert_eq!(record.leaf, eventstore::leaf_of(&record.record).to_vec());
        assert_eq!(record.read_to, record.position);
    }
    let some = served.read(ReadLedgerRequest { after_position: 7, limit: 1, ..Default::default() }).await;
    assert_eq!(some, all[7..8]);
    let by_person = ReadLedgerRequest { subject_id: AUDITOR.to_string(), ..Default::default() };
    let by_person = served.read(by_person).await;
    assert_eq!(by_person.iter().map(|r| (r.position, r.read_to)).collect::<Vec<_>>(), [(2, 9)]);
    let by_type =
        ReadLedgerRequest { r#type: "licheng.governance.DutyAssigned.v1".to_owned(), ..Default::default() };
    assert_eq!(served.read(by_type).await, all[8..]);
    let work = Uuid::from_u128(7);
    served.world.record("certificate-7", "licheng.elsewhere.Done.v1", None, json!({ "work": work })).await;
    let by_work = served.read(ReadLedgerRequest { work_id: work.to_string(), ..Default::default() }).await;
    assert_eq!(by_work.iter().map(|r| r.position).collect::<Vec<_>>(), [10]);
    let malformed = ReadLedgerRequest { work_id: "seven".to_owned(), ..Default::default() };
    let refused = served.audit.read_ledger(asked(AUDITOR, malformed)).await.err().unwrap();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn t1_a_ledger_is_followed_until_the_process_ends() {
    let served = served().await;
    let request = ReadLedgerRequest { after_position: 8, follow: true, ..Default::default() };
    let mut records = served.audit.read_ledger(asked(AUDITOR, request)).await.unwrap().into_inner();
    assert_eq!(records.next().await.unwrap().unwrap().position, 9);
    for n in 10..=12 {
        let (record, ()) = tokio::join!(records.next(), served.world.append(n));
        assert_eq!(record.unwrap().unwrap().position, u64::from(n));
    }
    let (end, ()) = tokio::join!(records.next(), served.end());
    assert!(end.is_none());
}

#[tokio::test]
async fn t3_the_newest_checkpoint_is_answered_with_its_key() {
    let served = served().await;
    let request = GetCheckpointRequest { at_least_position: 9 };
    let answer = served.audit.get_checkpoint(asked(AUDITOR, request)).await.unwrap().into_inner();
    let key: VerifierKey = answer.verifier_key.parse().unwrap();
    let checkpoint = key.open(answer.note.as_bytes()).unwrap();
    assert_eq!((checkpoint.size, answer.size), (9, 9));
}

#[tokio::test]
async fn t2_a_view_is_what_the_log_replays_to() {
    let served = served().await;
    let request = || GetViewDigestRequest { view: "seats".to_owned(), at_least_position: 9 };
    let answer = served.audit.get_view_digest(asked(AUDITOR, request())).await.unwrap().into_inner();
    assert_eq!((answer.position, answer.documents, answer.version), (9, 2, 1));
    assert_eq!(answer.served, answer.replayed);
    served.world.as_superuser("update documents set body = x'7b7d' where key = 'auditor'").await;
    let answer = served.audit.get_view_digest(asked(AUDITOR, request())).await.unwrap().into_inner();
    assert_ne!(answer.served, answer.replayed);

    let replay =
        |position| ReplayViewRequest { view: "seats".to_owned(), key: "auditor".to_owned(), position };
    let at = served.audit.replay_view(asked(AUDITOR, replay(3))).await.unwrap().into_inner();
    assert_eq!((at.position, at.document), (3, json!({ AUDITOR.to_string(): 1 }).to_string()));
    let end = served.audit.replay_view(asked(AUDITOR, replay(0))).await.unwrap().into_inner();
    assert_eq!(end.position, 9);
    assert!(end.document.len() > 100 && end.time.is_some());
    let early = served.audit.replay_view(asked(AUDITOR, replay(1))).await.err().unwrap();
    assert_eq!(early.code(), Code::NotFound);
    let unknown = ReplayViewRequest { view: "pupils".to_owned(), key: "auditor".to_owned(), position: 0 };
    let unknown = served.audit.replay_view(asked(AUDITOR, unknown)).await.err().unwrap();
    assert_eq!(unknown.code(), Code::InvalidArgument);
    assert!(unknown.message().contains("must be one of: seats"), "{unknown}");
}

#[tokio::test]
async fn t1_who_does_not_audit_reads_nothing() {
    let served = served().await;
    let stranger = PersonId::new(Uuid::from_u128(1));
    let audit = &served.audit;
    let read = audit.read_ledger(asked(stranger, ReadLedgerRequest::default())).await.err().unwrap();
    let checkpoint =
        audit.get_checkpoint(asked(stranger, GetCheckpointRequest::default())).await.unwrap_err();
    let digest = audit.get_view_digest(asked(stranger, GetViewDigestRequest::default())).await.unwrap_err();
    let replay = audit.replay_view(asked(stranger, ReplayViewRequest::default())).await.unwrap_err();
    for refused in [read, checkpoint, digest, replay] {
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
}
