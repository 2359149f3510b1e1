//! Why a command ended without doing what was asked, for the person who typed it.

/// A failure of a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line or configuration is wrong.
    #[error("{0}")]
    Usage(String),
    /// Something that the command needs did not work.
    #[error("{what}: {reason}")]
    Operation {
        /// What was tried.
        what: String,
        /// What went wrong.
        reason: String,
    },
    /// The command worked, and what it checked is not in order; everything has been said.
    #[error("")]
    CheckFailed,
}

impl Failure {
    /// What could not be done, and why.
    pub(crate) fn operation(what: impl Into<String>, reason: &impl ToString) -> Self {
        Self::Operation { what: what.into(), reason: reason.to_string() }
    }

    /// The exit status: 2 for wrong use, as shells and clap have it, else 1.
    pub(crate) const fn exit_status(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Operation { .. } | Self::CheckFailed => 1,
        }
    }
}
