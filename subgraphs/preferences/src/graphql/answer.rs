//! Errors as clients see them.

use std::fmt::Display;

use async_graphql::{Error, ErrorExtensions};

/// A mistake of the caller.
pub(super) fn bad_user_input(message: impl Display) -> Error {
    coded(message.to_string(), "BAD_USER_INPUT")
}

/// Nobody is signed in.
pub(super) fn unauthenticated() -> Error {
    coded("sign in first".to_owned(), "UNAUTHENTICATED")
}

/// The caller may not do that.
pub(super) fn forbidden() -> Error {
    coded("this needs the scope customers:read, or to be the customer".to_owned(), "FORBIDDEN")
}

/// A failure inside: without a code, which has the server log it and tell nobody.
pub(super) fn internal(error: impl Display) -> Error {
    Error::new(error.to_string())
}

fn coded(message: String, code: &'static str) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}
