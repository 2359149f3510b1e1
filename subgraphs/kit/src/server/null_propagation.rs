//! Errors of nullable fields, as the GraphQL specification has them.

use std::sync::Arc;

use async_graphql::{
    Response, ServerError, ServerResult, Value, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo},
};
use parking_lot::Mutex;

/// An extension for the schema of every subgraph. By itself, async-graphql lets the error of a resolver that gives
/// `Result<Option<T>>` take the parent along, up to all of `data`; with this the field is null, as the specification
/// says in section "Handling Execution Errors", and its siblings stay.
///
/// It does not reach the entries of `_entities`: an entity resolver that may fail should give `Option<Result<T>>`.
#[derive(Debug, Clone, Copy, Default)]
pub struct NullPropagation;

impl ExtensionFactory for NullPropagation {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Caught::default())
    }
}

/// The errors that were stopped at a nullable field of one request.
#[derive(Default)]
struct Caught(Mutex<Vec<ServerError>>);

#[async_trait::async_trait]
impl Extension for Caught {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut response = next.run(ctx, operation_name).await;
        response.errors.append(&mut self.0.lock());
        response
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let is_nullable = !info.return_type.ends_with('!');
        match next.run(ctx, info).await {
            Err(error) if is_nullable => {
                self.0.lock().push(error);
                Ok(Some(Value::Null))
            }
            result => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Error, Object, Schema};
    use serde_json::json;

    use super::*;

    struct Query;
    struct Product;

    #[Object]
    impl Product {
        async fn nullable(&self) -> Result<Option<i32>, Error> {
            Err(Error::new("one"))
        }
        async fn certain(&self) -> Result<i32, Error> {
            Err(Error::new("two"))
        }
        async fn title(&self) -> &str {
            "Shirt"
        }
    }

    #[Object]
    impl Query {
        async fn product(&self) -> Result<Option<Product>, Error> {
            Ok(Some(Product))
        }
        async fn products(&self) -> Vec<Option<Product>> {
            vec![Some(Product), Some(Product)]
        }
        async fn certain(&self) -> Product {
            Product
        }
    }

    async fn run(query: &str) -> serde_json::Value {
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription).extension(NullPropagation).finish();
        let mut response = serde_json::to_value(schema.execute(query).await).unwrap();
        for error in response["errors"].as_array_mut().into_iter().flatten() {
            error.as_object_mut().unwrap().remove("locations");
        }
        response
    }

    #[tokio::test]
    async fn a_nullable_field_is_null_and_its_siblings_stay() {
        assert_eq!(
            run("{ product { nullable title } }").await,
            json!({
                "data": {"product": {"nullable": null, "title": "Shirt"}},
                "errors": [{"message": "one", "path": ["product", "nullable"]}]
            })
        );
    }

    #[tokio::test]
    async fn a_field_that_cannot_be_null_takes_along_up_to_the_nearest_that_can() {
        assert_eq!(
            run("{ product { certain title } products { certain title } }").await,
            json!({
                "data": {"product": null, "products": [null, null]},
                "errors": [
                    {"message": "two", "path": ["product", "certain"]},
                    {"message": "two", "path": ["products", 0, "certain"]},
                    {"message": "two", "path": ["products", 1, "certain"]}
                ]
            })
        );
        assert_eq!(run("{ certain { certain } product { title } }").await["data"], json!(null));
    }
}
