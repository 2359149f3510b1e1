//! Whatever is done in whatever order: the answers are those of a simple model, and replay proves the rest.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::{
    prelude::{Just, Strategy, any},
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use selvedge_inventory::{
    command::{AdjustQuantities, AdjustmentReason, MoveQuantities, SetQuantities},
    domain::{Change, Move, MoveEnd, Quantities, QuantityName, SetQuantity},
    store::catalog_read::stock_at,
};

use crate::warehouse::{FAR, NEAR, Warehouse, new_key, shopper, staff, variant_id};

on_each_engine!(random_commands_keep_every_invariant);

/// Sequences per engine, and commands in each.
const SEQUENCES: usize = 6;
const COMMANDS: usize = 50;

const NAMES: [QuantityName; 8] = [
    QuantityName::Available,
    QuantityName::OnHand,
    QuantityName::Committed,
    QuantityName::Reserved,
    QuantityName::Damaged,
    QuantityName::QualityControl,
    QuantityName::SafetyStock,
    QuantityName::Incoming,
];

#[derive(Debug, Clone)]
enum Step {
    Adjust { place: Place, name: usize, delta: i32 },
    Move { from: Place, name: usize, to: usize, elsewhere: bool, quantity: i32 },
    Set { place: Place, name: usize, quantity: i32, is_fresh: bool },
    Reserve { sku: u8, quantity: i32 },
    Release { which: usize },
    Expire { which: usize },
}

/// A SKU, and whether it is the far location.
type Place = (u8, bool);

fn step() -> impl Strategy<Value = Step> {
    let place = (0_u8..3, any::<bool>());
    let name = 0..NAMES.len();
    proptest::prop_oneof![
        2 => (place.clone(), -15..25_i32).prop_map(|(place, delta)| Step::Adjust { place, name: 1, delta }),
        2 => (place.clone(), name.clone(), -9..9_i32)
            .prop_map(|(place, name, delta)| Step::Adjust { place, name, delta }),
        4 => (place.clone(), name.clone(), name.clone(), proptest::bool::weighted(0.3), 0..9_i32)
            .prop_map(|(from, name, to, elsewhere, quantity)| Step::Move { from, name, to, elsewhere, quantity }),
        1 => (place.clone(), 1..9_i32)
            .prop_map(|(from, quantity)| Step::Move { from, name: 0, to: 0, elsewhere: true, quantity }),
        2 => (place, 0..3_usize, -1..30_i32, proptest::bool::weighted(0.8))
            .prop_map(|(place, name, quantity, is_fresh)| Step::Set { place, name, quantity, is_fresh }),
        3 => (0_u8..3, 1..12_i32).prop_map(|(sku, quantity)| Step::Reserve { sku, quantity }),
        1 => any::<usize>().prop_map(|which| Step::Release { which }),
        1 => any::<usize>().prop_map(|which| Step::Expire { which }),
        1 => Just(Step::Expire { which: 0 }),
    ]
}

/// What should lie where.
type Model = BTreeMap<Place, Quantities>;

async fn random_commands_keep_every_invariant(warehouse: Warehouse) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = proptest::collection::vec(step(), COMMANDS);
    let mut model = Model::new();
    let mut active = Vec::new();
    let mut done = BTreeMap::new();
    let mut past = Vec::new();
    for _ in 0..SEQUENCES {
        for step in strategy.new_tree(&mut runner).unwrap().current() {
            let counted = (
                format!("{step:?}").split(' ').next().unwrap().to_owned(),
                perform(&warehouse, &mut model, &mut active, step).await,
            );
            *done.entry(counted).or_insert(0) += 1;
            assert_levels(&warehouse, &model).await;
            past.extend(warehouse.events().await.last().map(|event| (event.occurred_at, model.clone())));
        }
        for sku in 0..3 {
            let offered = free(&model, (sku, false)) + free(&model, (sku, true));
            assert_eq!(warehouse.badge(&format!("SKU-{sku}")).await.available, offered);
        }
        warehouse.assert_verified().await;
        warehouse.assert_nothing_found().await;
    }
    replay_gives_every_past(&warehouse, &past).await;
    // A model that always refuses would be right too.
    for kind in ["Adjust", "Move", "Set", "Reserve"] {
        for outcome in [true, false] {
            assert!(done.get(&(kind.to_owned(), outcome)).is_some_and(|count| *count > 5), "{kind}: {done:?}");
        }
    }
}

/// The ledger replayed to a time is what was there at that time; of several changes in one instant, after the last.
async fn replay_gives_every_past(warehouse: &Warehouse, past: &[(DateTime<Utc>, Model)]) {
    let variant_ids: Vec<String> = (0..3).map(|sku| variant_id(&format!("SKU-{sku}"))).collect();
    let (first, _) = &past[0];
    assert_eq!(stock_at(&warehouse.store, &variant_ids, *first - TimeDelta::milliseconds(1)).await.unwrap(), []);
    for (time, _) in past {
        let (_, then) = past.iter().rev().find(|(other, _)| other <= time).unwrap();
        let levels = stock_at(&warehouse.store, &variant_ids, *time).await.unwrap();
        let replayed: Model = levels
            .iter()
            .map(|past| {
                let sku = past.variant_id.trim_start_matches("variant-SKU-").parse().unwrap();
                ((sku, past.location_id == FAR), past.level.quantities)
            })
            .collect();
        assert_eq!(&replayed, then, "at {time}");
    }
}

async fn assert_levels(warehouse: &Warehouse, model: &Model) {
    for ((sku, far), quantities) in model {
        let row = warehouse.level(&format!("SKU-{sku}"), location(*far)).await;
        let stored = Quantities {
            on_hand: row.on_hand,
            committed: row.committed,
            reserved: row.reserved,
            damaged: row.damaged,
            quality_control: row.quality_control,
            safety_stock: row.safety_stock,
            incoming: row.incoming,
        };
        assert_eq!(stored, *quantities, "SKU-{sku}, far: {far}");
    }
}

fn location(far: bool) -> &'static str {
    if far { FAR } else { NEAR }
}

fn free(model: &Model, place: Place) -> i32 {
    model.get(&place).map_or(0, available)
}

/// The identity that the names promise.
fn available(own: &Quantities) -> i32 {
    (own.on_hand - own.committed - own.reserved - own.damaged - own.quality_control - own.safety_stock).max(0)
}

fn is_possible(own: &Quantities) -> bool {
    let counted = [own.committed, own.reserved, own.damaged, own.quality_control];
    let all = counted.iter().chain([&own.on_hand, &own.safety_stock, &own.incoming]);
    all.into_iter().all(|quantity| *quantity >= 0) && counted.iter().sum::<i32>() <= own.on_hand
}

/// Adds to the column of a name; what is available has none.
fn add(own: &mut Quantities, name: QuantityName, pieces: i32) {
    match name {
        QuantityName::Reserved => own.reserved += pieces,
        QuantityName::Damaged => own.damaged += pieces,
        QuantityName::QualityControl => own.quality_control += pieces,
        QuantityName::SafetyStock => own.safety_stock += pieces,
        QuantityName::Incoming => own.incoming += pieces,
        QuantityName::Available | QuantityName::OnHand | QuantityName::Committed => {}
    }
}

/// Performs the step and says whether it was done; whether it should be, the model says.
async fn perform(warehouse: &Warehouse, model: &mut Model, active: &mut Vec<String>, step: Step) -> bool {
    match step {
        Step::Adjust { place, name, delta } => adjust(warehouse, model, place, (NAMES[name], delta)).await,
        Step::Move { from, name, to, elsewhere, quantity } => {
            let to_place = (from.0, from.1 != elsewhere);
            move_pieces(warehouse, model, (from, NAMES[name]), (to_place, NAMES[to]), quantity).await
        }
        Step::Set { place, name, quantity, is_fresh } => {
            set(warehouse, model, place, (NAMES[name], quantity, is_fresh)).await
        }
        Step::Reserve { sku, quantity } => {
            let enough = free(model, (sku, false)) + free(model, (sku, true)) >= quantity;
            let answer = warehouse.reserve(&format!("SKU-{sku}"), quantity).await;
            assert_eq!(answer.is_ok(), enough);
            for line in answer.iter().flat_map(|reserved| &reserved.lines) {
                model.get_mut(&(sku, line.location_id == FAR)).unwrap().committed += line.quantity;
            }
            active.extend(answer.map(|reserved| reserved.reservation.id));
            enough
        }
        Step::Release { which } if !active.is_empty() => {
            let id = active.remove(which % active.len());
            let released = warehouse.commands.release(&shopper(), &id, &new_key()).await.unwrap().unwrap();
            give_back(model, &released.lines);
            true
        }
        Step::Expire { which } if !active.is_empty() => {
            let id = active.remove(which % active.len());
            warehouse.run_out(&id).await;
            assert_eq!(warehouse.commands.expire_due().await.unwrap(), 1);
            let errors = warehouse.commands.release(&shopper(), &id, &new_key()).await.unwrap();
            assert!(errors.is_err());
            give_back(model, &warehouse.lines(&id).await);
            true
        }
        Step::Release { .. } | Step::Expire { .. } => false,
    }
}

async fn adjust(warehouse: &Warehouse, model: &mut Model, place: Place, (name, delta): (QuantityName, i32)) -> bool {
    let own = model.get(&place).copied().unwrap_or_default();
    let mut next = own;
    add(&mut next, name, delta);
    next.on_hand += if name == QuantityName::Incoming { 0 } else { delta };
    let enough = name != QuantityName::Available || available(&own) + delta >= 0;
    let expected = delta != 0 && enough && name != QuantityName::Committed && is_possible(&next);
    let change = Change {
        sku: format!("SKU-{}", place.0),
        location_id: location(place.1).to_owned(),
        delta,
        change_from_quantity: Some(own.get(name)),
        ..Change::default()
    };
    let input = AdjustQuantities { name, reason: AdjustmentReason::CycleCount, reference: None, changes: vec![change] };
    let key = new_key();
    let answer = warehouse.commands.adjust(&staff(), &input, &key).await.unwrap();
    assert_eq!(answer.is_ok(), expected, "{delta} {name:?} to {own:?}: {answer:?}");
    assert_eq!(warehouse.commands.adjust(&staff(), &input, &key).await.unwrap(), answer, "the retry");
    if expected {
        model.insert(place, next);
    }
    expected
}

async fn move_pieces(
    warehouse: &Warehouse,
    model: &mut Model,
    (from, name): (Place, QuantityName),
    (to, to_name): (Place, QuantityName),
    quantity: i32,
) -> bool {
    let own = model.get(&from).copied().unwrap_or_default();
    let mut next = own;
    add(&mut next, name, -quantity);
    let mut other = if from == to { next } else { model.get(&to).copied().unwrap_or_default() };
    add(&mut other, to_name, quantity);
    if from == to {
        next = other;
    } else {
        next.on_hand -= quantity;
        other.on_hand += quantity;
    }
    let movable = |name| !matches!(name, QuantityName::OnHand | QuantityName::Committed | QuantityName::Incoming);
    let is_transfer = name == QuantityName::Available && to_name == QuantityName::Available;
    let enough = name != QuantityName::Available || available(&own) >= quantity;
    let named = movable(name) && movable(to_name) && if from == to { name != to_name } else { is_transfer };
    let expected = quantity > 0 && named && enough && is_possible(&next) && is_possible(&other);
    let end =
        |place: Place, name| MoveEnd { location_id: location(place.1).to_owned(), name, change_from_quantity: None };
    let change = Move { sku: format!("SKU-{}", from.0), quantity, from: end(from, name), to: end(to, to_name) };
    let input = MoveQuantities { reason: AdjustmentReason::Other, reference: None, changes: vec![change] };
    let key = new_key();
    let answer = warehouse.commands.move_quantities(&staff(), &input, &key).await.unwrap();
    assert_eq!(answer.is_ok(), expected, "{input:?} of {own:?}: {answer:?}");
    assert_eq!(warehouse.commands.move_quantities(&staff(), &input, &key).await.unwrap(), answer, "the retry");
    if expected {
        model.insert(from, next);
        model.insert(to, other);
    }
    expected
}

async fn set(
    warehouse: &Warehouse,
    model: &mut Model,
    place: Place,
    (name, quantity, is_fresh): (QuantityName, i32, bool),
) -> bool {
    let own = model.get(&place).copied().unwrap_or_default();
    let mut next = own;
    next.on_hand += quantity - own.get(name);
    if name == QuantityName::Available && quantity != available(&own) {
        // More is kept back than is free: that comes on top.
        let missing = own.committed + own.reserved + own.damaged + own.quality_control + own.safety_stock - own.on_hand;
        next.on_hand += missing.max(0);
    }
    let settable = matches!(name, QuantityName::Available | QuantityName::OnHand);
    let expected = settable && quantity >= 0 && is_fresh && is_possible(&next);
    let one = SetQuantity {
        sku: format!("SKU-{}", place.0),
        location_id: location(place.1).to_owned(),
        quantity,
        change_from_quantity: Some(own.get(name) + i32::from(!is_fresh)),
    };
    let input = SetQuantities {
        name,
        reason: AdjustmentReason::CycleCount,
        reference: None,
        ignore_compare_quantity: false,
        quantities: vec![one],
    };
    let key = new_key();
    let answer = warehouse.commands.set_quantities(&staff(), &input, &key).await.unwrap();
    assert_eq!(answer.is_ok(), expected, "{input:?} of {own:?}: {answer:?}");
    assert_eq!(warehouse.commands.set_quantities(&staff(), &input, &key).await.unwrap(), answer, "the retry");
    if expected {
        assert_eq!(answer.unwrap().levels.len(), 1, "what is set to what it was is answered too");
        model.insert(place, next);
    }
    expected
}

fn give_back(model: &mut Model, lines: &[selvedge_inventory::entity::reservation_line::Model]) {
    for line in lines {
        let sku = line.variant_id.trim_start_matches("variant-SKU-").parse().unwrap();
        model.get_mut(&(sku, line.location_id == FAR)).unwrap().committed -= line.quantity;
    }
}
