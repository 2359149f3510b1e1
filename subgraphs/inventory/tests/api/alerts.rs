//! Alerts as staff lists, watches and handles them.

use std::time::Duration;

use futures::{StreamExt, stream::BoxStream};
use selvedge_kit::server::GraphqlExecutor;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::{
    sample::sku,
    shop::{Shop, data, request, staff},
};

on_each_engine!(
    watchers_of_every_process_hear_of_an_alert,
    alerts_are_listed_and_noted,
    watchers_of_every_process_hear_of_an_anomaly,
    a_slow_watcher_misses_nothing,
    attempts_to_buy_are_listed,
    watching_is_for_staff,
    what_cannot_be_is_refused,
);

const WATCH: &str = "subscription($filter: StockAlertFilter) { stockAlerts(filter: $filter) {
    id kind severity status sku available threshold revision variant { sku } location { id } } }";
const SET: &str = "mutation($key: String!, $sku: String!, $quantity: Int!) {
    inventorySetQuantities(idempotencyKey: $key, input: { name: ON_HAND, reason: CORRECTION,
        ignoreCompareQuantity: true, quantities: [{ sku: $sku, locationId: \"l1\", quantity: $quantity }] })
    { userErrors { code message } } }";
const LIST: &str = "query($filter: StockAlertFilter, $first: Int, $after: String) {
    stockAlerts(filter: $filter, first: $first, after: $after) {
        nodes { id sku severity status occurrences note acknowledgedBy facts { name value } }
        pageInfo { hasNextPage endCursor } } }";

async fn set(executor: &dyn GraphqlExecutor, sku: &str, quantity: i32) {
    let variables = json!({"key": uuid::Uuid::now_v7().to_string(), "sku": sku, "quantity": quantity});
    let done = data(executor, staff(&["inventory:write"]), SET, variables).await;
    assert_eq!(done["inventorySetQuantities"]["userErrors"], json!([]));
}

fn watch(executor: &dyn GraphqlExecutor, filter: &Value) -> BoxStream<'static, Value> {
    let request = request(staff(&["store"]), WATCH, json!({ "filter": filter }));
    let responses = executor.execute_stream(request).map(|response| {
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        response.data.into_json().unwrap()["stockAlerts"].take()
    });
    responses.boxed()
}

async fn next(alerts: &mut BoxStream<'static, Value>) -> Value {
    timeout(Duration::from_secs(20), alerts.next()).await.expect("no alert within 20 s").unwrap()
}

/// Takes alerts until `wanted` says yes.
async fn until(alerts: &mut BoxStream<'static, Value>, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let alert = next(alerts).await;
        if wanted(&alert) {
            return alert;
        }
    }
}

/// Two processes on one store and one bus: whoever changes the stock, watchers of both are told. The time is measured from the
/// answer to the change; the bound is far above what it takes, so that a busy machine does not fail the test.
async fn watchers_of_every_process_hear_of_an_alert(shop: Shop) {
    const ROUNDS: usize = 10;
    let (one, other) = (shop.start().await, shop.start().await);
    let filter = json!({ "kinds": ["STOCK_LEVEL"], "skus": [sku(1, 1)] });
    let mut watchers = [watch(&*one.executor, &filter), watch(&*other.executor, &filter)];
    // A stream begins when it is first asked.
    for watcher in &mut watchers {
        assert!(timeout(Duration::from_millis(50), watcher.next()).await.is_err(), "nothing has happened yet");
    }
    let mut took = Vec::new();
    for round in 0..ROUNDS {
        let (writer, status) = if round % 2 == 0 { (&one, "OPEN") } else { (&other, "RESOLVED") };
        set(&*writer.executor, &sku(1, 1), if round % 2 == 0 { 0 } else { 90 }).await;
        let since = Instant::now();
        for watcher in &mut watchers {
            let alert = until(watcher, |alert| alert["status"] == status && alert["location"].is_null()).await;
            took.push(since.elapsed());
            assert_eq!((&alert["variant"]["sku"], &alert["threshold"]), (&json!(sku(1, 1)), &json!(5)));
        }
    }
    took.sort_unstable();
    let (median, longest) = (took[took.len() / 2], took[took.len() - 1]);
    println!("from the answer to the alert, {} times: median {median:?}, longest {longest:?}", took.len());
    assert!(longest < Duration::from_secs(10), "{took:?}");
    assert!(median < Duration::from_secs(5), "{took:?}");
}

/// The same for what is odd: from the answer to the change until watchers of both processes have the alert.
async fn watchers_of_every_process_hear_of_an_anomaly(shop: Shop) {
    const ROUNDS: usize = 10;
    let (one, other) = (shop.start().await, shop.start().await);
    let filter = json!({ "kinds": ["LARGE_ADJUSTMENT"], "severities": ["UNUSUAL"] });
    let mut watchers = [watch(&*one.executor, &filter), watch(&*other.executor, &filter)];
    for watcher in &mut watchers {
        assert!(timeout(Duration::from_millis(50), watcher.next()).await.is_err(), "nothing has happened yet");
    }
    let mut took = Vec::new();
    let mut pieces = 200;
    for round in 0..ROUNDS {
        let writer = if round % 2 == 0 { &one } else { &other };
        set(&*writer.executor, &sku(1, 1), pieces).await;
        let since = Instant::now();
        for watcher in &mut watchers {
            let alert = next(watcher).await;
            took.push(since.elapsed());
            assert_eq!((&alert["kind"], &alert["location"]["id"]), (&json!("LARGE_ADJUSTMENT"), &json!("l1")));
            assert_eq!((&alert["status"], &alert["revision"]), (&json!("OPEN"), &json!(round + 1)));
        }
        // It is told again when twice as many were changed.
        pieces *= 3;
    }
    took.sort_unstable();
    let (median, longest) = (took[took.len() / 2], took[took.len() - 1]);
    println!("from the answer to the anomaly, {} times: median {median:?}, longest {longest:?}", took.len());
    assert!(longest < Duration::from_secs(10), "{took:?}");
    assert!(median < Duration::from_secs(5), "{took:?}");
    shop.stop();
}

async fn alerts_are_listed_and_noted(shop: Shop) {
    let running = shop.start().await;
    let executor = &*running.executor;
    let mut watcher = watch(executor, &json!({ "kinds": ["STOCK_LEVEL"] }));
    assert!(timeout(Duration::from_millis(50), watcher.next()).await.is_err());
    for number in 1..=3 {
        set(executor, &sku(number, 1), 0).await;
        until(&mut watcher, |alert| alert["sku"] == sku(number, 1)).await;
    }
    let open = json!({ "kinds": ["STOCK_LEVEL"], "statuses": ["OPEN"], "skus": [sku(1, 1), sku(2, 1), sku(3, 1)] });
    let mut seen = Vec::new();
    let mut after = Value::Null;
    loop {
        let variables = json!({ "filter": open, "first": 2, "after": after });
        let page = data(executor, staff(&["merchandiser"]), LIST, variables).await["stockAlerts"].take();
        seen.extend(page["nodes"].as_array().unwrap().iter().map(|alert| alert["sku"].clone()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen, [json!(sku(3, 1)), json!(sku(2, 1)), json!(sku(1, 1))], "the latest first, over two pages");

    let variables = json!({ "filter": { "kinds": ["STOCK_LEVEL"], "skus": [sku(2, 1)] } });
    let alert = data(executor, staff(&["store"]), LIST, variables.clone()).await["stockAlerts"]["nodes"][0].take();
    let note = "mutation($id: ID!) { stockAlertAcknowledge(id: $id, note: \"on its way\", idempotencyKey: \"n\") {
        alert { status acknowledgedBy revision } userErrors { code } } }";
    let noted = data(executor, staff(&["warehouse"]), note, json!({ "id": alert["id"] })).await;
    let expected =
        json!({ "alert": { "status": "ACKNOWLEDGED", "acknowledgedBy": "staff-1", "revision": 2 }, "userErrors": [] });
    assert_eq!(noted["stockAlertAcknowledge"], expected);
    assert_eq!(until(&mut watcher, |one| one["id"] == alert["id"]).await["status"], "ACKNOWLEDGED");
    let listed = data(executor, staff(&["store"]), LIST, variables).await["stockAlerts"]["nodes"][0].take();
    assert_eq!((&listed["note"], &listed["acknowledgedBy"]), (&json!("on its way"), &json!("staff-1")));
    let one = "query($id: ID!) { stockAlert(id: $id) { sku status } }";
    let read = data(executor, staff(&["store"]), one, json!({ "id": alert["id"] })).await;
    assert_eq!(read["stockAlert"], json!({ "sku": sku(2, 1), "status": "ACKNOWLEDGED" }));
    shop.stop();
}

async fn a_slow_watcher_misses_nothing(shop: Shop) {
    let running = shop.start().await;
    let executor = &*running.executor;
    let filter = json!({ "skus": [sku(1, 1)], "kinds": ["STOCK_LEVEL"] });
    let mut slow = watch(executor, &filter);
    let mut quick = watch(executor, &filter);
    for watcher in [&mut slow, &mut quick] {
        assert!(timeout(Duration::from_millis(50), watcher.next()).await.is_err());
    }
    for round in 0..6 {
        set(executor, &sku(1, 1), if round % 2 == 0 { 0 } else { 90 }).await;
        let status = if round % 2 == 0 { "OPEN" } else { "RESOLVED" };
        until(&mut quick, |alert| alert["status"] == status).await;
    }
    let mut revisions = Vec::new();
    while revisions.last() != Some(&6) {
        revisions.push(next(&mut slow).await["revision"].as_i64().unwrap());
    }
    assert_eq!(revisions, [1, 2, 3, 4, 5, 6]);
    shop.stop();
}

async fn attempts_to_buy_are_listed(shop: Shop) {
    let running = shop.start().await;
    let executor = &*running.executor;
    let mut watcher = watch(executor, &json!({ "kinds": ["SALE_ATTEMPTS"] }));
    assert!(timeout(Duration::from_millis(50), watcher.next()).await.is_err());
    let reserve = "mutation($key: String!, $sku: String!) { reserveStock(idempotencyKey: $key,
        input: { lines: [{ sku: $sku, quantity: 500 }] }) { userErrors { code } } }";
    for _ in 0..12 {
        let variables = json!({ "key": uuid::Uuid::now_v7().to_string(), "sku": sku(1, 1) });
        let refused = shop_data(executor, reserve, variables).await;
        assert_eq!(refused["reserveStock"]["userErrors"][0]["code"], "INSUFFICIENT_STOCK");
    }
    let list = "query($sku: String!) { saleAttempts(first: 5, filter: { sku: $sku }) { nodes {
        sku channel attempts unitsMissed shoppers windowStart windowEnd variant { sku } } } }";
    let total = async || {
        let found = data(executor, staff(&["store"]), list, json!({ "sku": sku(1, 1) })).await;
        let rows = found["saleAttempts"]["nodes"].as_array().unwrap().clone();
        (rows.iter().map(|row| row["attempts"].as_i64().unwrap()).sum::<i64>(), rows)
    };
    let mut found = total().await;
    for _ in 0..500 {
        if found.0 == 12 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        found = total().await;
    }
    assert_eq!((found.0, &found.1[0]["channel"], &found.1[0]["sku"]), (12, &Value::Null, &json!(sku(1, 1))));
    // Unless five minutes ended just then.
    if found.1.len() == 1 {
        let alert = next(&mut watcher).await;
        assert_eq!((&alert["severity"], &alert["sku"]), (&json!("MISSED_SALES"), &json!(sku(1, 1))));
        assert_eq!(found.1[0]["unitsMissed"], json!(6_000));
        // Two of twelve may share a bit of the sketch.
        let shoppers = found.1[0]["shoppers"].as_u64().unwrap();
        assert!((9..=12).contains(&shoppers), "{shoppers}");
    }
    shop.stop();
}

async fn shop_data(executor: &dyn GraphqlExecutor, query: &str, variables: Value) -> Value {
    data(executor, selvedge_kit::identity::Identity::default(), query, variables).await
}

async fn watching_is_for_staff(shop: Shop) {
    let running = shop.start().await;
    for (identity, code) in [
        (selvedge_kit::identity::Identity::default(), "UNAUTHENTICATED"),
        (staff(&["customer"]), "FORBIDDEN"),
        (staff(&["catalog:write"]), "FORBIDDEN"),
    ] {
        let mut responses = running.executor.execute_stream(request(identity, WATCH, Value::Null));
        let refused = serde_json::to_value(responses.next().await.unwrap()).unwrap();
        assert_eq!(refused["errors"][0]["extensions"]["code"], code);
    }
    shop.stop();
}

async fn what_cannot_be_is_refused(shop: Shop) {
    let thresholds = "mutation($thresholds: [StockAlertThresholdInput!]!) {
        stockAlertThresholdSet(idempotencyKey: \"t\", input: { thresholds: $thresholds }) {
            thresholds { threshold location { id } variant { sku } updatedBy } userErrors { code field } } }";
    let place = json!({ "sku": sku(1, 1), "locationId": "l1", "threshold": 3 });
    let set = shop.data_for(staff(&["alerts:write"]), thresholds, json!({ "thresholds": [place] })).await;
    let expected =
        json!({ "threshold": 3, "location": { "id": "l1" }, "variant": { "sku": sku(1, 1) }, "updatedBy": "staff-1" });
    assert_eq!(set["stockAlertThresholdSet"], json!({ "thresholds": [expected], "userErrors": [] }));
    let read = "query($sku: String!) { stockAlertThresholds(sku: $sku) { threshold location { id } } }";
    let read = shop.data_for(staff(&["inventory:read"]), read, json!({ "sku": sku(1, 1) })).await;
    assert_eq!(read["stockAlertThresholds"], json!([{ "threshold": 3, "location": { "id": "l1" } }]));
    let refused = json!({ "thresholds": [{ "sku": sku(1, 1), "threshold": -1 }] });
    let refused = shop.error_for(staff(&["customer"]), thresholds, refused).await;
    assert_eq!(refused.0, "FORBIDDEN");
    let long = "x".repeat(2_001);
    let note = "mutation($note: String!) { stockAlertAcknowledge(id: \"none\", note: $note, idempotencyKey: \"n\") {
        userErrors { code } } }";
    assert_eq!(shop.error_for(staff(&["admin"]), note, json!({ "note": long })).await.0, "BAD_USER_INPUT");
    let unknown = shop.data_for(staff(&["admin"]), note, json!({ "note": "x" })).await;
    assert_eq!(unknown["stockAlertAcknowledge"]["userErrors"], json!([{ "code": "ALERT_NOT_FOUND" }]));
    let many: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    let refused = shop.error_for(staff(&["admin"]), LIST, json!({ "filter": { "skus": many } })).await;
    assert_eq!(refused.0, "BAD_USER_INPUT");
}
