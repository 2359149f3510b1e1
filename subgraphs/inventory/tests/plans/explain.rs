//! The plan that PostgreSQL makes for a statement, and what in it grows with the shop.

use std::fmt;

use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;

use crate::shop::Shop;

/// Tables that grow with the shop or its age.
const LARGE: [&str; 20] = [
    "product",
    "product_image",
    "product_option",
    "variant",
    "stock_level",
    "stock_event",
    "reservation",
    "reservation_line",
    "idempotency",
    "promotion",
    "promotion_target",
    "price_tier",
    "outbox",
    "stock_alert",
    "sale_attempt",
    "anomaly_outflow",
    "anomaly_correction",
    "waitlist_customer",
    "waitlist_entry",
    "waitlist_notice",
];
/// A page of 24 products with their variants reads about 400 rows; a step that reads more than this reads what it does not
/// need.
const ROWS_MAX: f64 = 1_000.0;

/// A step of a plan whose cost grows with the table.
pub(crate) struct Scan {
    pub(crate) table: String,
    what: String,
}

impl fmt::Display for Scan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of `{}`", self.what, self.table)
    }
}

/// The steps of the plan of `statement` that read a large table as a whole, or more of it than any answer needs. Runs it,
/// and takes back what it did. To read the whole of a table that is still small is right, so that PostgreSQL is asked for
/// the best way other than that: the one that it takes when the table has grown.
pub(crate) async fn costly_scans(shop: &Shop, statement: &str) -> Vec<Scan> {
    let verb = statement.trim_start().split([' ', '\n']).next().unwrap_or_default().to_ascii_uppercase();
    if !["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].contains(&verb.as_str()) {
        return Vec::new();
    }
    let transaction = shop.store.begin_write().await.unwrap();
    transaction.execute_unprepared("SET LOCAL enable_seqscan = off").await.unwrap();
    let explain = format!("EXPLAIN (ANALYZE, FORMAT JSON) {statement}");
    let row = transaction.query_one_raw(Statement::from_string(sea_orm::DbBackend::Postgres, explain)).await;
    let plan: Option<Value> = row.ok().flatten().map(|row| row.try_get_by_index(0).unwrap());
    transaction.rollback().await.unwrap();
    let mut scans = Vec::new();
    // What cannot be run a second time, such as an insert under a unique key, reads nothing that was not seen before.
    if let Some(plan) = plan {
        walk(&plan[0]["Plan"], &mut scans);
    }
    scans
}

/// The same for a statement with arrays as parameters, planned once for whatever they hold; it is not run.
pub(crate) async fn costly_scans_whatever_the_values(shop: &Shop, statement: &str) -> Vec<Scan> {
    let parameters = (1..)
        .take_while(|number| statement.contains(&format!("${number}::")) || statement.contains(&format!("${number})")));
    let arrays = vec!["'{}'"; parameters.count()].join(", ");
    let transaction = shop.store.begin_write().await.unwrap();
    for set in ["SET LOCAL enable_seqscan = off", "SET LOCAL plan_cache_mode = force_generic_plan"] {
        transaction.execute_unprepared(set).await.unwrap();
    }
    transaction.execute_unprepared(&format!("PREPARE planned AS {statement}")).await.unwrap();
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE planned({arrays})");
    let explain = Statement::from_string(sea_orm::DbBackend::Postgres, explain);
    let plan: Value = transaction.query_one_raw(explain).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    transaction.execute_unprepared("DEALLOCATE planned").await.unwrap();
    transaction.rollback().await.unwrap();
    let mut scans = Vec::new();
    walk(&plan[0]["Plan"], &mut scans);
    scans
}

fn walk(node: &Value, scans: &mut Vec<Scan>) {
    let table = node["Relation Name"].as_str().unwrap_or_default();
    if LARGE.contains(&table) {
        let kind = node["Node Type"].as_str().unwrap_or_default();
        let number = |name: &str| node[name].as_f64().unwrap_or_default();
        let read = (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops").max(1.0);
        let writes = kind == "ModifyTable";
        if !writes && (kind == "Seq Scan" || read > ROWS_MAX) {
            scans.push(Scan { table: table.to_owned(), what: format!("{kind} of {read} rows") });
        }
    }
    for below in node["Plans"].as_array().into_iter().flatten() {
        walk(below, scans);
    }
}
