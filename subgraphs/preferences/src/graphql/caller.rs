//! Who asks.

use async_graphql::{Context, Error};
use selvedge_kit::identity::Identity;

use super::answer::{forbidden, unauthenticated};

/// The scope of staff who may see customers.
const CUSTOMERS_READ: &str = "customers:read";

/// The scope of other subgraphs, which are no customers.
const SERVICE: &str = "service";

/// The identity of the request.
///
/// # Errors
///
/// When the request came without one.
pub(super) fn identity<'a>(ctx: &Context<'a>) -> Result<&'a Identity, Error> {
    ctx.data::<Identity>().map_err(|_| unauthenticated())
}

/// The customer who asks; absent for an anonymous caller and for a service.
pub(super) fn customer_id(identity: &Identity) -> Option<&str> {
    identity.subject.as_deref().filter(|_| !identity.has_scope(SERVICE))
}

/// Lets those pass who may see the customer `id`.
///
/// # Errors
///
/// For everyone else.
pub(super) fn require_access_to(ctx: &Context<'_>, id: &str) -> Result<(), Error> {
    let identity = identity(ctx)?;
    if customer_id(identity) == Some(id) || identity.has_scope(CUSTOMERS_READ) {
        return Ok(());
    }
    Err(if identity.subject.is_none() { unauthenticated() } else { forbidden() })
}
