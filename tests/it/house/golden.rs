//! A sample of every event as it is stored, byte for byte: a shape that changes is seen here before it is stored.
//!
//! `LICHENG_GOLDEN=write` writes what differs, for a commit of its own.

mod samples;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use events::{AnyEvent, DomainEvent, Record, Recorded};
use kernel::{Duty, Instant, LedgerId, PersonId, RequestId};
use serde_json::{Value, json};
use uuid::Uuid;
use vault::{KeyEncryptionKey, KeyFault, KeyRow, KeyStore, Vault};

use super::{files, listed, top};

const FOLDER: &str = "tests/golden/events";

const LEDGER: LedgerId = LedgerId::new(Uuid::from_u128(0x1ed6e7));
const STUDENT: PersonId = PersonId::new(Uuid::from_u128(0x57));
const TEACHER: PersonId = PersonId::new(Uuid::from_u128(0x7e));

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
    async fn destroy_keys_of(&self, _: LedgerId, _: PersonId) -> Result<Vec<String>, KeyFault> {
        Ok(Vec::new())
    }
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
        time: "2026-01-06T01:02:03.000004Z".parse::<Instant>().unwrap(),
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
        AnyEvent::Archive(event) => kernel::sealing(event).unwrap(),
    };
    assert_eq!(said(&opened), said(&event.into()), "{kind} opened again");
    fix(&mut record.data);
    (kind, record.line().unwrap())
}

async fn samples() -> BTreeMap<String, Vec<u8>> {
    let vault = Vault::new(Arc::new(Keys::default()), KeyEncryptionKey::generate());
    let mut all = Vec::new();
    for event in samples::governance() {
        all.push(sample(&vault, event).await);
    }
    for event in samples::records() {
        all.push(sample(&vault, event).await);
    }
    for event in samples::uploads() {
        all.push(sample(&vault, event).await);
    }
    for event in samples::certification() {
        all.push(sample(&vault, event).await);
    }
    for event in samples::submission() {
        all.push(sample(&vault, event).await);
    }
    for event in samples::archive() {
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
            AnyEvent::Archive(event) => serde_json::to_value(event),
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
