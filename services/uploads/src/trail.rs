//! What a stream says of one work, from its beginning.

use events::{AnyEvent, Decider as _, FileDescription, UploadsEvent};
use kernel::WorkId;

use crate::domain::{Work, Works};

/// One work as its stream tells it.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    /// The work as it stands; `None` if it was never begun.
    pub(crate) work: Option<Work>,
    /// What was handed in, even if it was taken back later.
    pub(crate) handed_in: Option<HandedIn>,
}

/// What was handed in.
#[derive(Debug)]
pub(crate) struct HandedIn {
    /// Version of the stream that says so.
    pub(crate) version: u32,
    /// SHA-256("licheng/file/1" ‖ salt ‖ SHA-256(file)), hex.
    pub(crate) commitment: String,
    /// The media type that was found.
    pub(crate) media_type: String,
    /// The file's name and digests.
    pub(crate) description: FileDescription,
}

impl Trail {
    /// What the events of a stream, personal values opened, say of a work. One of another service stands in no such
    /// stream, and is passed over.
    pub(crate) fn of(work: WorkId, events: Vec<(u32, AnyEvent)>) -> Self {
        let (mut works, mut handed_in) = (Works::default(), None);
        for (version, event) in events {
            let Ok(event) = UploadsEvent::try_from(event) else { continue };
            works.evolve(&event);
            handed_in = handed_in.or(HandedIn::said(work, version, event));
        }
        Self { work: works.work(work).cloned(), handed_in }
    }
}

impl HandedIn {
    fn said(of: WorkId, version: u32, event: UploadsEvent) -> Option<Self> {
        match event {
            UploadsEvent::OutcomeSubmitted { work, commitment, media_type, description, .. }
            | UploadsEvent::PerformanceSubmitted { work, commitment, media_type, description, .. }
                if work == of =>
            {
                Some(Self { version, commitment: commitment.0, media_type: media_type.0, description })
            }
            UploadsEvent::OutcomeSubmitted { .. }
            | UploadsEvent::PerformanceSubmitted { .. }
            | UploadsEvent::WorkBegun { .. }
            | UploadsEvent::FileRefused { .. }
            | UploadsEvent::WorkWithdrawn { .. } => None,
        }
    }
}
