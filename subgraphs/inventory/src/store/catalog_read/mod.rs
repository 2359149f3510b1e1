//! Reading the catalog and stock for the API: everything by sets of keys or by pages, never row by row.

mod collections;
mod facets;
mod filter;
mod history;
mod keys;
mod locations;
mod orders;
mod page;
mod product_stock;
mod products;
mod promotions;
mod reservations;
mod stock_at;
mod supply;
mod taxonomy;
mod variants;

pub use collections::{
    Inside, InsideFilter, Membership, collection_cursor, collections_by_handle, collections_by_id,
    collections_of_products, list_collections, products_of_collection, publications_of_collections,
    publications_of_products,
};
pub use facets::{Facet, FacetName, product_facets};
pub use filter::{ProductFilter, STATUS_SHOWN};
pub use history::{HistoryFilter, count_events, history_cursor, stock_history};
pub(super) use keys::among;
pub use locations::{all_locations, list_locations, location_cursor, locations_by_id};
pub use orders::{
    OrderFilter, carts_by_id, discounts_of_lines, entries_of_orders, fulfillments_of_orders, lines_of_carts,
    lines_of_fulfillments, lines_of_orders, list_orders, order_cursor, order_lines_by_id, orders_by_id,
    payments_of_orders, returns_of_orders,
};
pub(super) use page::{Key, Ordering, encode_cursor, select_page};
pub use page::{Page, PageRequest, ReadError};
pub use product_stock::{ProductStock, stock_of_products};
pub use products::{
    ProductOrder, count_products, images_of_products, list_products, options_of_products, products_by_handle,
    products_by_id,
};
pub use promotions::{list_promotions, promotion_cursor, promotions_by_id, targets_of_promotions};
pub use reservations::reservations_by_id;
pub(crate) use stock_at::stock_at_within;
pub use stock_at::{PastLevel, stock_at};
pub use supply::{
    PurchaseFilter, ShipmentFilter, entries_of_promises, inbound_lines_by_id, inbound_of_purchases,
    inbound_of_shipments, inbound_of_variants, lines_of_purchases, list_purchases, list_shipments, list_suppliers,
    promises_of_lines, purchase_cursor, purchases_by_id, receipts_of_lines, sell_policies_of_variants, shipment_cursor,
    shipments_by_id, shipments_of_purchases, supplier_cursor, suppliers_by_id,
};
pub use taxonomy::{PathStep, categories_by_id, children_of_categories, paths_of_categories, top_categories};
pub use variants::{
    count_variants, levels_by_id, levels_of_variants, variants_by_id, variants_by_sku, variants_of_products,
};
