//! What clients are told when they ask for something that cannot be. (Internal errors carry no code here: the server
//! logs and hides them.)

use async_graphql::{Error, ErrorExtensions};

/// The longest list that may be asked for.
const MAX_FIRST: i32 = 50;

/// An error that a client can understand and act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum ClientError {
    #[error("`first` is {first}, it must be 1 to {MAX_FIRST}")]
    FirstOutOfRange { first: i32 },
}

impl ClientError {
    const fn code(&self) -> &'static str {
        match self {
            Self::FirstOutOfRange { .. } => "BAD_USER_INPUT",
        }
    }

    fn into_graphql(self) -> Error {
        let code = self.code();
        Error::new(self.to_string()).extend_with(|_, extensions| extensions.set("code", code))
    }
}

/// The number of items asked for by `first`.
pub(super) fn count_of(first: i32) -> Result<usize, Error> {
    usize::try_from(first)
        .ok()
        .filter(|count| *count >= 1 && first <= MAX_FIRST)
        .ok_or_else(|| ClientError::FirstOutOfRange { first }.into_graphql())
}
