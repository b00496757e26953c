//! A bus that is wiped while everybody works, and on which every message is heard again and again, in any order.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, HeaderMap, Message, Subscriber, header, jetstream};
use futures::{FutureExt as _, StreamExt as _};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use super::clients::Clients;
use super::servers::Server;
use super::{a_while, judge, random};
use crate::world::{PATIENCE, School, Terms, World, request_id};

/// How often the bus is disturbed; every third time it is wiped.
const TIMES: usize = 12;
/// Header of a message: the event's position in its ledger.
const POSITION: &str = "Licheng-Position";

district!(the_views_are_the_same_whatever_the_bus_does);

async fn the_views_are_the_same_whatever_the_bus_does() {
    let (mut random, nats) = (random(), Server::nats().await);
    let school = School::open_on(World::start_with_bus(&nats.url()).await, Terms::default()).await;
    // It hears of what is written at the first process by the bus alone.
    let second = school.second().await;
    // What is published again here isn't heard here.
    let client = ConnectOptions::new().no_echo().connect(nats.url()).await.unwrap();
    let context = jetstream::new(client.clone());
    let mut listening = client.subscribe("licheng.v1.>").await.unwrap();
    client.flush().await.unwrap();
    let clients = Clients::start(&school).await;
    let (mut heard, mut again) = (BTreeMap::new(), 0);
    for time in 1..=TIMES {
        a_while(&mut random).await;
        hear(&mut listening, &mut heard);
        again += shuffle(&client, &heard, &mut random).await;
        if time % 3 == 0 {
            wipe(&context).await;
        }
    }
    a_while(&mut random).await;
    let told = clients.finish().await;
    eprintln!("{} messages were heard, and {again} copies of them published", heard.len());
    assert!(again > TIMES);
    judge::all_holds(&school, &told).await;
    let position = school.position().await;
    let [one, other] = [&school.first, &second].map(|process| school.caller_at(process, school.principal));
    assert_eq!(judge::served(&one, position).await, judge::served(&other, position).await);
}

/// Wipes the stream, as soon as it has been made anew since the last time.
async fn wipe(context: &jetstream::Context) {
    let wiping = async {
        let mut again = tokio::time::interval(Duration::from_millis(50));
        while context.delete_stream("licheng").await.is_err() {
            again.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, wiping).await.expect("the stream isn't made anew");
}

/// Takes in what was published meanwhile, each once.
fn hear(listening: &mut Subscriber, heard: &mut BTreeMap<u64, Message>) {
    while let Some(Some(message)) = listening.next().now_or_never() {
        let position = message.headers.as_ref().and_then(|headers| headers.get(POSITION)).unwrap();
        heard.entry(position.as_str().parse().unwrap()).or_insert(message);
    }
}

/// Publishes all of it twice, in random order: some as they were, which JetStream knows, and some as if they were new.
async fn shuffle(client: &Client, heard: &BTreeMap<u64, Message>, random: &mut StdRng) -> usize {
    let mut copies: Vec<_> = heard.values().chain(heard.values()).collect();
    copies.shuffle(random);
    for message in &copies {
        let mut headers = message.headers.clone().unwrap();
        if random.random() {
            headers = as_new(&headers);
        }
        let (subject, record) = (message.subject.clone(), message.payload.clone());
        client.publish_with_headers(subject, headers, record).await.unwrap();
    }
    client.flush().await.unwrap();
    copies.len()
}

fn as_new(old: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in [POSITION, "Licheng-Type"] {
        headers.insert(name, old.get(name).unwrap().clone());
    }
    headers.insert(header::NATS_MESSAGE_ID, request_id().as_str());
    headers
}
