//! Who may ask what: the one table of the scopes that fields need.
//!
//! A scope is a role, or a single right for a service or a tool; both come with the signed identity. Every field of
//! `Query`, `Mutation` and `Subscription` has a line here, and so has every field below them that not everyone may read.
//! `tests/api/roles.rs` asks every field as every role and compares: a field without a line fails it.

use async_graphql::{Context, Error};
use selvedge_kit::identity::Identity;

use super::error::{caller, forbidden};
use crate::command::MANAGES_STOCK;

/// Who may have a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everyone, signed in or not. What is somebody's own is still theirs alone: the field says so itself.
    Everyone,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever has one of these scopes.
    AnyOf(&'static [&'static str]),
}

/// Everything.
pub const ROLE_ADMIN: &str = "admin";
/// Stock, wherever it lies.
pub const ROLE_WAREHOUSE: &str = "warehouse";
/// Stock, as those in a shop need it.
pub const ROLE_STORE: &str = "store";
/// The catalog, and how stock sells.
pub const ROLE_MERCHANDISER: &str = "merchandiser";
/// A shopper with an account: what everyone may, and what is their own.
pub const ROLE_CUSTOMER: &str = "customer";

/// Every role.
pub const ROLES: [&str; 5] = [ROLE_CUSTOMER, ROLE_MERCHANDISER, ROLE_WAREHOUSE, ROLE_STORE, ROLE_ADMIN];

/// The right to change stock.
pub const SCOPE_WRITE: &str = "inventory:write";
/// The right to decide what channels may sell.
pub const SCOPE_CHANNELS: &str = "channels:write";
/// The right to read what shoppers are not shown.
pub const SCOPE_READ: &str = "inventory:read";
/// The right to send, cancel and take back orders.
pub const SCOPE_ORDERS: &str = "orders:write";
/// The right to read orders of others.
pub const SCOPE_ORDERS_READ: &str = "orders:read";
/// The right to tell of payments.
pub const SCOPE_PAYMENTS: &str = "payments:write";

/// The right to have customers forgotten.
pub const SCOPE_ERASE: &str = "customers:erase";
/// The right to have notices to customers tried again.
pub const SCOPE_WAITLIST: &str = "waitlist:write";
/// The right to take note of alerts, and to say when there shall be one.
pub const SCOPE_ALERTS: &str = "alerts:write";

/// The right to change the catalog: prices, promotions, collections, categories, what is shown where.
pub const SCOPE_CATALOG_WRITE: &str = "catalog:write";

/// The right to buy: suppliers and purchase orders.
pub const SCOPE_SUPPLY: &str = "supply:write";

const BUYS: Access = Access::AnyOf(&[SCOPE_SUPPLY, ROLE_MERCHANDISER, ROLE_WAREHOUSE, ROLE_ADMIN]);
const CHANGES_CATALOG: Access = Access::AnyOf(&[SCOPE_CATALOG_WRITE, ROLE_MERCHANDISER, ROLE_ADMIN]);
const CHANGES_STOCK: Access = Access::AnyOf(MANAGES_STOCK);
const SETS_CHANNELS: Access = Access::AnyOf(&[SCOPE_CHANNELS, ROLE_MERCHANDISER, ROLE_ADMIN]);
const READS_LEDGER: Access =
    Access::AnyOf(&[SCOPE_READ, SCOPE_WRITE, ROLE_WAREHOUSE, ROLE_STORE, ROLE_MERCHANDISER, ROLE_ADMIN]);
const ERASES_CUSTOMERS: Access = Access::AnyOf(&[SCOPE_ERASE, ROLE_ADMIN]);
const RUNS_WAITLIST: Access = Access::AnyOf(&[SCOPE_WAITLIST, ROLE_ADMIN]);
const HANDLES_ALERTS: Access =
    Access::AnyOf(&[SCOPE_ALERTS, SCOPE_WRITE, ROLE_WAREHOUSE, ROLE_STORE, ROLE_MERCHANDISER, ROLE_ADMIN]);
const CHANGES_ORDERS: Access = Access::AnyOf(&[SCOPE_ORDERS, ROLE_WAREHOUSE, ROLE_STORE, ROLE_ADMIN]);
const TELLS_OF_PAYMENTS: Access = Access::AnyOf(&[SCOPE_PAYMENTS, ROLE_ADMIN]);
/// Who may read orders of others; the names and addresses in them too.
pub const READS_ORDERS: Access =
    Access::AnyOf(&[SCOPE_ORDERS_READ, SCOPE_ORDERS, ROLE_WAREHOUSE, ROLE_STORE, ROLE_ADMIN]);

/// The table.
pub const FIELDS: &[(&str, Access)] = &[
    ("Query.product", Access::Everyone),
    ("Query.products", Access::Everyone),
    ("Query.productFacets", Access::Everyone),
    ("Query.variant", Access::Everyone),
    ("Query.variants", Access::Everyone),
    ("Query.location", Access::Everyone),
    ("Query.locations", Access::Everyone),
    ("Query.stockBadges", Access::Everyone),
    ("Query.reservation", Access::Everyone),
    ("Query.stockAt", READS_LEDGER),
    ("Query.lowStock", READS_LEDGER),
    ("Query.stockMovements", READS_LEDGER),
    ("Query.channel", Access::Everyone),
    ("Query.channels", READS_LEDGER),
    ("Mutation.channelSet", SETS_CHANNELS),
    ("Mutation.channelAllocationsSet", SETS_CHANNELS),
    ("ProductVariant.history", READS_LEDGER),
    ("ProductVariant.stockAt", READS_LEDGER),
    ("InventoryLevel.history", READS_LEDGER),
    ("Mutation.reserveStock", Access::Everyone),
    ("Mutation.releaseReservation", Access::Everyone),
    ("Mutation.extendReservation", Access::Everyone),
    ("Mutation.inventoryAdjustQuantities", CHANGES_STOCK),
    ("Mutation.inventoryMoveQuantities", CHANGES_STOCK),
    ("Mutation.inventorySetQuantities", CHANGES_STOCK),
    ("Mutation.priceTiersSet", CHANGES_CATALOG),
    ("Mutation.promotionCreate", CHANGES_CATALOG),
    ("Mutation.promotionUpdate", CHANGES_CATALOG),
    ("Mutation.promotionDelete", CHANGES_CATALOG),
    ("Query.promotion", CHANGES_CATALOG),
    ("Query.promotions", CHANGES_CATALOG),
    ("Query.collection", Access::Everyone),
    ("Query.collections", Access::Everyone),
    ("Product.publications", CHANGES_CATALOG),
    ("Collection.publications", CHANGES_CATALOG),
    ("Collection.rules", CHANGES_CATALOG),
    ("Mutation.collectionCreate", CHANGES_CATALOG),
    ("Mutation.collectionUpdate", CHANGES_CATALOG),
    ("Mutation.collectionDelete", CHANGES_CATALOG),
    ("Mutation.collectionProductsAdd", CHANGES_CATALOG),
    ("Mutation.collectionProductsRemove", CHANGES_CATALOG),
    ("Mutation.collectionProductsMove", CHANGES_CATALOG),
    ("Mutation.productPublicationsSet", CHANGES_CATALOG),
    ("Mutation.collectionPublicationsSet", CHANGES_CATALOG),
    ("Query.category", Access::Everyone),
    ("Query.categories", Access::Everyone),
    ("Mutation.taxonomyCategoryCreate", CHANGES_CATALOG),
    ("Mutation.taxonomyCategoryRename", CHANGES_CATALOG),
    ("Mutation.taxonomyCategoryMove", CHANGES_CATALOG),
    ("Mutation.taxonomyCategoryDelete", CHANGES_CATALOG),
    ("Mutation.productTaxonomySet", CHANGES_CATALOG),
    ("Mutation.productMediaSet", CHANGES_CATALOG),
    ("Mutation.variantPricesSet", CHANGES_CATALOG),
    ("Query.cart", Access::Everyone),
    ("Query.order", Access::Everyone),
    ("Query.orders", Access::SignedIn),
    ("Mutation.cartCreate", Access::Everyone),
    ("Mutation.cartLinesAdd", Access::Everyone),
    ("Mutation.cartLinesUpdate", Access::Everyone),
    ("Mutation.cartLinesRemove", Access::Everyone),
    ("Mutation.cartPromotionCodesUpdate", Access::Everyone),
    ("Mutation.checkoutComplete", Access::Everyone),
    ("Mutation.orderCancel", Access::Everyone),
    ("Mutation.orderReturn", CHANGES_ORDERS),
    ("Mutation.fulfillmentCreate", CHANGES_ORDERS),
    ("Mutation.fulfillmentReadyForPickup", CHANGES_ORDERS),
    ("Mutation.fulfillmentPickedUp", CHANGES_ORDERS),
    ("Mutation.fulfillmentCancel", CHANGES_ORDERS),
    ("Mutation.fulfillmentReroute", CHANGES_ORDERS),
    ("Mutation.paymentEvent", TELLS_OF_PAYMENTS),
    ("Query.myWaitlist", Access::SignedIn),
    ("Mutation.waitlistJoin", Access::SignedIn),
    ("Mutation.waitlistLeave", Access::SignedIn),
    ("Mutation.waitlistErase", ERASES_CUSTOMERS),
    ("Mutation.waitlistNoticesRedrive", RUNS_WAITLIST),
    ("Query.stockAlert", READS_LEDGER),
    ("Query.stockAlerts", READS_LEDGER),
    ("Query.stockAlertThresholds", READS_LEDGER),
    ("Query.saleAttempts", READS_LEDGER),
    ("Mutation.stockAlertAcknowledge", HANDLES_ALERTS),
    ("Mutation.stockAlertThresholdSet", HANDLES_ALERTS),
    ("Query.supplier", READS_LEDGER),
    ("Query.suppliers", READS_LEDGER),
    ("Query.purchaseOrder", READS_LEDGER),
    ("Query.purchaseOrders", READS_LEDGER),
    ("Query.inboundShipment", READS_LEDGER),
    ("Query.inboundShipments", READS_LEDGER),
    ("ProductVariant.inbound", READS_LEDGER),
    ("ProductVariant.sellPolicy", READS_LEDGER),
    ("Mutation.variantSellPolicySet", CHANGES_CATALOG),
    ("Mutation.supplierCreate", BUYS),
    ("Mutation.supplierUpdate", BUYS),
    ("Mutation.supplierArchive", BUYS),
    ("Mutation.purchaseOrderCreate", BUYS),
    ("Mutation.purchaseOrderUpdate", BUYS),
    ("Mutation.purchaseOrderAdvance", BUYS),
    ("Mutation.inboundShipmentCreate", CHANGES_STOCK),
    ("Mutation.inboundShipmentUpdate", CHANGES_STOCK),
    ("Mutation.inboundShipmentAdvance", CHANGES_STOCK),
    ("Mutation.inboundLineSet", CHANGES_STOCK),
    ("Mutation.inboundReceive", CHANGES_STOCK),
    ("Subscription.stockBadges", Access::Everyone),
    ("Subscription.stockAlerts", READS_LEDGER),
];

/// The line of `field`, such as `Query.stockAt`.
#[must_use]
pub fn access_of(field: &str) -> Option<Access> {
    FIELDS.iter().find(|(name, _)| *name == field).map(|(_, access)| *access)
}

/// Whether `identity` has one of the scopes of `access`.
#[must_use]
pub fn allows(access: Access, identity: &Identity) -> bool {
    match access {
        Access::Everyone => true,
        Access::SignedIn => identity.subject.is_some(),
        Access::AnyOf(scopes) => scopes.iter().any(|scope| identity.has_scope(scope)),
    }
}

/// Whether `identity` may see reservations of others: staff, and the other subgraphs.
pub(super) fn sees_all_reservations(identity: &Identity) -> bool {
    identity.has_scope("service") || allows(READS_LEDGER, identity)
}

/// Who asks, when they may have `field`. A field without a line is for nobody.
///
/// # Errors
///
/// `UNAUTHENTICATED` for an anonymous caller, `FORBIDDEN` for one without the scope.
pub(crate) fn require<'a>(ctx: &Context<'a>, field: &str) -> Result<&'a Identity, Error> {
    let identity = caller(ctx)?;
    let access = access_of(field).unwrap_or(Access::AnyOf(&[]));
    if allows(access, identity) {
        return Ok(identity);
    }
    Err(forbidden(identity, access))
}
