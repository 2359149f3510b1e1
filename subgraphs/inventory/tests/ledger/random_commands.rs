//! Whatever is done in whatever order: the answers are those of a simple model, and replay proves the rest.

use std::collections::BTreeMap;

use proptest::{
    prelude::{Just, Strategy, any},
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use selvedge_inventory::{
    command::{AdjustQuantities, AdjustmentReason},
    domain::Change,
};

use crate::warehouse::{FAR, NEAR, Warehouse, new_key, shopper, staff};

on_each_engine!(random_commands_keep_every_invariant);

/// Sequences per engine, and commands in each.
const SEQUENCES: usize = 6;
const COMMANDS: usize = 40;

#[derive(Debug, Clone)]
enum Step {
    Adjust { sku: u8, far: bool, delta: i32 },
    Reserve { sku: u8, quantity: i32 },
    Release { which: usize },
    Expire { which: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let sku = 0_u8..3;
    proptest::prop_oneof![
        (sku.clone(), any::<bool>(), -15..25_i32).prop_map(|(sku, far, delta)| Step::Adjust { sku, far, delta }),
        (sku, 1..12_i32).prop_map(|(sku, quantity)| Step::Reserve { sku, quantity }),
        any::<usize>().prop_map(|which| Step::Release { which }),
        any::<usize>().prop_map(|which| Step::Expire { which }),
        Just(Step::Expire { which: 0 }),
    ]
}

/// On hand and committed by `(sku, far)`.
type Model = BTreeMap<(u8, bool), (i32, i32)>;

async fn random_commands_keep_every_invariant(warehouse: Warehouse) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = proptest::collection::vec(step(), COMMANDS);
    let mut model = Model::new();
    let mut active = Vec::new();
    for _ in 0..SEQUENCES {
        for step in strategy.new_tree(&mut runner).unwrap().current() {
            perform(&warehouse, &mut model, &mut active, step).await;
        }
        for sku in 0..3 {
            let offered: i32 = [false, true]
                .map(|far| model.get(&(sku, far)).map_or(0, |(on_hand, committed)| on_hand - committed))
                .iter()
                .sum();
            assert_eq!(warehouse.badge(&format!("SKU-{sku}")).await.available, offered);
        }
        warehouse.assert_verified().await;
    }
}

async fn perform(warehouse: &Warehouse, model: &mut Model, active: &mut Vec<String>, step: Step) {
    match step {
        Step::Adjust { sku, far, delta } => {
            let location_id = if far { FAR } else { NEAR }.to_owned();
            let change = Change { sku: format!("SKU-{sku}"), location_id, delta, expected_version: None };
            let input =
                AdjustQuantities { reason: AdjustmentReason::CycleCount, reference: None, changes: vec![change] };
            let answer = warehouse.commands.adjust(&staff(), &input, &new_key()).await.unwrap();
            let level = model.entry((sku, far)).or_default();
            assert_eq!(answer.is_ok(), delta != 0 && level.0 + delta >= level.1, "{delta} to {level:?}");
            level.0 += if answer.is_ok() { delta } else { 0 };
        }
        Step::Reserve { sku, quantity } => {
            let free = |far| model.get(&(sku, far)).map_or(0, |(on_hand, committed)| on_hand - committed);
            let enough = free(false) + free(true) >= quantity;
            let answer = warehouse.reserve(&format!("SKU-{sku}"), quantity).await;
            assert_eq!(answer.is_ok(), enough);
            for line in answer.iter().flat_map(|reserved| &reserved.lines) {
                model.entry((sku, line.location_id == FAR)).or_default().1 += line.quantity;
            }
            active.extend(answer.map(|reserved| reserved.reservation.id));
        }
        Step::Release { which } if !active.is_empty() => {
            let id = active.remove(which % active.len());
            let released = warehouse.commands.release(&shopper(), &id, &new_key()).await.unwrap().unwrap();
            give_back(model, &released.lines);
        }
        Step::Expire { which } if !active.is_empty() => {
            let id = active.remove(which % active.len());
            warehouse.run_out(&id).await;
            assert_eq!(warehouse.commands.expire_due().await.unwrap(), 1);
            let errors = warehouse.commands.release(&shopper(), &id, &new_key()).await.unwrap();
            assert!(errors.is_err());
            give_back(model, &warehouse.lines(&id).await);
        }
        Step::Release { .. } | Step::Expire { .. } => {}
    }
}

fn give_back(model: &mut Model, lines: &[selvedge_inventory::entity::reservation_line::Model]) {
    for line in lines {
        let sku = line.variant_id.trim_start_matches("variant-SKU-").parse().unwrap();
        model.get_mut(&(sku, line.location_id == FAR)).unwrap().1 -= line.quantity;
    }
}
