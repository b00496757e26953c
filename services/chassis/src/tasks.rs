use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use kernel::Spawner;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::Task;

/// The tasks of a process: what it starts, [`Tasks::finish`] waits for.
#[derive(Clone)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: Arc<watch::Sender<bool>>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { tracker: TaskTracker::new(), stop: Arc::new(watch::Sender::new(false)) }
    }
}

impl Tasks {
    /// Starts a task that ends when all are told to.
    pub fn start(&self, task: Task) {
        self.spawn(task.name, (task.run)(self.stop.subscribe()));
    }

    /// Becomes `true` once all are told to end.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Tells all to end.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Tells all to end, and waits for them, but not longer than `bound`. `false`: some have not ended. An engine's
    /// writers are told by [`eventstore::Engine::close`].
    pub async fn finish(&self, bound: Duration) -> bool {
        self.stop();
        self.tracker.close();
        tokio::time::timeout(bound, self.tracker.wait()).await.is_ok()
    }
}

impl Spawner for Tasks {
    fn spawn(&self, name: &'static str, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.tracker.spawn(async move {
            task.await;
            tracing::trace!(task = name, "task has ended");
        });
    }
}
