//! Many at once, whatever they do: nothing is promised twice, replay equals levels, and promises are those that the order of
//! promising makes of what is coming.

use std::sync::Arc;

use futures::future::join_all;
use parking_lot::Mutex;
use proptest::{
    prelude::Strategy,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use sea_orm::EntityTrait;
use selvedge_inventory::{
    command::order::{ChangeOrder, Orders},
    domain::supply::{PurchaseAction, ShipmentAction},
    entity::{inbound_line, order_promise},
    payment::TestProvider,
};

use super::yard::{day, part_of};
use crate::{
    orders::desk::{SETTINGS, buy, change},
    warehouse::{FAR, NEAR, Warehouse, new_key, staff},
};

on_each_engine!(whatever_many_do_promises_hold);

const ROUNDS: usize = 2;
const WORKERS: usize = 6;
const STEPS: usize = 12;
const SKUS: u8 = 2;

#[derive(Debug, Clone)]
enum Step {
    Send { sku: u8, pieces: i32, at: i64 },
    Purchase { sku: u8, far: bool, pieces: i32, ships: bool },
    Move { which: usize, at: i64 },
    Resize { which: usize, open: i32 },
    Receive { which: usize, pieces: (i32, i32, i32) },
    End { which: usize, closes: bool },
    Buy { sku: u8, pieces: i32, pays: bool },
    Cancel { which: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let any = proptest::prelude::any::<usize>;
    let pieces = (0..4_i32, 0..2_i32, 0..2_i32);
    proptest::prop_oneof![
        2 => (0..SKUS, 1..6_i32, 1..9_i64).prop_map(|(sku, pieces, at)| Step::Send { sku, pieces, at }),
        1 => (0..SKUS, proptest::bool::ANY, 1..6_i32, proptest::bool::ANY)
            .prop_map(|(sku, far, pieces, ships)| Step::Purchase { sku, far, pieces, ships }),
        2 => (any(), 1..9_i64).prop_map(|(which, at)| Step::Move { which, at }),
        1 => (any(), 0..6_i32).prop_map(|(which, open)| Step::Resize { which, open }),
        3 => (any(), pieces).prop_map(|(which, pieces)| Step::Receive { which, pieces }),
        1 => (any(), proptest::bool::ANY).prop_map(|(which, closes)| Step::End { which, closes }),
        5 => (0..SKUS, 1..4_i32, proptest::bool::weighted(0.8))
            .prop_map(|(sku, pieces, pays)| Step::Buy { sku, pieces, pays }),
        1 => any().prop_map(|which| Step::Cancel { which }),
    ]
}

/// What workers know of in common: shipments with a line of each, and orders.
#[derive(Default)]
struct Known {
    shipments: Mutex<Vec<(String, String)>>,
    orders: Mutex<Vec<String>>,
}

impl Known {
    fn shipment(&self, which: usize) -> Option<(String, String)> {
        let all = self.shipments.lock();
        (!all.is_empty()).then(|| all[which % all.len()].clone())
    }
}

async fn whatever_many_do_promises_hold(warehouse: Warehouse) {
    let skus: Vec<String> = (0..SKUS).map(|number| format!("SKU-{number}")).collect();
    for sku in &skus {
        warehouse.stock(sku, NEAR, 4).await;
        warehouse.backorder(sku).await;
    }
    let (_, second) = warehouse.second_process().await;
    let provider = Arc::new(TestProvider::new(warehouse.store.clone()));
    let other = Orders::new(second, Some(provider)).with_settings(SETTINGS);
    let _worker = warehouse.worker(warehouse.orders());
    let known = Known::default();
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[15; 32]));
    let scripts = proptest::collection::vec(proptest::collection::vec(step(), STEPS), WORKERS);
    for _ in 0..ROUNDS {
        let scripts = scripts.new_tree(&mut runner).unwrap().current();
        let workers = scripts.into_iter().enumerate().map(|(place, script)| {
            let orders = if place % 2 == 0 { warehouse.orders() } else { other.clone() };
            let (warehouse, known) = (&warehouse, &known);
            async move {
                for step in script {
                    perform(warehouse, &orders, known, step).await;
                }
            }
        });
        join_all(workers).await;
        let ids = known.orders.lock().clone();
        for id in ids {
            warehouse.rested(&id).await;
            warehouse.assert_books_balance(&id).await;
        }
        warehouse.assert_promises_hold().await;
        assert_nothing_was_lost(&warehouse, &skus).await;
        // What was promised step by step is what the order of promising makes of what is coming now.
        let before = warehouse.promises().await;
        for sku in &skus {
            warehouse.backorder(sku).await;
        }
        assert_eq!(warehouse.promises().await, before);
    }
    let promises = order_promise::Entity::find().all(warehouse.store.reader()).await.unwrap();
    assert!(promises.len() > 5, "{}", promises.len());
}

/// Pieces that came are there, and pieces that are coming are those that were announced and neither came nor were cut.
async fn assert_nothing_was_lost(warehouse: &Warehouse, skus: &[String]) {
    let lines = inbound_line::Entity::find().all(warehouse.store.reader()).await.unwrap();
    for sku in skus {
        let own: Vec<_> = lines.iter().filter(|line| line.variant_id == format!("variant-{sku}")).collect();
        let kept: i32 = own.iter().map(|line| line.accepted_quantity + line.damaged_quantity).sum();
        let open: i32 = own.iter().map(|line| line.open_quantity).sum();
        let mut levels = vec![warehouse.level(sku, NEAR).await];
        if own.iter().any(|line| line.location_id == FAR) {
            levels.push(warehouse.level(sku, FAR).await);
        }
        assert_eq!(levels.iter().map(|level| level.on_hand).sum::<i32>(), 4 + kept, "{sku}");
        assert_eq!(levels.iter().map(|level| level.incoming).sum::<i32>(), open, "{sku}");
    }
}

async fn perform(warehouse: &Warehouse, orders: &Orders, known: &Known, step: Step) {
    let commands = &warehouse.commands;
    match step {
        Step::Send { sku, pieces, at } => {
            let sent = warehouse.inbound(&format!("SKU-{sku}"), pieces, day(at)).await;
            known.shipments.lock().push(sent);
        }
        Step::Purchase { sku, far, pieces, ships } => {
            let place = if far { FAR } else { NEAR };
            purchase(warehouse, known, (&format!("SKU-{sku}"), place, pieces), ships).await;
        }
        Step::Move { which, at } => {
            if let Some((shipment, _)) = known.shipment(which)
                && warehouse.shipment(&shipment).await.status == "IN_TRANSIT"
            {
                let update = selvedge_inventory::command::supply::ShipmentUpdate {
                    expected_at: Some(day(at)),
                    ..Default::default()
                };
                // Somebody may have ended it meanwhile.
                drop(commands.update_inbound_shipment(&staff(), (&shipment, None), &update, &new_key()).await.unwrap());
            }
        }
        Step::Resize { which, open } => {
            if let Some((_, line)) = known.shipment(which) {
                drop(commands.resize_inbound_line(&staff(), (&line, open), &new_key()).await.unwrap());
            }
        }
        Step::Receive { which, pieces } => {
            if let Some((shipment, line)) = known.shipment(which) {
                drop(warehouse.receive(&shipment, &line, pieces).await);
            }
        }
        Step::End { which, closes } => {
            if let Some((shipment, _)) = known.shipment(which) {
                let action = if closes { ShipmentAction::Close } else { ShipmentAction::Cancel };
                drop(warehouse.advance_shipment(&shipment, action).await);
            }
        }
        Step::Buy { sku, pieces, pays } => {
            let token = if pays { "tok_succeed" } else { "tok_decline" };
            let id = buy(orders, token, &[(&format!("SKU-{sku}"), pieces)]).await;
            known.orders.lock().push(id);
        }
        Step::Cancel { which } => {
            let id = {
                let all = known.orders.lock();
                (!all.is_empty()).then(|| all[which % all.len()].clone())
            };
            if let Some(id) = id {
                drop(change(orders, &id, ChangeOrder::Cancel("random".to_owned())).await);
            }
        }
    }
}

async fn purchase(warehouse: &Warehouse, known: &Known, line: (&str, &str, i32), ships: bool) {
    let id = warehouse.a_draft(&[line]).await;
    warehouse.advance_purchase(&id, PurchaseAction::Order).await.unwrap();
    if ships {
        let draft = part_of(Some(&id), day(6));
        let shipment = warehouse.commands.create_inbound_shipment(&staff(), &draft, &new_key()).await.unwrap().unwrap();
        warehouse.advance_shipment(&shipment, ShipmentAction::Depart).await.unwrap();
        let line = warehouse.inbound_of_shipment(&shipment).await.remove(0).id;
        known.shipments.lock().push((shipment, line));
    }
}
