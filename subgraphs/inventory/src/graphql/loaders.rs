//! Batches what the fields of one request ask for, so that a page costs a fixed number of statements.
//!
//! A request has its own loaders: rows that one field has read serve the others of the same request, and no number
//! outlives it. What lives longer than a moment (a mutation's answer, a subscription) reads without the cache.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::{
    Context, Error,
    dataloader::{DataLoader, HashMapCache, Loader},
    runtime::{TokioSpawner, TokioTimer},
};
use chrono::{DateTime, Utc};

use crate::{
    entity::{
        cart, cart_line, channel, collection, customer_order, fulfillment, fulfillment_line, inbound_line,
        inbound_receipt, inbound_shipment, location, order_entry, order_line, order_line_discount, order_payment,
        order_promise, order_return, product, product_image, product_option, promise_entry, promotion,
        promotion_target, publication, purchase_order, purchase_order_line, sell_policy, stock_level, supplier,
        taxonomy_category, variant,
    },
    error::StoreError,
    store::{
        Store, catalog_read,
        catalog_read::{Membership, PastLevel, PathStep, ProductStock},
        channels, now,
        pricing::{self, PricedVariant},
        reservations::ReservationWithLines,
        supply::{self, Offer},
    },
};

/// The loaders of one request.
pub(crate) type Loaders = DataLoader<StoreLoader, HashMapCache>;

/// The loaders of the request behind `ctx`.
///
/// # Errors
///
/// When the request was not prepared by our executor.
pub(crate) fn loaders<'a>(ctx: &Context<'a>) -> Result<&'a Loaders, Error> {
    ctx.data::<Loaders>()
}

/// New loaders over `store`.
pub(crate) fn loaders_for_request(store: Store) -> Loaders {
    let cache = HashMapCache::default();
    DataLoader::with_cache(StoreLoader { store }, TokioSpawner::current(), TokioTimer::default(), cache)
}

/// Loads from the store by sets of keys.
pub(crate) struct StoreLoader {
    store: Store,
}

type Failure = Arc<StoreError>;
type Loaded<Key, Value> = Result<HashMap<Key, Value>, Failure>;
/// Rows of one owner, in order.
type Rows<Row> = Arc<[Arc<Row>]>;

/// Declares what is loaded by which key: `Key => Row` for one row per key, `Key => [Row]` for a list per key.
macro_rules! load_by {
    ($($(#[$doc:meta])* $key:ident => $row:ty, $read:path, |$value:ident| $key_of:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub(crate) struct $key(pub(crate) String);

        impl Loader<$key> for StoreLoader {
            type Value = Arc<$row>;
            type Error = Failure;

            async fn load(&self, keys: &[$key]) -> Loaded<$key, Self::Value> {
                let keys: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
                let rows = $read(&self.store, &keys).await?;
                Ok(rows.into_iter().map(|$value| ($key($key_of), Arc::new($value))).collect())
            }
        }
    )*};
}

macro_rules! load_lists_by {
    ($($(#[$doc:meta])* $key:ident => [$row:ty], $read:path, |$value:ident| $key_of:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub(crate) struct $key(pub(crate) String);

        impl Loader<$key> for StoreLoader {
            type Value = Rows<$row>;
            type Error = Failure;

            async fn load(&self, keys: &[$key]) -> Loaded<$key, Self::Value> {
                let keys: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
                let rows = $read(&self.store, &keys).await?;
                Ok(group(rows, |$value| $key($key_of)))
            }
        }
    )*};
}

load_by! {
    /// A category by its id.
    CategoryById => taxonomy_category::Model, catalog_read::categories_by_id, |row| row.id.clone();
    /// A collection by its id.
    CollectionById => collection::Model, catalog_read::collections_by_id, |row| row.id.clone();
    /// A collection by its handle.
    CollectionByHandle => collection::Model, catalog_read::collections_by_handle, |row| row.handle.clone();
    /// A promotion by its id.
    PromotionById => promotion::Model, catalog_read::promotions_by_id, |row| row.id.clone();
    /// A product by its id.
    ProductById => product::Model, catalog_read::products_by_id, |row| row.id.clone();
    /// A product by its handle.
    ProductByHandle => product::Model, catalog_read::products_by_handle, |row| row.handle.clone();
    /// The stock of a product by its id.
    StockOfProduct => ProductStock, catalog_read::stock_of_products, |row| row.product_id.clone();
    /// A variant by its id.
    VariantById => variant::Model, catalog_read::variants_by_id, |row| row.id.clone();
    /// A variant by its SKU.
    VariantBySku => variant::Model, catalog_read::variants_by_sku, |row| row.sku.clone();
    /// A stock level by its id.
    LevelById => stock_level::Model, catalog_read::levels_by_id, |row| row.id.clone();
    /// A location by its id.
    LocationById => location::Model, catalog_read::locations_by_id, |row| row.id.clone();
    /// A reservation by its id.
    ReservationById => ReservationWithLines, catalog_read::reservations_by_id, |row| row.reservation.id.clone();
    /// A cart by its id.
    CartById => cart::Model, catalog_read::carts_by_id, |row| row.id.clone();
    /// An order by its id.
    OrderById => customer_order::Model, catalog_read::orders_by_id, |row| row.id.clone();
    /// A supplier by its id.
    SupplierById => supplier::Model, catalog_read::suppliers_by_id, |row| row.id.clone();
    /// A purchase order by its id.
    PurchaseById => purchase_order::Model, catalog_read::purchases_by_id, |row| row.id.clone();
    /// A shipment by its id.
    ShipmentById => inbound_shipment::Model, catalog_read::shipments_by_id, |row| row.id.clone();
    /// The promise of an order line.
    PromiseOfLine => order_promise::Model, catalog_read::promises_of_lines, |row| row.order_line_id.clone();
    /// The terms under which a variant sells beyond its stock.
    SellPolicyOfVariant => sell_policy::Model, catalog_read::sell_policies_of_variants, |row| row.variant_id.clone();
    /// An inbound line by its id.
    InboundLineById => inbound_line::Model, catalog_read::inbound_lines_by_id, |row| row.id.clone();
    /// A line of an order by its id.
    OrderLineById => order_line::Model, catalog_read::order_lines_by_id, |row| row.id.clone();
}

load_lists_by! {
    /// The categories right below one.
    ChildrenOfCategory => [taxonomy_category::Model], catalog_read::children_of_categories, |row| row.parent_id.clone().unwrap_or_default();
    /// The way from the top to a category.
    PathOfCategory => [PathStep], catalog_read::paths_of_categories, |row| row.category_id.clone();
    /// The collections that a product is in.
    CollectionsOfProduct => [Membership], catalog_read::collections_of_products, |row| row.product_id.clone();
    /// Where and when a product is published.
    PublicationsOfProduct => [publication::Model], catalog_read::publications_of_products, |row| row.subject_id.clone();
    /// Where and when a collection is published.
    PublicationsOfCollection => [publication::Model], catalog_read::publications_of_collections, |row| row.subject_id.clone();
    /// What a promotion holds for.
    TargetsOfPromotion => [promotion_target::Model], catalog_read::targets_of_promotions, |row| row.promotion_id.clone();
    /// The variants of a product.
    VariantsOfProduct => [variant::Model], catalog_read::variants_of_products, |row| row.product_id.clone();
    /// The options of a product.
    OptionsOfProduct => [product_option::Model], catalog_read::options_of_products, |row| row.product_id.clone();
    /// The images of a product.
    ImagesOfProduct => [product_image::Model], catalog_read::images_of_products, |row| row.product_id.clone();
    /// The stock levels of a variant.
    LevelsOfVariant => [stock_level::Model], catalog_read::levels_of_variants, |row| row.variant_id.clone();
    /// The lines of a cart.
    LinesOfCart => [cart_line::Model], catalog_read::lines_of_carts, |row| row.cart_id.clone();
    /// The lines of an order.
    LinesOfOrder => [order_line::Model], catalog_read::lines_of_orders, |row| row.order_id.clone();
    /// What made lines of an order cheaper.
    DiscountsOfLine => [order_line_discount::Model], catalog_read::discounts_of_lines, |row| row.line_id.clone();
    /// The payments of an order.
    PaymentsOfOrder => [order_payment::Model], catalog_read::payments_of_orders, |row| row.order_id.clone();
    /// The fulfillments of an order.
    FulfillmentsOfOrder => [fulfillment::Model], catalog_read::fulfillments_of_orders, |row| row.order_id.clone();
    /// The lines of a fulfillment.
    LinesOfFulfillment => [fulfillment_line::Model], catalog_read::lines_of_fulfillments, |row| row.fulfillment_id.clone();
    /// What came back of an order.
    ReturnsOfOrder => [order_return::Model], catalog_read::returns_of_orders, |row| row.order_id.clone();
    /// The lines of a purchase order.
    LinesOfPurchase => [purchase_order_line::Model], catalog_read::lines_of_purchases, |row| row.purchase_order_id.clone();
    /// The shipments of a purchase order.
    ShipmentsOfPurchase => [inbound_shipment::Model], catalog_read::shipments_of_purchases, |row| row.purchase_order_id.clone().unwrap_or_default();
    /// What is on its way of a purchase order, sent or not.
    InboundOfPurchase => [inbound_line::Model], catalog_read::inbound_of_purchases, |row| row.purchase_order_id.clone().unwrap_or_default();
    /// The lines of a shipment.
    InboundOfShipment => [inbound_line::Model], catalog_read::inbound_of_shipments, |row| row.shipment_id.clone().unwrap_or_default();
    /// What is still to come of a variant.
    InboundOfVariant => [inbound_line::Model], catalog_read::inbound_of_variants, |row| row.variant_id.clone();
    /// What happened to the promise of an order line.
    EntriesOfPromise => [promise_entry::Model], catalog_read::entries_of_promises, |row| row.order_line_id.clone();
    /// What came of an inbound line.
    ReceiptsOfLine => [inbound_receipt::Model], catalog_read::receipts_of_lines, |row| row.line_id.clone();
    /// What happened to an order.
    EntriesOfOrder => [order_entry::Model], catalog_read::entries_of_orders, |row| row.order_id.clone();
}

/// The stock levels of a variant as they were at a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LevelsOfVariantAt(pub(crate) String, pub(crate) DateTime<Utc>);

impl Loader<LevelsOfVariantAt> for StoreLoader {
    type Value = Rows<PastLevel>;
    type Error = Failure;

    async fn load(&self, keys: &[LevelsOfVariantAt]) -> Loaded<LevelsOfVariantAt, Self::Value> {
        let mut by_time: HashMap<DateTime<Utc>, Vec<String>> = HashMap::new();
        for LevelsOfVariantAt(variant_id, time) in keys {
            by_time.entry(*time).or_default().push(variant_id.clone());
        }
        let mut all = HashMap::with_capacity(keys.len());
        for (time, variant_ids) in by_time {
            let rows = catalog_read::stock_at(&self.store, &variant_ids, time).await?;
            all.extend(group(rows, |row| LevelsOfVariantAt(row.variant_id.clone(), time)));
        }
        Ok(all)
    }
}

/// The time of the database, read once for a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ClockOfRequest;

impl Loader<ClockOfRequest> for StoreLoader {
    type Value = DateTime<Utc>;
    type Error = Failure;

    async fn load(&self, _: &[ClockOfRequest]) -> Loaded<ClockOfRequest, Self::Value> {
        let time = now::read(self.store.reader()).await?;
        Ok(HashMap::from([(ClockOfRequest, time)]))
    }
}

/// What a channel may promise of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PromiseOfChannel {
    /// The channel's code.
    pub(crate) channel: String,
    pub(crate) variant_id: String,
}

impl Loader<PromiseOfChannel> for StoreLoader {
    /// The channel, and pieces.
    type Value = (Arc<channel::Model>, i32);
    type Error = Failure;

    async fn load(&self, keys: &[PromiseOfChannel]) -> Loaded<PromiseOfChannel, Self::Value> {
        let mut by_channel: HashMap<&String, Vec<String>> = HashMap::new();
        for PromiseOfChannel { channel, variant_id } in keys {
            by_channel.entry(channel).or_default().push(variant_id.clone());
        }
        let mut all = HashMap::with_capacity(keys.len());
        for (code, variant_ids) in by_channel {
            let Some((channel, promised)) = channels::promises(&self.store, code, &variant_ids).await? else {
                continue;
            };
            let channel = Arc::new(channel);
            all.extend(promised.into_iter().map(|(variant_id, pieces)| {
                (PromiseOfChannel { channel: code.clone(), variant_id }, (Arc::clone(&channel), pieces))
            }));
        }
        Ok(all)
    }
}

/// What a channel may promise of a variant beyond its stock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct OfferOfChannel {
    /// The channel's code.
    pub(crate) channel: String,
    pub(crate) variant_id: String,
}

impl Loader<OfferOfChannel> for StoreLoader {
    type Value = Offer;
    type Error = Failure;

    async fn load(&self, keys: &[OfferOfChannel]) -> Loaded<OfferOfChannel, Self::Value> {
        let mut by_channel: HashMap<&String, Vec<String>> = HashMap::new();
        for OfferOfChannel { channel, variant_id } in keys {
            by_channel.entry(channel).or_default().push(variant_id.clone());
        }
        let mut all = HashMap::with_capacity(keys.len());
        for (code, variant_ids) in by_channel {
            let offers = supply::offers(&self.store, code, &variant_ids).await?.into_iter();
            all.extend(offers.map(|(variant_id, offer)| (OfferOfChannel { channel: code.clone(), variant_id }, offer)));
        }
        Ok(all)
    }
}

/// What a variant costs at this moment, to one who names these codes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PricingOfVariant(pub(crate) String, pub(crate) Vec<String>);

impl Loader<PricingOfVariant> for StoreLoader {
    type Value = Arc<PricedVariant>;
    type Error = Failure;

    async fn load(&self, keys: &[PricingOfVariant]) -> Loaded<PricingOfVariant, Self::Value> {
        let mut by_codes: HashMap<&Vec<String>, Vec<String>> = HashMap::new();
        for PricingOfVariant(variant_id, codes) in keys {
            by_codes.entry(codes).or_default().push(variant_id.clone());
        }
        let mut all = HashMap::with_capacity(keys.len());
        for (codes, variant_ids) in by_codes {
            let priced = pricing::price_variants(self.store.reader(), &variant_ids, codes).await?;
            let priced = priced.into_iter();
            all.extend(priced.map(|(id, priced)| (PricingOfVariant(id, codes.clone()), Arc::new(priced))));
        }
        Ok(all)
    }
}

/// `rows` by key, each list in the order of `rows`.
fn group<Key: Eq + Hash, Row>(rows: Vec<Row>, key_of: impl Fn(&Row) -> Key) -> HashMap<Key, Rows<Row>> {
    let mut lists: HashMap<Key, Vec<Arc<Row>>> = HashMap::new();
    for row in rows {
        lists.entry(key_of(&row)).or_default().push(Arc::new(row));
    }
    lists.into_iter().map(|(key, rows)| (key, rows.into())).collect()
}
