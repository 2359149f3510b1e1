//! Inventory dies under those who watch its badges.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Column, Process, Settings, Shop, Shopper, Socket, eventually, selvedge};

const BADGES: &str = "subscription($skus: [String!]!) { stockBadges(skus: $skus) { sku available revision } }";
const WATCHERS: usize = 12;
const SHORT_IDENTITIES: Settings = &[("SELVEDGE_IDENTITY__LIFETIME_S", "1")];

/// A gateway that subscribes to the badges of inventory, as it does where no bus feeds them.
async fn subscribing_gateway(shop: &mut Shop) -> (Process, String) {
    let (distributed, folder) = shop.distributed();
    let sdl =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/subgraphs/inventory.graphql")).unwrap();
    let without = |line: &str| match line.split_once(" @fedBy(") {
        Some((field, _)) if field != "directive" => field.to_owned(),
        _ => line.to_owned(),
    };
    let sdl: Vec<String> = sdl.lines().map(without).collect();
    let file = folder.join("inventory.graphql");
    std::fs::write(&file, sdl.join("\n")).unwrap();
    let mut config = "schema:\n  subgraphs:\n".to_owned();
    for subgraph in &distributed.subgraphs {
        config.push_str(&format!("    - name: {}\n      url: http://{}/graphql\n", subgraph.name, subgraph.address));
        if subgraph.name == "inventory" {
            config.push_str(&format!("      sdl_file: {}\n", file.display()));
        }
    }
    std::fs::write(folder.join("subscribing.yaml"), config).unwrap();
    let mut command = selvedge(folder);
    distributed.set(&mut command);
    command.args(["gateway", "--shop", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--config"]);
    command.arg(folder.join("subscribing.yaml"));
    let mut process = Process::start("subscribing", command);
    let address = process.told("the gateway serves http://", &['/'], Duration::from_secs(60)).await;
    (process, format!("http://{address}"))
}

async fn reserve(shopper: &Shopper, sku: &str, key: &str) {
    let reserve =
        "mutation($sku: String!, $key: String!) { reserveStock(input: { lines: [{ sku: $sku, quantity: 1 }] },
        idempotencyKey: $key) { reservation { status } userErrors { message } } }";
    eventually("the reservation is made", Duration::from_secs(20), || async {
        let answer = shopper.answer(reserve, json!({ "sku": sku, "key": key })).await;
        (answer.data["reserveStock"]["reservation"]["status"] == "ACTIVE").then_some(())
    })
    .await;
}

/// Revisions and counts of `sku` that come until the count is this one.
async fn until(socket: &mut Socket, sku: &str, available: i64) -> Vec<(i64, i64)> {
    let mut badges = Vec::new();
    while badges.last().is_none_or(|(_, last)| *last != available) {
        let badge = socket.event().await["stockBadges"].take();
        if badge["sku"] == sku {
            badges.push((badge["revision"].as_i64().unwrap(), badge["available"].as_i64().unwrap()));
        }
    }
    badges
}

#[tokio::test]
async fn badges_go_on_when_inventory_was_killed_and_came_back_on_postgres_redis_mongodb() {
    let test = "badges_go_on_when_inventory_was_killed_and_came_back_on_postgres_redis_mongodb";
    let Some(mut shop) = Shop::own((Column::PostgresRedisMongodb, SHORT_IDENTITIES), test, 24).await else { return };
    let shopper = shop.anonymous();
    let sku = shop.take_sku().await;
    let others: Vec<Value> = vec![json!(shop.take_sku().await), json!(shop.take_sku().await)];
    let (gateway, url) = subscribing_gateway(&mut shop).await;
    let mut sockets = Vec::new();
    for index in 0..WATCHERS {
        let mut socket = Socket::ready(&url, None).await;
        // Different sets of SKUs are different upstreams, all on one connection.
        let skus: Vec<Value> = [json!(sku)].into_iter().chain(others.iter().take(index % 3).cloned()).collect();
        socket.subscribe("badges", BADGES, json!({ "skus": skus })).await;
        sockets.push(socket);
    }
    let query = "query($sku: String!) { stockBadges(skus: [$sku]) { available } }";
    let first = shopper.ask(query, json!({ "sku": sku })).await["stockBadges"][0]["available"].as_i64().unwrap();
    for socket in &mut sockets {
        until(socket, &sku, first).await;
    }
    reserve(&shopper, &sku, "before").await;
    for socket in &mut sockets {
        until(socket, &sku, first - 1).await;
    }

    let (distributed, folder) = shop.distributed();
    distributed.subgraph("inventory").process.crash();
    tokio::time::sleep(Duration::from_millis(700)).await;
    distributed.restart(folder, "inventory").await;
    reserve(&shopper, &sku, "after").await;
    for socket in &mut sockets {
        let badges = until(socket, &sku, first - 2).await;
        assert!(badges.is_sorted_by(|left, right| left.0 < right.0), "revisions only grow: {badges:?}");
    }

    // Far longer than an identity lives, and than inventory keeps a connection whose identity has ended.
    let ended = || gateway.output().matches("WebSocket").count();
    let before = ended();
    assert!(before > 0, "it was told that the connection broke: {}", gateway.output());
    tokio::time::sleep(Duration::from_secs(22)).await;
    assert_eq!(ended(), before, "{}", gateway.output());
    reserve(&shopper, &sku, "later").await;
    for socket in &mut sockets {
        until(socket, &sku, first - 3).await;
    }
}
