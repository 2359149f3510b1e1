//! Random lives of many orders at once: whatever is done to them, pieces and money are where the books say.

use futures::{StreamExt, stream};
use proptest::{
    prelude::{Strategy, any},
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use selvedge_inventory::{
    command::order::{ChangeOrder, Orders},
    domain::order::Disposition,
};

use super::desk::{buy, change};
use crate::warehouse::{FAR, NEAR, Warehouse};

on_each_engine!(random_lives_lose_neither_a_piece_nor_a_cent);

const LIVES: usize = 40;
const STOCK: i32 = 60;
const TOKENS: [&str; 8] = [
    "tok_succeed",
    "tok_succeed",
    "tok_decline",
    "tok_error_1",
    "tok_twice",
    "tok_late_50",
    "tok_timeout",
    "tok_capture_timeout",
];

#[derive(Debug, Clone)]
enum Deed {
    Send { line: usize, quantity: i32, everything: bool },
    Recall { which: usize },
    Cancel,
    Return { line: usize, quantity: i32, disposition: usize, refund: bool },
    Reroute { line: usize, quantity: i32, to_far: bool },
}

#[derive(Debug, Clone)]
struct Life {
    token: usize,
    lines: Vec<(u8, i32)>,
    deeds: Vec<Deed>,
}

fn life() -> impl Strategy<Value = Life> {
    let deed = proptest::prop_oneof![
        (0..2_usize, 1..4_i32, any::<bool>()).prop_map(|(line, quantity, everything)| Deed::Send {
            line,
            quantity,
            everything
        }),
        any::<usize>().prop_map(|which| Deed::Recall { which }),
        any::<bool>().prop_map(|_| Deed::Cancel),
        (0..2_usize, 1..4_i32, 0..3_usize, any::<bool>())
            .prop_map(|(line, quantity, disposition, refund)| Deed::Return { line, quantity, disposition, refund }),
        (0..2_usize, 1..4_i32, any::<bool>()).prop_map(|(line, quantity, to_far)| Deed::Reroute {
            line,
            quantity,
            to_far
        }),
    ];
    let lines = proptest::collection::vec((0..3_u8, 1..5_i32), 1..3);
    (0..TOKENS.len(), lines, proptest::collection::vec(deed, 0..7)).prop_map(|(token, lines, deeds)| Life {
        token,
        lines,
        deeds,
    })
}

async fn random_lives_lose_neither_a_piece_nor_a_cent(warehouse: Warehouse) {
    for sku in 0..3 {
        warehouse.stock(&format!("SKU-{sku}"), NEAR, STOCK / 2).await;
        warehouse.stock(&format!("SKU-{sku}"), FAR, STOCK / 2).await;
    }
    let _workers = [warehouse.worker(warehouse.orders()), warehouse.worker(warehouse.orders())];
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let lives: Vec<Life> = (0..LIVES).map(|_| life().new_tree(&mut runner).unwrap().current()).collect();
    let ids: Vec<String> = stream::iter(lives)
        .map(|life| {
            let (warehouse, orders) = (&warehouse, warehouse.orders());
            async move { live(warehouse, &orders, life).await }
        })
        .buffer_unordered(8)
        .collect()
        .await;
    let mut out = [0; 3];
    let mut statuses = std::collections::BTreeMap::<String, usize>::new();
    for id in &ids {
        let order = warehouse.rested(id).await;
        *statuses.entry(order.status).or_default() += 1;
        warehouse.assert_books_balance_or_partly_sent(id).await;
        for line in warehouse.order_lines(id).await {
            let sku: usize = line.sku.trim_start_matches("SKU-").parse().unwrap();
            out[sku] += line.fulfilled_quantity - line.returned_quantity;
        }
    }
    assert!(statuses.len() >= 4, "the lives are of all kinds: {statuses:?}");
    let discarded: i32 = warehouse.discarded_by_sku().await;
    let on_hand: i32 = warehouse.on_hand().await;
    assert_eq!(on_hand, 3 * STOCK - out.iter().sum::<i32>() - discarded);
    warehouse.assert_verified().await;
}

async fn live(warehouse: &Warehouse, orders: &Orders, life: Life) -> String {
    let names: Vec<(String, i32)> =
        life.lines.iter().map(|(sku, quantity)| (format!("SKU-{sku}"), *quantity)).collect();
    let lines: Vec<(&str, i32)> = names.iter().map(|(sku, quantity)| (sku.as_str(), *quantity)).collect();
    let id = buy(orders, TOKENS[life.token], &lines).await;
    for deed in life.deeds {
        let lines = warehouse.order_lines(&id).await;
        let line = |place: usize| lines[place % lines.len()].id.clone();
        let wanted = match deed {
            Deed::Send { everything: true, .. } => ChangeOrder::Fulfill { picks: Vec::new(), tracking_number: None },
            Deed::Send { line: place, quantity, .. } => {
                ChangeOrder::Fulfill { picks: vec![(line(place), None, quantity)], tracking_number: None }
            }
            Deed::Recall { which } => match warehouse.parcels(&id).await.as_slice() {
                [] => continue,
                parcels => ChangeOrder::CancelFulfillment(parcels[which % parcels.len()].id.clone()),
            },
            Deed::Cancel => ChangeOrder::Cancel("a whim".to_owned()),
            Deed::Return { line: place, quantity, disposition, refund } => {
                let back = (line(place), NEAR.to_owned(), quantity, Disposition::ALL[disposition]);
                ChangeOrder::Return { lines: vec![back], refund }
            }
            Deed::Reroute { line: place, quantity, to_far } => {
                let (from, to) = if to_far { (NEAR, FAR) } else { (FAR, NEAR) };
                ChangeOrder::Reroute { line_id: line(place), from: from.to_owned(), to: to.to_owned(), quantity }
            }
        };
        // Refused or done: both are part of life.
        let _ = change(orders, &id, wanted).await;
    }
    id
}

impl Warehouse {
    /// The books; an order of which everything was cancelled or returned need not have been paid back in full.
    async fn assert_books_balance_or_partly_sent(&self, id: &str) {
        let order = self.order(id).await;
        let books = self.provider_books(id).await;
        assert_eq!(books, (order.captured_minor, order.refunded_minor), "{order:?}");
        if order.status == "FAILED" {
            self.assert_books_balance(id).await;
        }
        let lines = self.order_lines(id).await;
        let cancelled: i64 = lines.iter().map(|line| i64::from(line.cancelled_quantity) * line.unit_price_minor).sum();
        assert!(order.refunded_minor >= cancelled.min(order.captured_minor), "{order:?} {lines:?}");
    }

    async fn discarded_by_sku(&self) -> i32 {
        use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
        use selvedge_inventory::entity::order_return;
        let discarded = order_return::Column::Disposition.eq("DISCARDED");
        let rows = order_return::Entity::find().filter(discarded).all(self.store.reader()).await.unwrap();
        rows.iter().map(|row| row.quantity).sum()
    }

    async fn on_hand(&self) -> i32 {
        use sea_orm::EntityTrait;
        use selvedge_inventory::entity::stock_level;
        let rows = stock_level::Entity::find().all(self.store.reader()).await.unwrap();
        rows.iter().map(|row| row.on_hand).sum()
    }
}
