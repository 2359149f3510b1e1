//! The schema directive by which a gateway feeds a subscription field from events.

#![expect(clippy::too_many_arguments, reason = "they are the arguments of the directive")]

use async_graphql::TypeDirective;

/// Feeds a subscription field from events of the bus, without a subscription here for each client: events of the type
/// `event` are for whoever has their `field` among the values of the argument `key`. The event's data holds the fields
/// that `carries` lists; `revision` grows with each change of a key; the query field `snapshot` answers what is true now
/// of the same argument. `public`: everyone gets the same.
#[TypeDirective(location = "FieldDefinition", name = "fedBy", composable = "https://selvedge.dev/live/v1.0")]
pub(crate) fn fed_by(
    event: String,
    key: String,
    field: String,
    revision: Option<String>,
    carries: Option<String>,
    snapshot: String,
    public: bool,
) {
}
