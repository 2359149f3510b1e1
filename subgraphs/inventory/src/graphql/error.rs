//! Refusals as clients see them: a code and a sentence.
//!
//! A failure of the store is passed on without a code; the server logs it and answers `internal error`.

use async_graphql::{Context, Error, ErrorExtensions};
use selvedge_kit::identity::Identity;

use crate::store::catalog_read::ReadError;

/// Needed to change stock by hand.
pub(crate) const SCOPE_WRITE: &str = "inventory:write";

/// The caller asked for something that cannot be answered as asked.
pub(crate) fn bad_user_input(message: impl Into<String>) -> Error {
    with_code(message, "BAD_USER_INPUT")
}

/// Who asks; the server put it there after verifying it.
///
/// # Errors
///
/// `UNAUTHENTICATED` when the request came without an identity.
pub(crate) fn caller<'a>(ctx: &Context<'a>) -> Result<&'a Identity, Error> {
    ctx.data::<Identity>().map_err(|_| with_code("the request carries no identity", "UNAUTHENTICATED"))
}

/// The caller, when it was given `scope`.
///
/// # Errors
///
/// `UNAUTHENTICATED` for an anonymous caller, `FORBIDDEN` for one without the scope.
pub(crate) fn caller_with_scope<'a>(ctx: &Context<'a>, scope: &str) -> Result<&'a Identity, Error> {
    let identity = caller(ctx)?;
    if identity.has_scope(scope) {
        return Ok(identity);
    }
    if identity.subject.is_none() {
        return Err(with_code(format!("sign in with the scope `{scope}` to do this"), "UNAUTHENTICATED"));
    }
    Err(with_code(format!("this needs the scope `{scope}`"), "FORBIDDEN"))
}

fn with_code(message: impl Into<String>, code: &'static str) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

/// What went wrong with a list: a cursor is the client's, everything else is ours.
pub(crate) fn of_reading(error: ReadError) -> Error {
    match error {
        ReadError::Cursor { .. } => bad_user_input(error.to_string()),
        ReadError::Store(cause) => cause.into(),
    }
}
