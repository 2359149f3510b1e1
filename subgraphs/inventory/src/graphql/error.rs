//! Refusals as clients see them: a code and a sentence.
//!
//! A failure of the store is passed on without a code; the server logs it and answers `internal error`.

use async_graphql::{Context, Error, ErrorExtensions};
use selvedge_kit::identity::Identity;

use super::access::Access;
use crate::store::{StoreError, catalog_read::ReadError, projected::Lag};

/// The caller has to say who they are.
pub(crate) fn sign_in(purpose: &str) -> Error {
    with_code(format!("sign in {purpose}"), "UNAUTHENTICATED")
}

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

/// The caller may not do this: `UNAUTHENTICATED` while it is nobody, else `FORBIDDEN`.
pub(crate) fn forbidden(identity: &Identity, access: Access) -> Error {
    // The first one is the single right; the others are roles that include it.
    let scope = if let Access::AnyOf([scope, ..]) = access { *scope } else { "admin" };
    if identity.subject.is_none() {
        return with_code(format!("sign in with the scope `{scope}` to do this"), "UNAUTHENTICATED");
    }
    with_code(format!("this needs the scope `{scope}`"), "FORBIDDEN")
}

/// A projection has not come to where the caller wants it.
pub(crate) fn position_not_reached(projection: &str, lag: Lag) -> Error {
    let Lag { events, seconds } = lag;
    let message = format!("the projection `{projection}` is {events} events and {seconds:.1} s behind; ask again");
    with_code(message, "POSITION_NOT_REACHED").extend_with(|_, extensions| {
        extensions.set("eventsBehind", events);
        extensions.set("secondsBehind", seconds);
    })
}

fn with_code(message: impl Into<String>, code: &'static str) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

/// What went wrong with a command: that too many wait is said, everything else is ours.
pub(crate) fn of_command(error: StoreError) -> Error {
    match error {
        StoreError::Overloaded { .. } => with_code("too many wait for the same stock, try again", "OVERLOADED"),
        cause => cause.into(),
    }
}

/// What went wrong with a list: a cursor is the client's, everything else is ours.
pub(crate) fn of_reading(error: ReadError) -> Error {
    match error {
        ReadError::Cursor { .. } => bad_user_input(error.to_string()),
        ReadError::Store(cause) => cause.into(),
    }
}
