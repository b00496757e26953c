use std::fmt;

/// A line or paragraph that a person wrote: trimmed, not empty, bounded, without control characters
/// other than line breaks and tabs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(String);

/// Why a text can't be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// More characters (Unicode code points) than allowed.
    #[error("has {characters} characters, at most {most} are allowed")]
    TooLong {
        /// How many it has.
        characters: usize,
        /// How many it may have.
        most: usize,
    },
    /// A control character other than a line break or a tab.
    #[error("holds a control character")]
    Control,
}

impl Text {
    /// A text of 1 to `most` characters (Unicode code points).
    ///
    /// # Errors
    /// [`TextFault`], naming the first rule broken.
    pub fn try_new(text: &str, most: usize) -> Result<Self, TextFault> {
        let text = text.trim();
        let characters = text.chars().count();
        if characters == 0 {
            Err(TextFault::Empty)
        } else if characters > most {
            Err(TextFault::TooLong { characters, most })
        } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            Err(TextFault::Control)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text itself, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
