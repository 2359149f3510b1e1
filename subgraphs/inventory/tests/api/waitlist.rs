//! Waiting as customers do it, and the webhook that tells them.

use std::{sync::Arc, time::Duration};

use selvedge_inventory::{WaitlistConfig, notify::verify};
use selvedge_kit::{
    clock::{Clock, SystemClock},
    identity::Identity,
    server::GraphqlExecutor,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
    time::timeout,
};

use crate::{
    sample::sku,
    shop::{Shop, data, staff},
};

on_each_engine!(
    a_customer_joins_lists_and_leaves,
    a_customer_is_told_by_a_signed_webhook,
    customers_are_forgotten_by_who_may,
    a_webhook_without_a_secret_is_no_configuration,
);

const JOIN: &str = "mutation($variant: ID!, $quantity: Int! = 1, $channel: String, $key: String!) {
    waitlistJoin(variantId: $variant, quantity: $quantity, channel: $channel, idempotencyKey: $key) {
        entry { id status quantity channel variant { sku } } userErrors { code field } } }";
const MINE: &str = "{ myWaitlist(first: 10) { nodes { id status quantity offeredQuantity variant { sku } } } }";
const SECRET: &str = "a secret of some length";

fn customer(name: &str) -> Identity {
    Identity { subject: Some(name.to_owned()), scopes: Default::default(), correlation_id: "c".to_owned() }
}

fn key() -> String {
    uuid::Uuid::now_v7().to_string()
}

async fn a_customer_joins_lists_and_leaves(shop: Shop) {
    let wait = json!({ "variant": "v01-1", "quantity": 2, "key": key() });
    assert_eq!(shop.error(JOIN, wait.clone()).await.0, "UNAUTHENTICATED");
    assert_eq!(shop.error(MINE, json!({})).await.0, "UNAUTHENTICATED");
    let joined = shop.data_for(customer("ann"), JOIN, wait.clone()).await["waitlistJoin"].take();
    assert_eq!(joined["userErrors"], json!([]));
    let expected = json!({ "id": joined["entry"]["id"], "status": "WAITING", "quantity": 2, "channel": null,
        "variant": { "sku": sku(1, 1) } });
    assert_eq!(joined["entry"], expected);
    let again = shop.data_for(customer("ann"), JOIN, wait).await["waitlistJoin"].take();
    assert_eq!(again, joined, "the same key, the same answer");
    let listed = shop.data_for(customer("ann"), MINE, json!({})).await["myWaitlist"]["nodes"].take();
    let expected = json!([{ "id": joined["entry"]["id"], "status": "WAITING", "quantity": 2, "offeredQuantity": null,
        "variant": { "sku": sku(1, 1) } }]);
    assert_eq!(listed, expected);
    assert_eq!(shop.data_for(customer("ben"), MINE, json!({})).await["myWaitlist"]["nodes"], json!([]));

    let leave = "mutation($id: ID!, $key: String!) { waitlistLeave(id: $id, idempotencyKey: $key) {
        entry { status } userErrors { code } } }";
    let variables = || json!({ "id": joined["entry"]["id"], "key": key() });
    let not_his = shop.data_for(customer("ben"), leave, variables()).await["waitlistLeave"].take();
    assert_eq!(not_his, json!({ "entry": null, "userErrors": [{ "code": "WAITLIST_ENTRY_NOT_FOUND" }] }));
    let left = shop.data_for(customer("ann"), leave, variables()).await["waitlistLeave"].take();
    assert_eq!(left, json!({ "entry": { "status": "LEFT" }, "userErrors": [] }));
    for (variant, quantity, code) in [("none", 1, "UNKNOWN_VARIANT"), ("v01-1", 0, "INVALID_QUANTITY")] {
        let variables = json!({ "variant": variant, "quantity": quantity, "key": key() });
        let refused = shop.data_for(customer("ann"), JOIN, variables).await["waitlistJoin"].take();
        assert_eq!((&refused["entry"], &refused["userErrors"][0]["code"]), (&Value::Null, &json!(code)));
    }
}

/// A receiver of webhooks: answers with each of `statuses` in turn, and gives head and body of every request.
async fn receiver(statuses: Vec<u16>) -> (String, mpsc::UnboundedReceiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/waitlist", listener.local_addr().unwrap());
    let (sender, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for status in statuses {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let (head, length) = loop {
                let mut part = [0; 4_096];
                let read = socket.read(&mut part).await.unwrap();
                bytes.extend_from_slice(&part[..read]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some(end) = text.find("\r\n\r\n") {
                    let head = text[..end].to_owned();
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                    break (head.clone(), end + 4 + length.parse::<usize>().unwrap());
                }
            };
            while bytes.len() < length {
                let mut part = [0; 4_096];
                let read = socket.read(&mut part).await.unwrap();
                bytes.extend_from_slice(&part[..read]);
            }
            let answer = format!("HTTP/1.1 {status} Answer\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            socket.write_all(answer.as_bytes()).await.unwrap();
            let body = bytes.split_off(head.len() + 4);
            sender.send((head, body)).unwrap();
        }
    });
    (address, received)
}

async fn a_customer_is_told_by_a_signed_webhook(shop: Shop) {
    let (address, mut received) = receiver(vec![503, 204]).await;
    let waitlist = WaitlistConfig {
        webhook_url: Some(address),
        webhook_secret: Some(SECRET.to_owned()),
        ..WaitlistConfig::default()
    };
    let running = shop.start_with(selvedge_inventory::Config { waitlist, ..shop.config() }).await;
    let executor: Arc<dyn GraphqlExecutor> = Arc::clone(&running.executor);
    // There are some: who joins is told at once.
    let wait = json!({ "variant": "v01-1", "quantity": 2, "key": key() });
    data(&*executor, customer("ann"), JOIN, wait).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(timeout(Duration::from_secs(20), received.recv()).await.expect("no webhook within 20 s").unwrap());
    }
    let header = |head: &str, name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
        line.unwrap_or_else(|| panic!("no {name} in {head}"))
    };
    for (head, body) in &seen {
        assert!(head.starts_with("POST /waitlist HTTP/1.1"), "{head}");
        let now = SystemClock.now().timestamp();
        assert!(verify(SECRET, &header(head, "x-selvedge-signature"), body, (now, 300)));
        let notice: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(
            (&notice["customerId"], &notice["sku"], &notice["quantity"]),
            (&json!("ann"), &json!(sku(1, 1)), &json!(2))
        );
        assert_eq!(notice["id"], header(head, "x-selvedge-notice-id"));
    }
    assert_eq!(header(&seen[0].0, "x-selvedge-notice-id"), header(&seen[1].0, "x-selvedge-notice-id"), "tried again");
    let listed = data(&*executor, customer("ann"), MINE, json!({})).await["myWaitlist"]["nodes"][0].take();
    assert_eq!((&listed["status"], &listed["offeredQuantity"]), (&json!("NOTIFIED"), &json!(2)));
    shop.stop();
}

async fn customers_are_forgotten_by_who_may(shop: Shop) {
    for variant in ["v01-1", "v02-1"] {
        shop.data_for(customer("ann"), JOIN, json!({ "variant": variant, "key": key() })).await;
    }
    let erase = "mutation($key: String!) { waitlistErase(customerId: \"ann\", idempotencyKey: $key) {
        count userErrors { code } } }";
    assert_eq!(shop.error_for(customer("ann"), erase, json!({ "key": key() })).await.0, "FORBIDDEN");
    assert_eq!(shop.error_for(staff(&["store"]), erase, json!({ "key": key() })).await.0, "FORBIDDEN");
    let erased = shop.data_for(staff(&["customers:erase"]), erase, json!({ "key": key() })).await;
    assert_eq!(erased["waitlistErase"], json!({ "count": 2, "userErrors": [] }));
    assert_eq!(shop.data_for(customer("ann"), MINE, json!({})).await["myWaitlist"]["nodes"], json!([]));
}

async fn a_webhook_without_a_secret_is_no_configuration(shop: Shop) {
    for (url, secret, said) in [
        ("http://127.0.0.1:1/", None, "secret"),
        ("http://127.0.0.1:1/", Some("short"), "secret"),
        ("ftp://127.0.0.1/", Some(SECRET), "ftp://127.0.0.1/"),
    ] {
        let waitlist = WaitlistConfig {
            webhook_url: Some(url.to_owned()),
            webhook_secret: secret.map(str::to_owned),
            ..WaitlistConfig::default()
        };
        let refused = shop.try_start_with(selvedge_inventory::Config { waitlist, ..shop.config() }).await;
        let refused = refused.err().unwrap().to_string();
        assert!(refused.contains(said), "{refused}");
    }
}
