//! The one writer: a thread with a connection of its own, so that no caller that goes away leaves a transaction half
//! done.

use futures::future::BoxFuture;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::fault;
use crate::Fault;

/// Writes that may wait for the thread.
const QUEUE_MAX: usize = 1_024;

/// What one transaction does. It answers whoever asked for it itself, once it is known whether it was committed.
trait Work: Send {
    /// Does it within a transaction; whether that is to be committed.
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, bool>;
    /// Tells the outcome: what it did itself, or that it couldn't be begun or committed.
    fn answer(self: Box<Self>, failed: Option<Fault>);
}

/// Nobody writes any more.
fn stopped() -> Fault {
    Fault::Unavailable("the database's writer, which has stopped,", None)
}

struct Job<F, T> {
    work: Option<F>,
    outcome: Option<Result<T, Fault>>,
    answer: oneshot::Sender<Result<T, Fault>>,
}

impl<F, T> Work for Job<F, T>
where
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, Fault>> + Send,
    T: Send,
{
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, bool> {
        Box::pin(async move {
            if let Some(work) = self.work.take() {
                self.outcome = Some(work(connection).await);
            }
            matches!(self.outcome, Some(Ok(_)))
        })
    }

    fn answer(self: Box<Self>, failed: Option<Fault>) {
        // Why it wasn't to be committed says more than a rollback that failed too.
        let outcome = match (self.outcome, failed) {
            (Some(Err(fault)), _) | (_, Some(fault)) => Err(fault),
            (Some(Ok(value)), None) => Ok(value),
            (None, None) => Err(stopped()),
        };
        // Whoever asked may have gone away: what was written is written.
        let _ = self.answer.send(outcome);
    }
}

/// Where writes queue.
pub(super) struct Writer(mpsc::Sender<Box<dyn Work>>);

impl Writer {
    /// Starts the thread. It ends when the writer is dropped and all that queued is done.
    pub(super) fn start(options: SqliteConnectOptions) -> Result<Self, Fault> {
        let (sender, queue) = mpsc::channel(QUEUE_MAX);
        std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || futures::executor::block_on(write(options, queue)))
            .map_err(|error| Fault::Unavailable("a thread for the database", Some(Box::new(error))))?;
        Ok(Self(sender))
    }

    /// Runs one transaction, committed if it answers `Ok`. A caller that goes away cancels nothing.
    pub(super) async fn write<F, T>(&self, work: F) -> Result<T, Fault>
    where
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, Fault>> + Send + 'static,
        T: Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        let job = Job { work: Some(work), outcome: None, answer };
        self.0.send(Box::new(job)).await.map_err(|_| stopped())?;
        outcome.await.unwrap_or(Err(stopped()))
    }
}

async fn write(options: SqliteConnectOptions, mut queue: mpsc::Receiver<Box<dyn Work>>) {
    let mut kept = None;
    while let Some(mut work) = queue.recv().await {
        let connected = match kept.take() {
            Some(connection) => Ok(connection),
            None => options.connect().await,
        };
        match connected {
            Ok(mut connection) => {
                let done = transact(&mut connection, &mut *work).await;
                match done {
                    Ok(()) => kept = Some(connection),
                    // Closing it rolls back what is left of the transaction.
                    Err(_) => drop(connection.close().await),
                }
                work.answer(done.err());
            }
            Err(error) => work.answer(Some(fault(error))),
        }
    }
    if let Some(connection) = kept {
        drop(connection.close().await);
    }
}

/// One transaction, or why it couldn't be begun or ended.
async fn transact(connection: &mut SqliteConnection, work: &mut dyn Work) -> Result<(), Fault> {
    sqlx::query("begin immediate").execute(&mut *connection).await.map_err(fault)?;
    let commits = work.run(&mut *connection).await;
    let end = if commits { "commit" } else { "rollback" };
    sqlx::query(end).execute(connection).await.map_err(fault)?;
    Ok(())
}
