//! The import of a roster (R12): a bundle is read whole, then taken row by row, each row a command of its own whose
//! request id derives from the import's: an import that broke off goes on where it stood, another one changes nothing
//! that is so already.

mod enrollments;
mod groups;
mod people;
mod report;
mod run;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use chassis::{Call, status};
use eventstore::{Fault, Known};
use kernel::{Malformed, RequestId};
use proto::records::v1::import_roster_request::Part;
use proto::records::v1::{ImportRosterBegin, ImportRosterRequest, ImportRosterResponse};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::roster::{BYTES_MAX, Bundle, ENTRIES_MAX, Plan};
use crate::{Classes, Executors};

/// Bytes of one chunk.
const CHUNK_MAX: usize = 1 << 20;
/// Answers that wait for a slow reader before the import waits too.
const ANSWERS_MAX: usize = 256;

/// An import, ready to begin.
pub(crate) struct Order {
    pub(crate) request: RequestId,
    pub(crate) at_least: u64,
    pub(crate) plan: Plan,
}

/// Reads a bundle from its parts, from who may import.
pub(crate) async fn receive(
    known: &Arc<Known<Classes>>,
    call: &Call,
    mut parts: Streaming<ImportRosterRequest>,
) -> Result<Order, Status> {
    let first = parts.message().await?.and_then(|request| request.part);
    let Some(Part::Begin(ImportRosterBegin { request_id, at_least_position: at_least })) = first else {
        return Err(malformed("begin", "must come first of all"));
    };
    let request =
        chassis::wire::request_id(&request_id).map_err(|problem| malformed("request_id", problem))?;
    // Nobody's bundle is read who may not import it.
    drop(chassis::reading(known, call, at_least).await?);
    let files = received(parts).await?;
    let read = move || Bundle::read(files).map(|bundle| Plan::of(&bundle));
    let plan =
        tokio::task::spawn_blocking(read).await.map_err(|error| status::fault(Fault::broken(error)))?;
    Ok(Order { request, at_least, plan: plan.map_err(status::malformed)? })
}

/// The files of a bundle out of the parts that follow the first.
async fn received(mut parts: Streaming<ImportRosterRequest>) -> Result<Vec<(String, Bytes)>, Status> {
    let (mut files, mut open) = (Vec::new(), None::<(String, BytesMut)>);
    let mut room = usize::try_from(BYTES_MAX).unwrap_or(usize::MAX);
    while let Some(request) = parts.next().await.transpose()? {
        match (request.part, &mut open) {
            (Some(Part::File(file)), _) => {
                files.extend(open.replace((file.name, BytesMut::new())));
                if files.len() >= ENTRIES_MAX {
                    return Err(malformed("file", &format!("at most {ENTRIES_MAX} files make a bundle")));
                }
            }
            (Some(Part::Chunk(chunk)), Some((_, bytes))) if chunk.len() <= CHUNK_MAX => {
                let left = room.checked_sub(chunk.len());
                room =
                    left.ok_or_else(|| malformed("chunk", &format!("more than {BYTES_MAX} bytes in all")))?;
                bytes.extend_from_slice(&chunk);
            }
            (Some(Part::Chunk(_)), Some(_)) => return Err(malformed("chunk", "must be at most 1 MiB")),
            (Some(Part::Chunk(_)), None) => return Err(malformed("chunk", "must come after a file's name")),
            (Some(Part::Begin(_)), _) => return Err(malformed("begin", "must come once")),
            (None, _) => return Err(malformed("part", "must be there")),
        }
    }
    files.extend(open);
    Ok(files.into_iter().map(|(name, bytes)| (name, bytes.freeze())).collect())
}

/// Starts an import; its answers. It ends when it is through, when something can't be done, or when nobody listens.
pub(crate) fn start(
    executors: &Arc<Executors>,
    call: Call,
    order: Order,
) -> ReceiverStream<Result<ImportRosterResponse, Status>> {
    let (answers, listener) = mpsc::channel(ANSWERS_MAX);
    let import = run::Import::new(Arc::clone(executors), call, order.request, order.at_least);
    let import = run::all(import, order.plan, answers);
    executors.engine().spawner.spawn("import", Box::pin(import));
    ReceiverStream::new(listener)
}

fn malformed(field: &str, problem: &str) -> Status {
    status::malformed(Malformed::one(field, problem))
}
