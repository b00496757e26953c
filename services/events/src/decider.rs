use crate::{Context, DomainEvent, Facts};

/// A rule as a pure function of state, command and context (J. Chassaing's decider).
///
/// `Default` is the state before the first event of the stream.
pub trait Decider: Default + Clone + Send + Sync + 'static {
    /// What it can be asked for.
    type Command: Clone + Send + Sync + 'static;
    /// What it records.
    type Event: DomainEvent + Into<crate::AnyEvent> + TryFrom<crate::AnyEvent>;
    /// What it must know of other streams.
    type Facts: Facts;
    /// Why it says no.
    type Refusal: kernel::Refusal;

    /// Says what happens, or why nothing may. No events: it is so already.
    ///
    /// # Errors
    /// The rule that said no.
    fn decide(
        &self,
        at: &Context<'_, Self::Facts>,
        command: Self::Command,
    ) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Takes what happened into the state. Total: history is never refused.
    fn evolve(&mut self, event: &Self::Event);
}
