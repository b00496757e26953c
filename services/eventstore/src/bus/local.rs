//! The bus of the embedded product.

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use kernel::LedgerId;
use tokio::sync::broadcast;

use super::{Bus, Message};
use crate::Fault;

/// The bus within one process. A listener that is too slow loses messages, and notices.
pub struct LocalBus(broadcast::Sender<Message>);

/// Messages that a slow listener may be behind.
const BACKLOG: usize = 4096;

impl Default for LocalBus {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn publish(&self, messages: Vec<Message>) -> Result<(), Fault> {
        for message in messages {
            // Nobody listens: nobody misses it.
            let _ = self.0.send(message);
        }
        Ok(())
    }

    async fn published(&self, _: LedgerId) -> Result<Option<u64>, Fault> {
        Ok(None)
    }

    async fn listen(&self) -> Result<BoxStream<'static, Message>, Fault> {
        let receiver = self.0.subscribe();
        let messages = futures::stream::unfold(receiver, async |mut receiver| {
            loop {
                match receiver.recv().await {
                    Ok(message) => return Some((message, receiver)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        });
        Ok(messages.boxed())
    }

    fn reaches_others(&self) -> bool {
        false
    }
}
