use serde::{Deserialize, Serialize};

/// Text in an event that is not about a person, such as a school's name or a course's title.
///
/// The house test lists every field of this type with the reason why it may stand in clear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Public<T>(pub T);
