//! What this subgraph knows of a product.

use async_graphql::{Context, ID, Object, Result};

use super::{answer::internal, caller, request_scope::RequestScope};

/// A product of the catalog, seen by the caller.
pub(crate) struct ProductNode {
    id: ID,
    /// Known already where the request itself has just said so.
    is_wishlisted: Option<bool>,
}

impl ProductNode {
    pub(super) fn new(id: impl Into<ID>) -> Self {
        Self { id: id.into(), is_wishlisted: None }
    }

    pub(super) fn wishlisted(id: impl Into<ID>, is_wishlisted: bool) -> Self {
        Self { id: id.into(), is_wishlisted: Some(is_wishlisted) }
    }
}

/// A product, as far as the caller's preferences are concerned.
#[Object(name = "Product")]
impl ProductNode {
    async fn id(&self) -> &ID {
        &self.id
    }

    /// False for an anonymous caller. Null when it cannot be told, so that a product is served without it.
    #[graphql(cache_control(private, max_age = 5))]
    async fn is_wishlisted(&self, ctx: &Context<'_>) -> Result<Option<bool>> {
        if let Some(known) = self.is_wishlisted {
            return Ok(Some(known));
        }
        let Some(customer_id) = caller::customer_id(caller::identity(ctx)?) else { return Ok(Some(false)) };
        let scope = ctx.data::<RequestScope>()?;
        let caller = scope.caller(customer_id).await.map_err(internal)?;
        Ok(Some(caller.is_some_and(|customer| customer.wishes(&self.id))))
    }
}
