//! Reading.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, ServerError};

use super::{
    answer::internal,
    caller::{customer_id, identity, require_access_to},
    customer::CustomerNode,
    product::ProductNode,
    request_scope::RequestScope,
    schema::Services,
};

/// The root of queries.
pub(crate) struct QueryRoot;

#[Object(name = "Query")]
impl QueryRoot {
    /// The signed-in customer; null for an anonymous caller. Created on first use.
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<CustomerNode>> {
        let Some(id) = customer_id(identity(ctx)?) else { return Ok(None) };
        find_or_create(ctx, id).await.map(Some)
    }

    /// Scope customers:read, or the customer itself.
    async fn customer(&self, ctx: &Context<'_>, id: ID) -> Result<Option<CustomerNode>> {
        require_access_to(ctx, &id)?;
        if customer_id(identity(ctx)?) == Some(id.as_str()) {
            return find_or_create(ctx, &id).await.map(Some);
        }
        find(ctx, &id).await
    }

    #[graphql(entity)]
    async fn find_customer_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<CustomerNode>> {
        // An error would take all other entities of the request along, so it stands beside a null.
        match require_access_to(ctx, &id) {
            Ok(()) => find(ctx, &id).await,
            Err(error) => {
                let located: ServerError = error.into_server_error(ctx.item.pos);
                ctx.add_error(ctx.set_error_path(located));
                Ok(None)
            }
        }
    }

    #[graphql(entity)]
    async fn find_product_by_id(&self, id: ID) -> ProductNode {
        ProductNode::new(id)
    }
}

async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<CustomerNode>> {
    let found = ctx.data::<RequestScope>()?.customer(id).await.map_err(internal)?;
    Ok(found.map(CustomerNode::new))
}

async fn find_or_create(ctx: &Context<'_>, id: &str) -> Result<CustomerNode> {
    let scope = ctx.data::<RequestScope>()?;
    if let Some(known) = scope.caller(id).await.map_err(internal)? {
        return Ok(CustomerNode::new(known));
    }
    let created = ctx.data::<Services>()?.customers.find_or_create(id).await;
    let created = Arc::new(created.map_err(internal)?);
    scope.remember_caller(Arc::clone(&created)).await;
    Ok(CustomerNode::new(created))
}
