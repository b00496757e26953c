use std::future::Future;
use std::pin::Pin;

use crate::Instant;

/// The service clock: what windows, deadlines and events are judged by.
///
/// Tokens, timeouts and the bus use real time and never this.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Instant;
}

/// Owner of background tasks: what it starts, shutdown waits for.
pub trait Spawner: Send + Sync + 'static {
    /// Starts a task under a name that the shutdown log shows.
    fn spawn(&self, name: &'static str, task: Pin<Box<dyn Future<Output = ()> + Send>>);
}
