//! A customer.
#![expect(clippy::too_many_arguments, reason = "a Relay connection has four, beside the receiver and the context")]

use std::{fmt, sync::Arc};

use async_graphql::{
    Context, ID, Object, Result, SimpleObject,
    connection::{Connection, ConnectionNameType, CursorType, Edge, EdgeNameType, EmptyFields},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};

use super::{
    answer::{bad_user_input, internal},
    product::ProductNode,
    schema::Services,
};
use crate::domain::{Customer, PageRequest, StyleProfile, WishlistCursor, page_of};

/// The most products that `recentlyViewed` gives.
const MAX_RECENTLY_VIEWED: i32 = 50;

/// A customer, to someone who may see it.
pub(crate) struct CustomerNode(Arc<Customer>);

impl CustomerNode {
    pub(super) const fn new(customer: Arc<Customer>) -> Self {
        Self(customer)
    }
}

/// Someone who shops here, with what the shop may know.
#[Object(name = "Customer", cache_control(private, max_age = 5))]
impl CustomerNode {
    async fn id(&self) -> ID {
        ID::from(&self.0.id)
    }

    async fn display_name(&self) -> Option<&str> {
        self.0.display_name.as_deref()
    }

    async fn style_profile(&self) -> StyleProfileNode {
        StyleProfileNode::of(&self.0.style_profile)
    }

    /// Newest first. first and last: 1 to 100, first: 20 when both are absent.
    async fn wishlist(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<WishlistConnection> {
        let cursor = |text: Option<String>| text.map(|text| WishlistCursor::decode_cursor(&text)).transpose();
        let request = PageRequest {
            first,
            after: cursor(after).map_err(bad_user_input)?,
            last,
            before: cursor(before).map_err(bad_user_input)?,
        };
        let page = page_of(&self.0.wishlist, &request).map_err(bad_user_input)?;
        let total = WishlistTotal { total_count: i32::try_from(self.0.wishlist.len()).unwrap_or(i32::MAX) };
        let mut connection =
            WishlistConnection::with_additional_fields(page.has_previous_page, page.has_next_page, total);
        connection.edges.extend(page.items.into_iter().map(|item| {
            let node = WishlistItemNode { product_id: item.product_id.clone(), added_at: item.added_at };
            Edge::new(WishlistCursor::of(&item), node)
        }));
        Ok(connection)
    }

    async fn consent(&self) -> ConsentNode {
        let consent = &self.0.consent;
        ConsentNode {
            personalisation: consent.personalisation,
            analytics: consent.analytics,
            marketing: consent.marketing,
            updated_at: consent.updated_at,
        }
    }

    /// Newest first, at most 50; empty without consent.
    async fn recently_viewed(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 12)] first: i32,
    ) -> Result<Vec<Option<ProductNode>>> {
        let limit = usize::try_from(first).ok().filter(|_| (1..=MAX_RECENTLY_VIEWED).contains(&first));
        let limit = limit
            .ok_or_else(|| bad_user_input(format!("`first` is {first}, it must be 1 to {MAX_RECENTLY_VIEWED}")))?;
        if !self.0.consent.personalisation {
            return Ok(Vec::new());
        }
        let store = &ctx.data::<Services>()?.store;
        let viewed = store.viewed_products(&self.0.id, limit).await.map_err(internal)?;
        Ok(viewed.into_iter().map(|id| Some(ProductNode::new(id))).collect())
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// What a customer wears and likes.
#[derive(SimpleObject)]
#[graphql(name = "StyleProfile")]
pub(crate) struct StyleProfileNode {
    sizes: Vec<GarmentSizeNode>,
    styles: Vec<String>,
    colors: Vec<String>,
    brands: Vec<String>,
    /// Grows with every change; give it as expectedVersion to notice the changes of others.
    version: i32,
}

impl StyleProfileNode {
    fn of(profile: &StyleProfile) -> Self {
        let sizes = profile
            .sizes
            .iter()
            .map(|size| GarmentSizeNode { garment: size.garment.clone(), size: size.size.clone() })
            .collect();
        Self {
            sizes,
            styles: profile.styles.clone(),
            colors: profile.colors.clone(),
            brands: profile.brands.clone(),
            version: profile.version,
        }
    }
}

/// The size that fits in one kind of garment.
#[derive(SimpleObject)]
#[graphql(name = "GarmentSize")]
pub(crate) struct GarmentSizeNode {
    garment: String,
    size: String,
}

/// What a customer allows, per purpose.
#[derive(SimpleObject)]
#[graphql(name = "Consent")]
pub(crate) struct ConsentNode {
    personalisation: bool,
    analytics: bool,
    marketing: bool,
    /// Null when the customer never said anything.
    updated_at: Option<DateTime<Utc>>,
}

/// One wished product.
pub(crate) struct WishlistItemNode {
    product_id: String,
    added_at: DateTime<Utc>,
}

/// A product on a wishlist.
#[Object(name = "WishlistItem")]
impl WishlistItemNode {
    /// Null when it is no longer in the catalog, or cannot be had right now.
    async fn product(&self) -> Option<ProductNode> {
        Some(ProductNode::new(self.product_id.clone()))
    }

    async fn added_at(&self) -> DateTime<Utc> {
        self.added_at
    }
}

/// What a wishlist connection has beside its page.
#[derive(SimpleObject)]
pub(crate) struct WishlistTotal {
    /// All items of the wishlist.
    total_count: i32,
}

/// A page of a wishlist.
pub(crate) type WishlistConnection =
    Connection<WishlistCursor, WishlistItemNode, WishlistTotal, EmptyFields, WishlistNames, WishlistNames>;

/// Names of the connection's types.
pub(crate) struct WishlistNames;

impl ConnectionNameType for WishlistNames {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "WishlistConnection".to_owned()
    }
}

impl EdgeNameType for WishlistNames {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "WishlistEdge".to_owned()
    }
}

/// A cursor that was not given out by this subgraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCursor;

impl fmt::Display for UnknownCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the cursor is not one that this list gave out")
    }
}

impl CursorType for WishlistCursor {
    type Error = UnknownCursor;

    fn decode_cursor(text: &str) -> Result<Self, Self::Error> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| UnknownCursor)?;
        let text = String::from_utf8(bytes).map_err(|_| UnknownCursor)?;
        let (added_at_ms, product_id) = text.split_once(' ').ok_or(UnknownCursor)?;
        let added_at_ms = added_at_ms.parse().map_err(|_| UnknownCursor)?;
        Ok(Self { added_at_ms, product_id: product_id.to_owned() })
    }

    fn encode_cursor(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(format!("{} {}", self.added_at_ms, self.product_id))
    }
}
