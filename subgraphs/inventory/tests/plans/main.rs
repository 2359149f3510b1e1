//! How PostgreSQL reaches rows: by an index, so that an operation costs what it answers and not what the shop holds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod catalog;
mod explain;
mod shop;
mod supply;

use selvedge_inventory::store::BATCH_STATEMENTS;
use serde_json::{Value, json};

use self::shop::Shop;

/// What is done, by whom, and the tables that it may read as a whole, each with a reason.
#[derive(Clone)]
struct Operation {
    name: &'static str,
    text: &'static str,
    variables: Value,
    by_staff: bool,
    whole: &'static [(&'static str, &'static str)],
}

const ADDS_UP: &str = "counts what the filter leaves";
const UNTIL_FULL: &str = "goes through products in their order, by index, until the page is full";
const LOOKS_INSIDE: &str = "words are looked for inside of texts";

fn query(name: &'static str, text: &'static str, variables: Value) -> Operation {
    Operation { name, text, variables, by_staff: false, whole: &[] }
}

const LIST: &str = "query($filter: ProductFilter, $sort: ProductSort!, $after: String) {
    products(first: 24, filter: $filter, sort: $sort, after: $after) { pageInfo { endCursor }
        nodes { id handle title priceRange { min { amount } } images { url } options { name } availableForSale
            totalAvailable } } }";

fn lists(shop: &Shop) -> Vec<Operation> {
    let list = |name, sort: &str, filter: Value| query(name, LIST, json!({ "sort": sort, "filter": filter }));
    vec![
        list("list as featured", "FEATURED", json!({})),
        list("list of the newest", "NEWEST", json!({})),
        list("list by title", "TITLE", json!({})),
        list("list by price", "PRICE_ASC", json!({})),
        list("list of a category", "FEATURED", json!({ "category": ["Dresses"] })),
        list("list of a vendor", "FEATURED", json!({ "vendor": [shop.vendor] })),
        Operation {
            whole: &[("product", UNTIL_FULL)],
            ..list(
                "list in a size and a colour",
                "FEATURED",
                json!({ "size": ["M"], "color": ["Black"], "available": true }),
            )
        },
        query("list in a channel", "{ products(first: 24, channel: \"online\") { nodes { id } } }", json!({})),
        Operation {
            whole: &[("product", UNTIL_FULL)],
            ..list("list of a collection", "PRICE_ASC", json!({ "collection": "past-7" }))
        },
        Operation {
            whole: &[("product", LOOKS_INSIDE)],
            ..list("list by words", "FEATURED", json!({ "query": "linen shirt" }))
        },
        Operation {
            whole: &[("product", ADDS_UP), ("variant", ADDS_UP)],
            ..query("facets", "{ productFacets { name values { value count } } }", json!({}))
        },
    ]
}

/// What staff reads of the ledger.
fn of_the_ledger(shop: &Shop) -> Vec<Operation> {
    let by_staff = |name, text, variables| Operation { by_staff: true, ..query(name, text, variables) };
    vec![
        by_staff(
            "history of a variant",
            "query($sku: String!, $place: ID!) { variant(sku: $sku) { history(first: 20, locationId: $place,
                filter: { kinds: [RECEIVED, LOADED], from: \"2026-01-01T00:00:00Z\" }) { nodes { kind reason } } } }",
            json!({ "sku": shop.skus[0], "place": shop.location }),
        ),
        by_staff(
            "stock of some variants as it was",
            "query($skus: [String!]!) { variants(skus: $skus) { stockAt(time: \"2036-01-01T00:00:00Z\") {
                quantities { onHand } } } }",
            json!({ "skus": shop.skus }),
        ),
        by_staff("low stock", "{ lowStock(first: 20, threshold: 3) { nodes { available } } }", json!({})),
        by_staff(
            "low stock at a location",
            "query($place: ID!) { lowStock(first: 20, threshold: 3, locationId: $place) { nodes { available } } }",
            json!({ "place": shop.location }),
        ),
        by_staff(
            "open alerts",
            "{ stockAlerts(first: 20, filter: { statuses: [OPEN, ACKNOWLEDGED] }) { nodes { sku } } }",
            json!({}),
        ),
        by_staff(
            "all alerts of a SKU",
            "query($sku: String!) { stockAlerts(first: 20, filter: { skus: [$sku] }) { nodes { id variant { sku } } } }",
            json!({ "sku": shop.skus[0] }),
        ),
        by_staff("what could not be sold", "{ saleAttempts(first: 20) { nodes { sku attempts } } }", json!({})),
        by_staff(
            "what could not be sold of a SKU",
            "query($sku: String!) { saleAttempts(first: 20, filter: { sku: $sku,
                from: \"2026-01-01T00:00:00Z\" }) { nodes { attempts } } }",
            json!({ "sku": shop.skus[0] }),
        ),
        by_staff(
            "movements of a variant",
            "query($sku: String!) { stockMovements(sku: $sku, from: \"2026-06-01T00:00:00Z\",
                until: \"2026-12-31T00:00:00Z\") { day piecesIn } }",
            json!({ "sku": shop.skus[0] }),
        ),
    ]
}

/// What staff reads of what is bought and on its way.
fn of_supply(shop: &Shop) -> Vec<Operation> {
    let by_staff = |name, text, variables| Operation { by_staff: true, ..query(name, text, variables) };
    let orders = "query($filter: PurchaseOrderFilter) { purchaseOrders(first: 20, filter: $filter) { nodes { number
        supplier { name } lines { receivedQuantity variant { sku } } shipments { status } } } }";
    let shipments = "query($filter: InboundShipmentFilter) { inboundShipments(first: 20, filter: $filter) { nodes {
        status lines { openQuantity receipts { acceptedQuantity } } } } }";
    vec![
        by_staff("suppliers", "{ suppliers(first: 20, archived: false) { nodes { code } } }", json!({})),
        by_staff("purchase orders", orders, json!({})),
        by_staff("purchase orders by status", orders, json!({ "filter": { "status": "ORDERED" } })),
        by_staff("purchase orders of a supplier", orders, json!({ "filter": { "supplierId": "past-7" } })),
        by_staff("shipments", shipments, json!({})),
        by_staff(
            "shipments by status",
            shipments,
            json!({ "filter": { "status": "IN_TRANSIT",
            "expectedBefore": "2036-01-01T00:00:00Z" } }),
        ),
        by_staff("shipments of a purchase order", shipments, json!({ "filter": { "purchaseOrderId": "past-7" } })),
        by_staff(
            "what is on its way of some variants",
            "query($skus: [String!]!) { variants(skus: $skus) { inbound { openQuantity } sellPolicy { policy } } }",
            json!({ "skus": shop.skus }),
        ),
    ]
}

/// What is promised of what is on its way, and what moves it.
fn of_promises(shop: &Shop) -> Vec<Operation> {
    let by_staff = |name, text, variables| Operation { by_staff: true, ..query(name, text, variables) };
    vec![
        query(
            "what a channel promises of some variants",
            "query($skus: [String!]!) { variants(skus: $skus) { availability(channel: \"past\") {
                promisable expectedAt } } }",
            json!({ "skus": shop.skus }),
        ),
        query(
            "what an order was promised",
            "{ order(id: \"past-9\") { lines { expectedShipDate promise { history { kind } } } } }",
            json!({}),
        ),
        by_staff(
            "a shipment that is late",
            "mutation { inboundShipmentUpdate(id: \"past-100\", idempotencyKey: \"late\",
                input: { expectedAt: \"2036-01-01T00:00:00Z\" }) { shipment { status } userErrors { message } } }",
            json!({}),
        ),
        by_staff(
            "policy of a SKU",
            "mutation($sku: String!) { variantSellPolicySet(idempotencyKey: \"policy\",
                input: { sku: $sku, policy: BACKORDER }) { userErrors { message } } }",
            json!({ "sku": shop.skus[3] }),
        ),
    ]
}

fn readings(shop: &Shop) -> Vec<Operation> {
    let of_sku = |sku| json!({ "__typename": "ProductVariant", "sku": sku });
    let entities: Vec<Value> = shop.skus.iter().map(of_sku).collect();
    vec![
        query(
            "product page",
            "query($handle: String!) { product(handle: $handle) { id title images { url } options { name values }
                variants { sku price { amount } badge { state available } levels(first: 50) {
                    nodes { location { name } quantities { available } } } } } }",
            json!({ "handle": shop.handle }),
        ),
        query(
            "badges",
            "query($skus: [String!]!) { stockBadges(skus: $skus) { sku available } }",
            json!({ "skus": shop.skus }),
        ),
        query(
            "variants by SKU",
            "query($skus: [String!]!) { variants(skus: $skus) { id product { title } levels { nodes { version } } } }",
            json!({ "skus": shop.skus }),
        ),
        query(
            "entities",
            "query($of: [_Any!]!) { _entities(representations: $of) {
                ... on ProductVariant { sku badge { available } } } }",
            json!({ "of": entities }),
        ),
        query(
            "quotes",
            "query($skus: [String!]!) { variants(skus: $skus) { priceFor(quantity: 10, codes: [\"CODE-7\"]) {
                unitPrice { amount } appliedPromotions { title } } } }",
            json!({ "skus": shop.skus }),
        ),
        Operation {
            by_staff: true,
            ..query("promotions", "{ promotions(first: 24) { nodes { id title targets { all } } } }", json!({}))
        },
        query(
            "cart",
            "{ cart(id: \"past-7\") { subtotal { amount } promotionCodes { applicable } lines { unitPrice { amount }
                price { appliedPromotions { title } } variant { sku } } } }",
            json!({}),
        ),
        query(
            "order",
            "{ order(id: \"past-7\") { totalDiscount { amount } lines { discounts { title } variant { sku } } } }",
            json!({}),
        ),
        query(
            "reservation",
            "query($id: ID!) { reservation(id: $id) { status lines { quantity } } }",
            json!({ "id": shop.reservation }),
        ),
    ]
}

fn changes(shop: &Shop) -> Vec<Operation> {
    let by_staff = |name, text, variables| Operation { by_staff: true, ..query(name, text, variables) };
    vec![
        by_staff(
            "adjustment",
            "mutation($sku: String!, $place: ID!) { inventoryAdjustQuantities(idempotencyKey: \"adjust\",
                input: { reason: RECEIVED, changes: [{ sku: $sku, locationId: $place, delta: 1 }] }) {
                levels { version } userErrors { message } } }",
            json!({ "sku": shop.skus[0], "place": shop.location }),
        ),
        Operation {
            by_staff: true,
            ..query(
                "alert threshold",
                "mutation($sku: String!) { stockAlertThresholdSet(idempotencyKey: \"threshold\", input: { thresholds: [
                    { sku: $sku, threshold: 900 }] }) { userErrors { message } } }",
                json!({ "sku": shop.skus[1] }),
            )
        },
        query(
            "codes of a cart",
            "mutation { cartPromotionCodesUpdate(cartId: \"past-8\", codes: [\"CODE-8\"], idempotencyKey: \"codes\") {
                cart { subtotal { amount } } userErrors { message } } }",
            json!({}),
        ),
        query(
            "release",
            "mutation($id: ID!) { releaseReservation(id: $id, idempotencyKey: \"release\") { userErrors { message } } }",
            json!({ "id": shop.reservation }),
        ),
    ]
}

fn of_who_waits(shop: &Shop) -> Vec<Operation> {
    vec![
        query(
            "waiting",
            "mutation($id: ID!) { waitlistJoin(variantId: $id, idempotencyKey: \"wait\") { entry { id }
                userErrors { message } } }",
            json!({ "id": shop.variant }),
        ),
        query("what one waits for", "{ myWaitlist(first: 20) { nodes { status variant { sku } } } }", json!({})),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_finds_its_rows_by_an_index_on_postgres() {
    let Some(shop) = Shop::on_postgres("every_operation_finds_its_rows_by_an_index_on_postgres").await else { return };
    let mut complaints = Vec::new();
    for operation in [
        readings(&shop),
        lists(&shop),
        catalog::readings(&shop),
        of_the_ledger(&shop),
        of_supply(&shop),
        of_promises(&shop),
        changes(&shop),
        catalog::changes(&shop),
        of_who_waits(&shop),
    ]
    .concat()
    {
        let statements = shop.run(operation.text, operation.variables.clone(), operation.by_staff).await;
        assert!(!statements.is_empty(), "{} asked the database nothing", operation.name);
        for statement in statements {
            for scan in explain::costly_scans(&shop, &statement).await {
                if !operation.whole.iter().any(|(table, _)| *table == scan.table) {
                    complaints.push(format!("{}: {scan}\n    {statement}", operation.name));
                }
            }
        }
    }
    for statement in BATCH_STATEMENTS {
        let scans = explain::costly_scans_whatever_the_values(&shop, statement).await;
        complaints.extend(scans.into_iter().map(|scan| format!("reservation: {scan}\n    {statement}")));
    }
    let expired = shop.expire().await;
    let reacted = shop.react().await;
    let told = shop.tell().await;
    for (what, statements) in [("expiry", expired), ("reactions", reacted), ("waitlist", told)] {
        for statement in statements {
            let mut scans = explain::costly_scans(&shop, &statement).await;
            // The metric of open alerts counts them, twice a minute.
            scans.retain(|scan| scan.table != "stock_alert" || !statement.contains("GROUP BY"));
            complaints.extend(scans.into_iter().map(|scan| format!("{what}: {scan}\n    {statement}")));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// PostgreSQL writes a row in place, and touches no index, when no column that an index is about has changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_index_hangs_on_what_a_sale_changes_on_postgres() {
    let Some(shop) = Shop::on_postgres("no_index_hangs_on_what_a_sale_changes_on_postgres").await else { return };
    let changed = ["badge_", "committed", "version", "updated_at"];
    let indexes = shop.indexes_of(&["variant", "stock_level"]).await;
    assert!(indexes.len() > 5, "{indexes:?}");
    for index in indexes {
        assert!(changed.iter().all(|column| !index.contains(column)), "each sale writes to {index}");
    }
}
