use vault::{KeyFault, SealFault};

/// Something went wrong that is nobody's rule: what the caller may do about it is all it says.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Others were faster again and again: try again.
    #[error("too many others changed the same thing at once; try again")]
    Contended,
    /// Something that we depend on isn't there: try again later.
    #[error("{0} can't be reached; try again later")]
    Unavailable(&'static str, #[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// Too much is waiting already: try again after a while.
    #[error("too much is waiting; try again in a moment")]
    Exhausted,
    /// The clock is behind the ledger's last event.
    #[error("the clock of this host is behind the ledger's last event")]
    ClockSkew,
    /// The request id stands for another actor's request, or for another body.
    #[error("the request id was used for another request")]
    RequestReused,
    /// The view or follower hasn't come that far in time.
    #[error("position {0} isn't reached yet; try again")]
    NotYet(u64),
    /// The data was written by a newer version.
    #[error("the store was made by a newer version ({found}) than this one ({known}); update Licheng")]
    NewerStore {
        /// Version of the store's schema.
        found: i64,
        /// The newest that this executable knows.
        known: i64,
    },
    /// An event was written by a newer version: this one waits at it, and never passes over it.
    #[error("{0}")]
    NewerEvent(String),
    /// What is stored is not what it must be, or a bug: the log says more.
    #[error("{0}")]
    Broken(String),
}

impl Fault {
    /// What is stored is not what it must be.
    pub fn broken(problem: impl std::fmt::Display) -> Self {
        Self::Broken(problem.to_string())
    }

    /// This process is about to end, and takes nothing more.
    pub const fn stopping() -> Self {
        Self::Unavailable("this process, which is stopping,", None)
    }
}

impl From<SealFault> for Fault {
    /// A value can't be sealed or opened; where the key store is the store itself, what that says.
    fn from(fault: SealFault) -> Self {
        match fault {
            SealFault::Key(KeyFault::Unreachable(source)) => match source.downcast::<Self>() {
                Ok(fault) => *fault,
                Err(source) => Self::Unavailable("the key store", Some(source)),
            },
            SealFault::Key(_) | SealFault::Destroyed(_) | SealFault::Altered(_) | SealFault::Json(_) => {
                Self::broken(fault)
            }
        }
    }
}
