//! Buyers: each makes three purchases, and asks with the same key until it is answered. Some lose their patience.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use rand::random_range;
use serde_json::{Value, json};

use crate::several::door::{Door, Reply};

pub(super) const BUYERS: usize = 300;
const PURCHASES: usize = 3;
/// They come within this time, and rest for up to as long between purchases.
const SPREAD_MS: u64 = 1_500;

/// A reservation in the database.
#[derive(Debug)]
pub(super) struct Purchase {
    pub(super) reservation_id: String,
    /// Units by SKU.
    pub(super) lines: BTreeMap<String, i64>,
}

impl Purchase {
    pub(super) fn units(&self) -> i64 {
        self.lines.values().sum()
    }
}

/// What a buyer was told.
#[derive(Debug)]
pub(super) struct Acknowledged {
    pub(super) reference: String,
    /// `None` for a refusal.
    pub(super) reservation_id: Option<String>,
}

/// What the purchase with this reference is of: one unit, and every third time one of another SKU too.
pub(super) fn wanted(reference: &str, skus: &[String]) -> BTreeMap<String, i64> {
    let [buyer, purchase] = numbers(reference);
    let lines = if purchase == PURCHASES - 1 { 2 } else { 1 };
    (0..lines).map(|line| (skus[(buyer + purchase + line) % skus.len()].clone(), 1)).collect()
}

fn numbers(reference: &str) -> [usize; 2] {
    let (buyer, purchase) = reference.split_once('/').unwrap();
    [buyer.parse().unwrap(), purchase.parse().unwrap()]
}

/// Gives what it was told.
pub(super) async fn buy(buyer: usize, skus: Vec<String>, doors: Vec<SocketAddr>) -> Vec<Acknowledged> {
    let door = Door::default();
    // One of ten, as many for each SKU.
    let is_impatient = buyer % 10 == buyer / 10 % 10;
    let mut told = Vec::new();
    for purchase in 0..PURCHASES {
        pause(SPREAD_MS).await;
        let reference = format!("{buyer}/{purchase}");
        let lines: Vec<Value> = wanted(&reference, &skus)
            .into_iter()
            .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
            .collect();
        loop {
            let address = doors[random_range(0..doors.len())];
            match reserve(&door, address, &reference, &lines).await {
                Some(reservation_id) => {
                    told.push(Acknowledged { reference, reservation_id });
                    break;
                }
                None if is_impatient => break,
                None => pause(100).await,
            }
        }
    }
    told
}

async fn pause(up_to_ms: u64) {
    tokio::time::sleep(Duration::from_millis(random_range(0..up_to_ms))).await;
}

/// `None` when there was no answer, `Some(None)` when it was refused.
async fn reserve(door: &Door, address: SocketAddr, reference: &str, lines: &[Value]) -> Option<Option<String>> {
    let reserve = "mutation($lines: [ReserveLineInput!]!, $reference: String!) {
        reserveStock(input: { lines: $lines, reference: $reference }, idempotencyKey: $reference) {
            reservation { id } userErrors { code } } }";
    let variables = json!({ "lines": lines, "reference": reference });
    let Reply::Data(data) = door.ask(address, &[], reserve, variables).await else { return None };
    let answer = &data["reserveStock"];
    if let Some(code) = answer["userErrors"][0]["code"].as_str() {
        assert_eq!(code, "INSUFFICIENT_STOCK", "{reference}");
        return Some(None);
    }
    Some(Some(answer["reservation"]["id"].as_str().unwrap().to_owned()))
}
