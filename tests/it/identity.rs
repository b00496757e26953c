//! Who calls: without a token that is believed nothing is read, and nobody reaches another school.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::token::{Issuer, LOCAL_ISSUER};
use jsonwebtoken::{EncodingKey, Header};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use proto::audit::v1::ReadLedgerRequest;
use proto::governance::v1::ListOfficesRequest;
use proto::records::v1::find_person_request::By;
use proto::records::v1::{FindPersonRequest, GetStudentRequest};
use serde_json::{Value, json};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use uuid::Uuid;

use crate::world::{Backend, Caller, PATIENCE, School, World, ask, ok, refused, seat};

both!(
    no_method_but_health_and_reflection_is_open,
    a_token_that_is_not_good_is_refused,
    an_expired_token_is_refused,
    another_schools_token_reaches_nothing_here,
    a_token_for_several_schools_names_one,
);

async fn no_method_but_health_and_reflection_is_open(backend: Backend) {
    let world = World::start(backend).await;
    let channel = &world.first.channel;
    let mut methods = 0;
    for (service, method) in described() {
        // No message ever comes: whoever waits for one doesn't answer.
        let request = Request::new(futures::stream::pending::<()>());
        let path = format!("/{service}/{method}");
        let answer = tokio::time::timeout(PATIENCE, ask::<_, ()>(&nobody(channel), &path, request)).await;
        unauthenticated(answer.expect("a message is waited for"));
        methods += 1;
    }
    assert!(methods > 30, "{methods}");
    // A method that isn't there is told of to nobody either.
    let request = Request::new(futures::stream::pending::<()>());
    unauthenticated(
        ask::<_, ()>(&nobody(channel), "/licheng.uploads.v1.UploadsService/Steal", request).await,
    );
    let services: BTreeSet<_> = described().into_iter().map(|(service, _)| service).collect();
    let reflected = reflected(channel).await;
    assert!(services.is_subset(&reflected), "{reflected:?}");
    let mut health = HealthClient::new(channel.clone());
    for service in services {
        let status = health.check(HealthCheckRequest { service }).await.unwrap().into_inner();
        assert_eq!(status.status(), ServingStatus::Serving);
    }
}

async fn a_token_that_is_not_good_is_refused(backend: Backend) {
    let world = World::start(backend).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let forger = Issuer::local(elsewhere.path(), "licheng").unwrap();
    let with = |name: &str, value: Value| {
        let mut claims = claims(&world, world.principal);
        claims[name] = value;
        world.issuer.sign(&claims).unwrap()
    };
    let good = world.token(world.ledger, world.principal);
    let [head, body, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let public = std::fs::read(world.folder().join("data/keys/token.pub.pem")).unwrap();
    let secret = EncodingKey::from_secret(&public);
    let hs256 = jsonwebtoken::encode(&Header::default(), &claims(&world, world.principal), &secret).unwrap();
    let other_body = URL_SAFE_NO_PAD.encode(claims(&world, Uuid::max()).to_string());
    for (what, token) in [
        ("forged with another key", forger.sign(&claims(&world, world.principal)).unwrap()),
        ("of an unknown issuer", with("iss", "somebody".into())),
        ("for another audience", with("aud", "elsewhere".into())),
        ("not good yet", with("nbf", 99_999_999_999_u64.into())),
        ("of nobody", with("sub", "principal".into())),
        ("for no ledger", with("ledger", Value::Null)),
        ("for a ledger that isn't here", world.token(Uuid::max(), world.principal)),
        ("without algorithm", format!("{unsigned}.{body}.")),
        ("HS256 with the public key", hs256),
        ("without signature", format!("{head}.{body}.")),
        ("with another body", format!("{head}.{other_body}.{signature}")),
        ("no token", "abc".to_owned()),
        ("empty", String::new()),
    ] {
        println!("{what}");
        unauthenticated(offices(&Caller::new(world.first.channel.clone(), &token)).await);
    }
    for headers in [&[][..], &[("authorization", "Basic cHJpbmNpcGFs")], &[("authorization", &good)]] {
        unauthenticated(offices(&Caller::with(world.first.channel.clone(), headers)).await);
    }
    offices(&world.caller(world.principal)).await.unwrap();
    // Who is believed, and has no office, is told which task it is.
    let stranger = offices(&world.caller(Uuid::max())).await;
    refused(stranger, Code::PermissionDenied, "DUTY_MISSING", "G5");
}

async fn an_expired_token_is_refused(backend: Backend) {
    let school = School::open(backend).await;
    let work = school.certified(0, 1).await.remove(0);
    let mut claims = claims(&school, school.students[0]);
    // Real time judges tokens; the service clock stands elsewhere. A leeway of seconds is all there is.
    let exp = claims["exp"].as_u64().unwrap() - 3_600 - 60;
    claims["exp"] = exp.into();
    let expired = Caller::new(school.first.channel.clone(), &school.issuer.sign(&claims).unwrap());
    let status = expired.tick(&work).await.unwrap_err();
    assert!(status.message().contains("expired"), "{status:?}");
    unauthenticated(Err::<(), _>(status));
    school.caller(school.students[0]).tick(&work).await.unwrap();
}

async fn another_schools_token_reaches_nothing_here(backend: Backend) {
    let school = School::open(backend).await;
    let work = school.certified(0, 1).await.remove(0);
    let other = school.another_school("353302").await;
    let (position, channel) = (school.position().await, &school.first.channel);
    let (ledger, student) = (school.ledger.to_string(), school.students[0]);
    // Its principal, and somebody whom it says to be this school's student, name this school …
    for person in [other.principal, student] {
        let token = format!("Bearer {}", school.token(other.ledger, person));
        let headers = [("authorization", &*token), ("licheng-ledger", &*ledger)];
        let caller = Caller::with(channel.clone(), &headers);
        refused(offices(&caller).await, Code::PermissionDenied, "OTHER_SCHOOL", "G5");
        refused(caller.tick(&work).await, Code::PermissionDenied, "OTHER_SCHOOL", "G5");
    }
    // … or don't, and are nobody here, and find nothing that is this school's.
    let there = Caller::new(channel.clone(), &school.token(other.ledger, student));
    refused(there.tick(&work).await, Code::PermissionDenied, "DUTY_MISSING", "§4.3.3");
    let principal = Caller::new(channel.clone(), &school.token(other.ledger, other.principal));
    seat(&principal, "registrar", other.principal).await;
    let by = Some(By::StudentNumber("1140001".to_owned()));
    let find = FindPersonRequest { by, ..FindPersonRequest::default() };
    refused(principal.records().find_person(find.clone()).await, Code::NotFound, "NOT_THERE", "A.1");
    let get = GetStudentRequest { student_id: student.to_string(), ..GetStudentRequest::default() };
    refused(principal.records().get_student(get).await, Code::NotFound, "NOT_THERE", "A.1");
    let found = school.caller(school.registrar).records().find_person(find).await;
    assert_eq!(ok(found).person_id, student.to_string());
    let read = ok(principal.audit().read_ledger(ReadLedgerRequest::default()).await);
    let read: Vec<_> = futures::StreamExt::collect(read).await;
    let own = format!("/ledgers/{}/", other.ledger);
    for record in read {
        let record: Value = serde_json::from_slice(&record.unwrap().record).unwrap();
        assert!(record["source"].as_str().unwrap().starts_with(&own));
    }
    assert_eq!(school.position().await, position);
}

async fn a_token_for_several_schools_names_one(backend: Backend) {
    let world = World::start(backend).await;
    let other = world.another_school("353302").await;
    let mut claims = claims(&world, world.principal);
    claims["ledger"] = json!([world.ledger, other.ledger]);
    let token = format!("Bearer {}", world.issuer.sign(&claims).unwrap());
    let channel = &world.first.channel;
    let named = |ledger: &str| {
        Caller::with(channel.clone(), &[("authorization", &token), ("licheng-ledger", ledger)])
    };
    unauthenticated(offices(&Caller::with(channel.clone(), &[("authorization", &token)])).await);
    offices(&named(&world.ledger.to_string())).await.unwrap();
    // The first school's principal is nobody in the second.
    let nobody = offices(&named(&other.ledger.to_string())).await;
    refused(nobody, Code::PermissionDenied, "DUTY_MISSING", "G5");
    for ledger in [Uuid::max().to_string(), "353301".to_owned()] {
        refused(offices(&named(&ledger)).await, Code::PermissionDenied, "OTHER_SCHOOL", "G5");
    }
}

/// What a good token of a person says.
fn claims(world: &World, person: Uuid) -> Value {
    let token = world.token(world.ledger, person);
    let body = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(claims["iss"], LOCAL_ISSUER);
    claims
}

fn nobody(channel: &Channel) -> Caller {
    Caller::with(channel.clone(), &[])
}

async fn offices(caller: &Caller) -> Result<(), Status> {
    caller.governance().list_offices(ListOfficesRequest::default()).await.map(drop)
}

#[track_caller]
fn unauthenticated<T: std::fmt::Debug>(answer: Result<T, Status>) {
    refused(answer, Code::Unauthenticated, "UNAUTHENTICATED", "G5");
}

/// Every method of the contracts.
fn described() -> Vec<(String, String)> {
    let files = FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap().file;
    let services = files.iter().flat_map(|file| file.service.iter().map(|it| (file.package(), it)));
    let methods = services.flat_map(|(package, service)| {
        let name = format!("{package}.{}", service.name());
        service.method.iter().map(move |method| (name.clone(), method.name().to_owned()))
    });
    methods.collect()
}

/// The services that reflection lists, to whoever asks.
async fn reflected(channel: &Channel) -> BTreeSet<String> {
    let asked = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(channel.clone());
    let answers = client.server_reflection_info(tokio_stream::once(asked)).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { panic!("{answer:?}") };
    list.service.into_iter().map(|service| service.name).collect()
}
