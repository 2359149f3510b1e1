//! Each step killed at each point: another process goes on, and neither a piece nor a cent is lost or taken twice.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{StreamExt, stream};
use selvedge_inventory::{
    command::order::{ChangeOrder, Moment, OrderSettings, Orders},
    domain::order::Step,
};

use super::desk::{KillOnce, SETTINGS, buy, change};
use crate::warehouse::{NEAR, Warehouse, eventually};

on_each_engine!(an_order_survives_a_kill_at_every_point, a_cancellation_survives_a_kill_at_every_point);

/// How the provider answers, and whether the order is placed then.
const TOKENS: [(&str, bool); 7] = [
    ("tok_succeed", true),
    ("tok_decline", false),
    ("tok_capture_decline", false),
    ("tok_error_2", true),
    ("tok_late_300", true),
    ("tok_timeout", true),
    ("tok_capture_timeout", true),
];

type Killed = Arc<Mutex<Vec<(Step, Moment)>>>;

/// Who is killed at `point`. On a busy machine a step takes its time: nobody else comes before it is there, as its lease
/// ends when the test says so.
fn doomed(warehouse: &Warehouse, point: (Step, Moment), killed: &Killed) -> (Orders, Arc<KillOnce>) {
    let settings = OrderSettings { lease: Duration::from_secs(600), ..SETTINGS };
    let kill = KillOnce::at(point, killed);
    (warehouse.orders().with_settings(settings).with_hook(kill.clone()), kill)
}

fn points() -> impl Iterator<Item = (Step, Moment)> {
    Step::ALL.iter().flat_map(|step| Moment::ALL.map(|moment| (*step, moment)))
}

/// The moments of a step: only some ask the provider.
fn moments(step: Step) -> Vec<Moment> {
    let asks = matches!(step, Step::Authorize | Step::Capture | Step::UndoPayment | Step::Refund);
    Moment::ALL.into_iter().filter(|moment| asks || !matches!(moment, Moment::BeforeCall | Moment::AfterCall)).collect()
}

/// The points of `steps` at which nobody was killed yet. Whoever is killed after the last commit of an order notes it when
/// others see already that the order is done: they have a moment to do so.
async fn never_killed(killed: &Killed, steps: &[Step]) -> Vec<(Step, Moment)> {
    let wanted: Vec<(Step, Moment)> =
        steps.iter().flat_map(|step| moments(*step).into_iter().map(move |moment| (*step, moment))).collect();
    let mut missing = wanted.clone();
    for _ in 0..100 {
        missing = wanted.iter().copied().filter(|point| !killed.lock().unwrap().contains(point)).collect();
        if missing.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    missing
}

async fn an_order_survives_a_kill_at_every_point(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10_000).await;
    let killed = Killed::default();
    let _worker = warehouse.worker(warehouse.orders());
    let steps =
        [Step::Reserve, Step::Price, Step::Authorize, Step::Capture, Step::Confirm, Step::UndoHold, Step::UndoPayment];
    let mut placed = buy_and_be_killed(&warehouse, &killed, points().collect()).await;
    // Where the provider was slow, the worker may have gone on before the doomed came to its point: it tries once more.
    let mut missing = never_killed(&killed, &steps).await;
    for _ in 0..20 {
        if missing.is_empty() {
            break;
        }
        placed += buy_and_be_killed(&warehouse, &killed, missing).await;
        missing = never_killed(&killed, &steps).await;
    }
    assert!(missing.is_empty(), "never killed at {missing:?}");
    let level = warehouse.level("SKU-0", NEAR).await;
    assert_eq!((level.on_hand, level.committed), (10_000, 2 * placed));
    warehouse.assert_verified().await;
}

/// Buys with each token, killed at each of `points`, and gives how many orders were placed in the end: all that should.
async fn buy_and_be_killed(warehouse: &Warehouse, killed: &Killed, points: Vec<(Step, Moment)>) -> i32 {
    let cases = TOKENS.iter().flat_map(|token| points.iter().map(move |point| (*token, *point)));
    stream::iter(cases)
        .map(|((token, is_good), point)| async move {
            let (orders, kill) = doomed(warehouse, point, killed);
            let order_id = buy(&orders, token, &[("SKU-0", 2)]).await;
            eventually(|| async { kill.is_spent() || warehouse.saga(&order_id).await.step == "DONE" }).await;
            warehouse.end_lease(&order_id).await;
            let order = warehouse.rested(&order_id).await;
            let expected = if is_good { "PLACED" } else { "FAILED" };
            assert_eq!(order.status, expected, "{token} {point:?}: {order:?}");
            warehouse.assert_books_balance(&order_id).await;
            i32::from(is_good)
        })
        .buffer_unordered(24)
        .fold(0, |sum, placed| async move { sum + placed })
        .await
}

/// An order that is placed and cancelled then: its refund is killed. One that is cancelled while it is paid: whatever
/// step it is in is turned around.
async fn a_cancellation_survives_a_kill_at_every_point(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 1_000).await;
    let killed = Killed::default();
    let worker = warehouse.worker(warehouse.orders());
    let mut placed = Vec::new();
    for _ in Moment::ALL {
        let id = buy(&warehouse.orders(), "tok_succeed", &[("SKU-0", 3)]).await;
        assert_eq!(warehouse.rested(&id).await.status, "PLACED");
        placed.push(id);
    }
    drop(worker);
    for (order_id, moment) in placed.iter().zip(Moment::ALL) {
        let (orders, _) = doomed(&warehouse, (Step::Refund, moment), &killed);
        change(&orders, order_id, ChangeOrder::Cancel("no longer wanted".to_owned())).await.unwrap();
        assert!(orders.drive(order_id).await.is_err(), "it is killed");
        warehouse.end_lease(order_id).await;
    }
    // The orders that are cancelled while they are placed: stopped dead after each commit, then turned around.
    let mut turned = Vec::new();
    for step in [Step::Reserve, Step::Price, Step::Authorize, Step::Capture] {
        for moment in moments(step) {
            let (orders, _) = doomed(&warehouse, (step, moment), &killed);
            let order_id = buy(&orders, "tok_succeed", &[("SKU-0", 3)]).await;
            change(&orders, &order_id, ChangeOrder::Cancel("no longer wanted".to_owned())).await.unwrap();
            turned.push(order_id);
        }
    }
    let _worker = warehouse.worker(warehouse.orders());
    for order_id in placed.iter().chain(&turned) {
        assert_eq!(warehouse.rested(order_id).await.status, "CANCELLED");
        warehouse.assert_books_balance(order_id).await;
    }
    for order_id in &placed {
        assert_eq!(warehouse.order(order_id).await.financial_status, "REFUNDED");
    }
    assert_eq!(warehouse.level("SKU-0", NEAR).await.committed, 0);
    warehouse.assert_verified().await;
    assert_eq!(never_killed(&killed, &[Step::Refund]).await, [], "never killed there");
}
