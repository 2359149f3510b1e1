//! The object types of the API, each a thin view of a row.

mod alert;
mod badge;
mod cart;
mod catalog_list;
mod channel;
mod collection;
mod event;
mod inbound;
mod level;
mod location;
mod money;
mod order;
mod order_parts;
mod past;
mod pricing;
mod product;
mod promise;
mod publication;
mod reservation;
mod supply;
mod taxonomy;
mod variant;
mod waitlist;

pub(crate) use alert::{
    SaleAttemptsConnection, SaleAttemptsFilter, StockAlert, StockAlertConnection, StockAlertFilter,
    StockAlertThreshold, alert_connection, attempts_connection,
};
pub(crate) use badge::StockBadge;
pub(crate) use cart::Cart;
pub(crate) use catalog_list::{Facet, ProductConnection, ProductFilter, ProductSort, product_connection};
pub(crate) use channel::Channel;
pub(crate) use collection::{
    Collection, CollectionConnection, CollectionMatch, CollectionRuleField, CollectionRuleRelation, CollectionSort,
    collection_connection,
};
pub(crate) use inbound::InboundLine;
pub(crate) use level::{InventoryLevel, InventoryQuantities, InventoryQuantityName};
pub(crate) use location::{Location, LocationConnection, location_connection};
pub(crate) use money::Money;
pub(crate) use order::{
    FinancialStatus, FulfillmentStatus, Order, OrderConnection, OrderStatus, ShippingAddress, order_connection,
    reads_all,
};
pub(crate) use order_parts::ReturnDisposition;
pub(crate) use past::StockAt;
pub(crate) use pricing::{PriceQuote, Promotion, PromotionConnection, PromotionKind, promotion_connection};
pub(crate) use product::Product;
pub(crate) use promise::SellPolicyKind;
pub(crate) use reservation::Reservation;
pub(crate) use supply::{
    InboundShipment, InboundShipmentConnection, PurchaseOrder, PurchaseOrderConnection, PurchaseStatus, ShipmentStatus,
    Supplier, SupplierConnection, purchase_connection, shipment_connection, supplier_connection,
};
pub(crate) use taxonomy::TaxonomyCategory;
pub(crate) use variant::ProductVariant;
pub(crate) use waitlist::{WaitlistEntry, WaitlistEntryConnection, waitlist_connection};

use async_graphql::Error;

/// A row that another row refers to is not there.
fn missing(what: &str, key: &str) -> Error {
    Error::new(format!("{what} `{key}` is referred to, but is not in the store"))
}

/// The texts of a JSON array of strings.
fn texts(array: &serde_json::Value) -> Vec<String> {
    let entries = array.as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(|entry| entry.as_str().map(str::to_owned)).collect()
}
