//! Collections.

use std::sync::Arc;

use async_graphql::{
    Context, Enum, Error, ID, Object, SimpleObject,
    connection::{Connection, ConnectionNameType, Edge, EdgeNameType, EmptyFields},
};
use chrono::{DateTime, Utc};

use super::{
    Product,
    publication::{Publication, is_published},
};
use crate::{
    domain::collection as rules,
    entity::collection,
    graphql::{
        access,
        error::of_reading,
        limits::{self, page_request},
        loaders::{PublicationsOfCollection, loaders},
    },
    store::{
        Store,
        catalog_read::{Inside, InsideFilter, Page, collection_cursor, products_of_collection},
        collections::{rules_of, sort_of},
    },
};

/// Products that belong together.
#[derive(Debug, Clone)]
pub(crate) struct Collection(pub(crate) Arc<collection::Model>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum CollectionKind {
    /// Chosen by hand.
    Manual,
    /// What its rules bring in.
    Smart,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::SortOrder")]
pub(crate) enum CollectionSort {
    /// As put by hand.
    Manual,
    Featured,
    Newest,
    Title,
    PriceAsc,
    PriceDesc,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum CollectionMatch {
    /// Every rule has to hold.
    All,
    /// One is enough.
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Field")]
pub(crate) enum CollectionRuleField {
    Title,
    Vendor,
    Category,
    Gender,
    Style,
    Material,
    Occasion,
    /// Each of the tags.
    Tag,
    /// The lowest base price of a variant, in minor units.
    Price,
    /// Pieces available, of all variants over all locations.
    Stock,
}

/// Texts are compared whatever their case. What is absent is not equal to, and does not contain, anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Relation")]
pub(crate) enum CollectionRuleRelation {
    Equals,
    NotEquals,
    Contains,
    NotContains,
    StartsWith,
    EndsWith,
    GreaterThan,
    LessThan,
    IsSet,
    IsNotSet,
}

#[derive(SimpleObject)]
pub(crate) struct CollectionRules {
    matching: CollectionMatch,
    /// At most 30.
    rules: Vec<CollectionRule>,
}

#[derive(SimpleObject)]
pub(crate) struct CollectionRule {
    field: CollectionRuleField,
    relation: CollectionRuleRelation,
    value: String,
}

impl From<rules::Rules> for CollectionRules {
    fn from(rules: rules::Rules) -> Self {
        let rule = |rule: rules::Rule| CollectionRule {
            field: rule.field.into(),
            relation: rule.relation.into(),
            value: rule.value,
        };
        Self {
            matching: if rules.any { CollectionMatch::Any } else { CollectionMatch::All },
            rules: rules.rules.into_iter().map(rule).collect(),
        }
    }
}

impl Collection {
    /// Those of `collections` that are published in `channel` at this moment, or without one, anywhere.
    pub(crate) async fn shown(
        ctx: &Context<'_>,
        collections: Vec<Self>,
        channel: Option<&str>,
    ) -> Result<Vec<Self>, Error> {
        let ids = collections.iter().map(|own| PublicationsOfCollection(own.0.id.clone()));
        let rules = loaders(ctx)?.load_many(ids).await?;
        let mut shown = Vec::with_capacity(collections.len());
        for own in collections {
            let rules = rules.get(&PublicationsOfCollection(own.0.id.clone()));
            if is_published(ctx, rules.map(|rows| &rows[..]).unwrap_or_default(), channel).await? {
                shown.push(own);
            }
        }
        Ok(shown)
    }
}

// Events tell of every change: who hears them keeps it for as long as it is true.
#[Object(cache_control(max_age = 30))]
impl Collection {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn handle(&self) -> &str {
        &self.0.handle
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn description(&self) -> &str {
        &self.0.description
    }

    async fn kind(&self) -> CollectionKind {
        if self.0.rules.is_some() { CollectionKind::Smart } else { CollectionKind::Manual }
    }

    /// The order of its products.
    async fn sort(&self) -> Result<CollectionSort, Error> {
        Ok(sort_of(&self.0)?.into())
    }

    /// What is in a smart one. Scope catalog:write.
    #[graphql(cache_control(private, no_cache))]
    async fn rules(&self, ctx: &Context<'_>) -> Result<Option<CollectionRules>, Error> {
        access::require(ctx, "Collection.rules")?;
        Ok(rules_of(&self.0)?.map(CollectionRules::from))
    }

    /// What is in it at this moment and shown in this channel, or without one, anywhere; in its order. With `available`
    /// only what can be bought, or only what cannot. `first` and `last` are at most 250, and 20 when neither is given.
    // No event tells that another product has come to belong into a list.
    #[graphql(cache_control(no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn products(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        available: Option<bool>,
        channel: Option<String>,
    ) -> Result<CollectionProductConnection, Error> {
        let page = page_request(first, after, last, before)?;
        let filter = InsideFilter { available, channel: channel.map(limits::channel).transpose()? };
        let store = ctx.data::<Store>()?;
        let page = products_of_collection(store, &self.0.id, &filter, &page).await.map_err(of_reading)?;
        let mut connection = Connection::new(page.has_previous_page, page.has_next_page);
        let edge = |inside: Inside| {
            let position = Some(inside.place.position).filter(|position| *position > 0);
            let fields = CollectionPlace { position, note: inside.place.note };
            Edge::with_additional_fields(inside.cursor, Product(Arc::new(inside.product)), fields)
        };
        connection.edges.extend(page.rows.into_iter().map(edge));
        Ok(connection)
    }

    /// Where and when it is published; without any, everywhere. At most 100. Scope catalog:write.
    #[graphql(cache_control(private, no_cache))]
    async fn publications(&self, ctx: &Context<'_>) -> Result<Option<Vec<Publication>>, Error> {
        access::require(ctx, "Collection.publications")?;
        let rules = loaders(ctx)?.load_one(PublicationsOfCollection(self.0.id.clone())).await?;
        Ok(Some(rules.iter().flat_map(|rows| rows.iter()).map(|row| Publication::of(row)).collect()))
    }

    /// Grows with every change of the collection itself; what rules bring in or take out is no change of it.
    async fn revision(&self) -> i64 {
        self.0.revision
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

/// Where in a collection by hand a product is, and why.
#[derive(SimpleObject)]
pub(crate) struct CollectionPlace {
    /// From 1; null where rules say what is inside.
    position: Option<i32>,
    /// The curator's.
    note: Option<String>,
}

/// The name of the connection of products in a collection, which counts nothing.
pub(crate) struct CollectionProducts;

impl ConnectionNameType for CollectionProducts {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "CollectionProductConnection".to_owned()
    }
}

/// The name of its edges.
pub(crate) struct CollectionProductEdges;

impl EdgeNameType for CollectionProductEdges {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "CollectionProductEdge".to_owned()
    }
}

pub(crate) type CollectionProductConnection =
    Connection<String, Product, EmptyFields, CollectionPlace, CollectionProducts, CollectionProductEdges>;

pub(crate) type CollectionConnection = Connection<String, Collection, EmptyFields>;

/// One page of collections as a connection.
pub(crate) fn collection_connection(page: Page<collection::Model>) -> CollectionConnection {
    let mut connection = Connection::new(page.has_previous_page, page.has_next_page);
    let edge = |row: collection::Model| Edge::new(collection_cursor(&row), Collection(Arc::new(row)));
    connection.edges.extend(page.rows.into_iter().map(edge));
    connection
}
