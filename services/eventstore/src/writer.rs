//! Group commit: a task for each ledger drains what queued while the last commit ran.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use kernel::{LedgerId, Spawner};
use tokio::sync::{mpsc, oneshot, watch};

use crate::Fault;
use crate::store::{Commit, Store, Verdict};

/// Commands that may wait for one ledger.
const QUEUE_MAX: usize = 4_096;
/// Commands of one group.
const GROUP_MAX: usize = 512;
/// Bytes of one group's records.
const GROUP_BYTES_MAX: usize = 1 << 20;
/// How often an append whose outcome is unknown is settled by the receipts.
const SETTLE_MAX: usize = 5;

type Waiting = (Commit, oneshot::Sender<Result<Verdict, Fault>>);

/// Where commands for one ledger queue.
pub(crate) struct Writer(mpsc::Sender<Waiting>);

impl Writer {
    /// Starts the ledger's task. It ends once `closed` says so and all that queued before is answered.
    pub(crate) fn start(
        ledger: LedgerId,
        store: Arc<dyn Store>,
        spawner: &dyn Spawner,
        closed: watch::Receiver<bool>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        spawner.spawn("writer", Box::pin(write(ledger, store, receiver, closed)));
        Self(sender)
    }

    /// Queues a command and waits for its verdict. A caller that goes away cancels nothing.
    pub(crate) async fn append(&self, commit: Commit) -> Result<Verdict, Fault> {
        let (answer, verdict) = oneshot::channel();
        self.0.try_send((commit, answer)).map_err(|full| match full {
            mpsc::error::TrySendError::Full(_) => Fault::Exhausted,
            mpsc::error::TrySendError::Closed(_) => Fault::stopping(),
        })?;
        verdict.await.unwrap_or_else(|_| Err(Fault::stopping()))
    }
}

async fn write(
    ledger: LedgerId,
    store: Arc<dyn Store>,
    mut queue: mpsc::Receiver<Waiting>,
    mut closed: watch::Receiver<bool>,
) {
    let mut waiting: VecDeque<Waiting> = VecDeque::new();
    loop {
        if *closed.borrow() {
            // What queued before is still there to be received.
            queue.close();
        }
        if waiting.is_empty() {
            tokio::select! {
                next = queue.recv() => match next {
                    Some(next) => waiting.push_back(next),
                    None => return,
                },
                // The engine that would say so may be gone itself: then the queue ends.
                Ok(()) = closed.changed() => continue,
            }
        }
        while waiting.len() < QUEUE_MAX {
            match queue.try_recv() {
                Ok(next) => waiting.push_back(next),
                Err(_) => break,
            }
        }
        let (commits, answers): (Vec<_>, Vec<_>) = group(&mut waiting).into_iter().unzip();
        match settled(ledger, &*store, &commits).await {
            Ok(verdicts) => answers.into_iter().zip(verdicts).for_each(|(answer, verdict)| {
                let _ = answer.send(Ok(verdict));
            }),
            Err(fault) => {
                tracing::warn!(%ledger, %fault, commands = commits.len(), "append failed");
                for answer in answers {
                    let _ = answer.send(Err(copy(&fault)));
                }
            }
        }
    }
}

/// Appends, and asks again while the outcome is unknown: a command that was appended answers as known then.
async fn settled(ledger: LedgerId, store: &dyn Store, commits: &[Commit]) -> Result<Vec<Verdict>, Fault> {
    let mut tries = 0;
    loop {
        match store.append(ledger, commits).await {
            Err(Fault::Unavailable(..) | Fault::Contended) if tries < SETTLE_MAX => tries += 1,
            outcome => return outcome,
        }
    }
}

/// Takes the next group: none of it shares a stream, a guard, a claim or a request with an earlier one of it.
fn group(waiting: &mut VecDeque<Waiting>) -> Vec<Waiting> {
    let (mut group, mut later) = (Vec::new(), VecDeque::new());
    let (mut written, mut guarded) = (HashSet::new(), HashSet::new());
    let (mut claims, mut requests) = (HashSet::new(), HashSet::new());
    let mut bytes = 0;
    while let Some((commit, answer)) = waiting.pop_front() {
        let size: usize = commit.events.iter().map(|event| event.record.len()).sum();
        let full = group.len() >= GROUP_MAX || (bytes + size > GROUP_BYTES_MAX && !group.is_empty());
        let meets = written.contains(&commit.stream)
            || guarded.contains(&commit.stream)
            || commit.guards.iter().any(|(stream, _)| written.contains(stream))
            || commit.claims.iter().any(|(claim, _)| claims.contains(claim))
            || requests.contains(&commit.request);
        // Who waits keeps its place: what comes after it must not overtake it on what they share.
        written.insert(commit.stream.clone());
        guarded.extend(commit.guards.iter().map(|(stream, _)| stream.clone()));
        claims.extend(commit.claims.iter().map(|(claim, _)| claim.clone()));
        requests.insert(commit.request);
        if full || meets {
            later.push_back((commit, answer));
            if full {
                break;
            }
        } else {
            bytes += size;
            group.push((commit, answer));
        }
    }
    later.append(waiting);
    *waiting = later;
    group
}

/// The same fault for each of a group.
fn copy(fault: &Fault) -> Fault {
    match fault {
        Fault::Contended => Fault::Contended,
        Fault::Unavailable(what, _) => Fault::Unavailable(what, None),
        Fault::Exhausted => Fault::Exhausted,
        Fault::ClockSkew => Fault::ClockSkew,
        Fault::RequestReused => Fault::RequestReused,
        Fault::NotYet(position) => Fault::NotYet(*position),
        Fault::NewerStore { found, known } => Fault::NewerStore { found: *found, known: *known },
        Fault::NewerEvent(what) => Fault::NewerEvent(what.clone()),
        Fault::Broken(problem) => Fault::Broken(problem.clone()),
    }
}
