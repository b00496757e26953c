//! The bus of a district.

use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::stream::{Config, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{HeaderMap, header};
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use kernel::LedgerId;

use super::{Bus, Message};
use crate::Fault;

/// The stream's name at the server.
const STREAM: &str = "licheng";
/// What every subject begins with; the ledger follows.
const SUBJECT: &str = "licheng.v1.";
/// Header: the position in the ledger.
const POSITION: &str = "Licheng-Position";
/// Header: the event's type, by which a follower skips cheaply.
const KIND: &str = "Licheng-Type";
/// How long the server keeps events: the store keeps them for good.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// NATS JetStream.
pub struct NatsBus {
    context: Context,
}

impl NatsBus {
    /// Connects to a server, and makes the stream if it isn't there.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn connect(url: &str) -> Result<Self, Fault> {
        let options = async_nats::ConnectOptions::new().name("licheng").retry_on_initial_connect();
        let client = options.connect(url).await.map_err(unavailable)?;
        Ok(Self { context: jetstream::new(client) })
    }

    /// The stream, made anew if it was wiped.
    async fn stream(&self) -> Result<Stream, Fault> {
        let config = Config {
            name: STREAM.to_owned(),
            subjects: vec![format!("{SUBJECT}>")],
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            max_age: KEPT,
            ..Config::default()
        };
        self.context.get_or_create_stream(config).await.map_err(unavailable)
    }
}

#[async_trait]
impl Bus for NatsBus {
    async fn publish(&self, messages: Vec<Message>) -> Result<(), Fault> {
        let Some(first) = messages.first() else { return Ok(()) };
        let subject = format!("{SUBJECT}{}", first.ledger);
        let mut last =
            last_message(&self.stream().await?, &subject).await?.map_or(0, |(sequence, _)| sequence);
        for message in messages {
            let mut headers = HeaderMap::new();
            headers.insert(header::NATS_MESSAGE_ID, message.id.as_str());
            headers.insert(POSITION, message.position.to_string().as_str());
            headers.insert(KIND, message.kind.as_str());
            // Another relay that was faster, or a stale one, is told so by the server.
            headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, last.to_string().as_str());
            let sent = self.context.publish_with_headers(subject.clone(), headers, message.record.into());
            let acknowledged = sent.await.map_err(unavailable)?.await.map_err(unavailable)?;
            last = acknowledged.sequence;
        }
        Ok(())
    }

    async fn published(&self, ledger: LedgerId) -> Result<Option<u64>, Fault> {
        let last = last_message(&self.stream().await?, &format!("{SUBJECT}{ledger}")).await?;
        Ok(Some(last.map_or(0, |(_, position)| position)))
    }

    async fn listen(&self) -> Result<BoxStream<'static, Message>, Fault> {
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::New,
            filter_subject: format!("{SUBJECT}>"),
            ..pull::OrderedConfig::default()
        };
        let consumer = self.stream().await?.create_consumer(config).await.map_err(unavailable)?;
        let messages = consumer.messages().await.map_err(unavailable)?;
        Ok(messages.take_while(|message| futures::future::ready(message.is_ok())).filter_map(read).boxed())
    }

    fn reaches_others(&self) -> bool {
        true
    }
}

async fn read(message: Result<jetstream::Message, impl std::fmt::Display>) -> Option<Message> {
    let message = message.ok()?;
    let headers = message.headers.as_ref()?;
    Some(Message {
        ledger: message.subject.strip_prefix(SUBJECT)?.parse().ok()?,
        position: headers.get(POSITION)?.as_str().parse().ok()?,
        kind: headers.get(KIND)?.as_str().to_owned(),
        id: headers.get(header::NATS_MESSAGE_ID)?.as_str().to_owned(),
        record: message.payload.to_vec(),
    })
}

/// Sequence and position of the last message of a subject.
async fn last_message(stream: &Stream, subject: &str) -> Result<Option<(u64, u64)>, Fault> {
    use async_nats::jetstream::stream::LastRawMessageErrorKind::NoMessageFound;
    match stream.get_last_raw_message_by_subject(subject).await {
        Ok(message) => {
            let position = message.headers.get(POSITION).and_then(|position| position.as_str().parse().ok());
            Ok(Some((message.sequence, position.unwrap_or(0))))
        }
        Err(error) if error.kind() == NoMessageFound => Ok(None),
        Err(error) => Err(unavailable(error)),
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::Unavailable("the bus", Some(Box::new(error)))
}
