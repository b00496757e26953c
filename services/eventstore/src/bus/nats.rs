//! The bus of a district.

use std::future::{Future, IntoFuture};
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{GetStreamErrorKind, PublishErrorKind};
use async_nats::jetstream::stream::{Config, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, HeaderMap, ServerAddr, header};
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
/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// NATS JetStream.
pub struct NatsBus {
    client: Client,
    context: Context,
}

impl NatsBus {
    /// Connects to a server in the background, and again whenever the connection is lost: a server that is down
    /// fails what is asked of the bus, and nothing else.
    ///
    /// # Errors
    /// [`Fault::Broken`], if the URL can't be read.
    pub async fn connect(url: &str) -> Result<Self, Fault> {
        let server: ServerAddr = url.parse().map_err(unreadable)?;
        let client = async_nats::ConnectOptions::new()
            .name("licheng")
            .retry_on_initial_connect()
            .max_reconnects(None)
            .connection_timeout(PATIENCE)
            .event_callback(|event| async move { tracing::info!(%event, "the bus") })
            .connect(server)
            .await
            .map_err(unavailable)?;
        Ok(Self { context: jetstream::new(client.clone()), client })
    }

    /// Whether a server answers and has JetStream; nothing is made there.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if it doesn't answer, or has no JetStream; [`Fault::Broken`], if the URL can't be read.
    pub async fn look(url: &str) -> Result<(), Fault> {
        let server: ServerAddr = url.parse().map_err(unreadable)?;
        let connecting = async_nats::ConnectOptions::new().name("licheng").connection_timeout(PATIENCE);
        let client = within(connecting.connect(server)).await?.map_err(unavailable)?;
        let context = jetstream::new(client);
        match within(context.get_stream(STREAM)).await? {
            Ok(_) => Ok(()),
            // The first that is published makes it.
            Err(error) if matches!(error.kind(), GetStreamErrorKind::JetStream(why) if why.error_code() == ErrorCode::STREAM_NOT_FOUND) => {
                Ok(())
            }
            Err(error) => Err(Fault::Unavailable("JetStream", Some(Box::new(error)))),
        }
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
        within(self.context.get_or_create_stream(config)).await?.map_err(unavailable)
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
            let sent = within(sent).await?.map_err(unavailable)?;
            last = match within(sent.into_future()).await? {
                Ok(acknowledged) => acknowledged.sequence,
                Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => {
                    return Err(Fault::Contended);
                }
                Err(error) => return Err(unavailable(error)),
            };
        }
        Ok(())
    }

    async fn published(&self, ledger: LedgerId) -> Result<Option<u64>, Fault> {
        let last = last_message(&self.stream().await?, &format!("{SUBJECT}{ledger}")).await?;
        Ok(last.map(|(_, position)| position))
    }

    async fn listen(&self) -> Result<BoxStream<'static, Message>, Fault> {
        // A plain subscription: a stream that is wiped, or a consumer that stalls, can't silence it.
        let messages = within(self.client.subscribe(format!("{SUBJECT}>"))).await?.map_err(unavailable)?;
        within(self.client.flush()).await?.map_err(unavailable)?;
        Ok(messages.filter_map(async |message| read(&message)).boxed())
    }

    fn reaches_others(&self) -> bool {
        true
    }
}

/// The URL itself isn't repeated: it may hold a password.
fn unreadable(_: std::io::Error) -> Fault {
    Fault::broken("the bus's URL can't be read; it is like nats://host:4222")
}

fn read(message: &async_nats::Message) -> Option<Message> {
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
    match within(stream.get_last_raw_message_by_subject(subject)).await? {
        Ok(message) => {
            let position = message.headers.get(POSITION).and_then(|position| position.as_str().parse().ok());
            Ok(Some((message.sequence, position.unwrap_or(0))))
        }
        Err(error) if error.kind() == NoMessageFound => Ok(None),
        Err(error) => Err(unavailable(error)),
    }
}

/// What the server answers in time.
async fn within<T>(answer: impl Future<Output = T>) -> Result<T, Fault> {
    tokio::time::timeout(PATIENCE, answer).await.map_err(unavailable)
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::Unavailable("the bus", Some(Box::new(error)))
}
