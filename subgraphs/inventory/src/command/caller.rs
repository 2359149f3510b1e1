//! On whose behalf a command runs.

use selvedge_kit::identity::Identity;

/// On whose behalf a command runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The customer, member of staff or service; `anonymous` for a shopper without a name.
    pub actor: String,
    /// The request.
    pub correlation_id: String,
    /// Whether the caller may end reservations of others.
    pub manages_stock: bool,
    /// Whether the caller may send, cancel and take back orders of others.
    pub manages_orders: bool,
}

/// The right to change stock, and the roles that have it; as in the table of the API.
pub(crate) const MANAGES_STOCK: &[&str] = &["inventory:write", "warehouse", "store", "admin"];
/// The right to change orders of others, and the roles that have it.
const MANAGES_ORDERS: [&str; 4] = ["orders:write", "warehouse", "store", "admin"];

impl Caller {
    /// Name of a shopper who is not signed in.
    pub const ANONYMOUS: &'static str = "anonymous";

    /// The caller behind a verified identity.
    #[must_use]
    pub fn of(identity: &Identity) -> Self {
        Self {
            actor: identity.subject.clone().unwrap_or_else(|| Self::ANONYMOUS.to_owned()),
            correlation_id: identity.correlation_id.clone(),
            manages_stock: MANAGES_STOCK.iter().any(|scope| identity.has_scope(scope)),
            manages_orders: MANAGES_ORDERS.iter().any(|scope| identity.has_scope(scope)),
        }
    }

    /// The subgraph itself, in the name of one of its tasks.
    #[must_use]
    pub fn system(task: &str, correlation_id: impl Into<String>) -> Self {
        Self {
            actor: format!("system:{task}"),
            correlation_id: correlation_id.into(),
            manages_stock: true,
            manages_orders: true,
        }
    }
}
