use std::collections::VecDeque;
use std::sync::Arc;

use eventstore::{Engine, Fault};
use futures::Stream;
use kernel::{LedgerId, Malformed};
use proto::audit::v1::{ReadLedgerRequest, ReadLedgerResponse};
use tokio::sync::watch;

use crate::wire::{Filter, filter, record};

/// Records read at a time: all that a slow reader keeps in memory.
const PAGE: u32 = 200;

/// Reads a ledger on, a page at a time, as its reader takes it.
pub(super) struct Reader {
    engine: Arc<Engine>,
    ledger: LedgerId,
    filter: Filter,
    follow: bool,
    /// How many more may be given; `None`: as many as there are.
    left: Option<u64>,
    read_to: u64,
    page: VecDeque<ReadLedgerResponse>,
    closed: watch::Receiver<bool>,
}

/// A record can't be read.
pub(super) enum Unread {
    /// The log has a hole: this event is missing.
    Hole(u64),
    /// The store says no.
    Fault(Fault),
}

impl Reader {
    /// What a request asks for.
    ///
    /// # Errors
    /// Every field that can't be understood.
    pub(super) fn new(
        engine: &Arc<Engine>,
        ledger: LedgerId,
        request: &ReadLedgerRequest,
        closed: watch::Receiver<bool>,
    ) -> Result<Self, Malformed> {
        Ok(Self {
            engine: Arc::clone(engine),
            ledger,
            filter: filter(request)?,
            follow: request.follow,
            left: Some(request.limit).filter(|limit| *limit > 0),
            read_to: request.after_position,
            page: VecDeque::new(),
            closed,
        })
    }

    /// The records, until the limit, the end of the ledger, or the end of the process.
    pub(super) fn records(self) -> impl Stream<Item = Result<ReadLedgerResponse, Unread>> + Send {
        futures::stream::try_unfold(self, |mut reader| async move {
            let record = reader.next().await?;
            Ok(record.map(|record| (record, reader)))
        })
    }

    async fn next(&mut self) -> Result<Option<ReadLedgerResponse>, Unread> {
        loop {
            if self.left == Some(0) || *self.closed.borrow() {
                return Ok(None);
            }
            if let Some(record) = self.page.pop_front() {
                self.left = self.left.map(|left| left - 1);
                return Ok(Some(record));
            }
            let heard = *self.engine.tail(self.ledger).borrow();
            if self.turn().await? {
                continue;
            }
            if heard > self.read_to {
                return Err(Unread::Hole(self.read_to + 1));
            }
            if !self.follow || !self.grown().await {
                return Ok(None);
            }
        }
    }

    /// Reads the next page; `false`: there is none.
    async fn turn(&mut self) -> Result<bool, Unread> {
        let before = self.read_to;
        let page = self.engine.store.read(self.ledger, before, PAGE).await.map_err(Unread::Fault)?;
        for stored in page {
            if stored.position != self.read_to + 1 {
                return Err(Unread::Hole(self.read_to + 1));
            }
            self.read_to = stored.position;
            // Whoever goes on after `read_to` of the last record misses none, and reads none twice.
            match self.filter.takes(&stored) {
                true => self.page.push_back(record(stored, self.read_to)),
                false => self.page.iter_mut().next_back().into_iter().for_each(|last| last.read_to += 1),
            }
        }
        Ok(self.read_to > before)
    }

    /// Waits for new records; `false`: the process ends.
    async fn grown(&mut self) -> bool {
        let mut tail = self.engine.tail(self.ledger);
        let read_to = self.read_to;
        tokio::select! {
            _ = self.closed.wait_for(|closed| *closed) => false,
            grown = tail.wait_for(|tail| *tail > read_to) => grown.is_ok(),
        }
    }
}
