//! How much of a variant lies where.

use super::random::Random;
use crate::catalog::draft::{LevelDraft, LocationDraft, LocationKind, StockPolicy};

/// The stock of one variant.
pub(super) struct VariantStock {
    pub(super) levels: Vec<LevelDraft>,
    pub(super) policy: StockPolicy,
    /// Days until more comes.
    pub(super) expected_in_days: Option<i32>,
}

/// What a real shop looks like on an ordinary day: most things in stock, some nearly gone, some sold out, a few to be
/// had later.
pub(super) fn stock(random: &mut Random, locations: &[LocationDraft], middle_size: bool) -> VariantStock {
    match random.below(100) {
        0..7 => {
            VariantStock { levels: at(random, locations, 1, (0, 0)), policy: StockPolicy::Deny, expected_in_days: None }
        }
        7..10 => VariantStock {
            levels: at(random, locations, 1, (0, 0)),
            policy: StockPolicy::Backorder,
            expected_in_days: Some(random.between(5, 40)),
        },
        10..12 => VariantStock {
            levels: at(random, locations, 1, (0, 0)),
            policy: StockPolicy::Preorder,
            expected_in_days: Some(random.between(20, 90)),
        },
        12..24 => {
            VariantStock { levels: at(random, locations, 1, (1, 3)), policy: StockPolicy::Deny, expected_in_days: None }
        }
        _ => {
            let places = if middle_size { random.between(3, 6) } else { random.between(2, 4) };
            let depth = if middle_size { (2, 18) } else { (1, 9) };
            VariantStock {
                levels: at(random, locations, usize::try_from(places).unwrap_or(1), depth),
                policy: StockPolicy::Deny,
                expected_in_days: None,
            }
        }
    }
}

fn at(random: &mut Random, locations: &[LocationDraft], places: usize, depth: (i32, i32)) -> Vec<LevelDraft> {
    let (warehouses, stores): (Vec<_>, Vec<_>) =
        locations.iter().partition(|location| location.kind == LocationKind::Warehouse);
    let mut chosen: Vec<&LocationDraft> = random.pick(&warehouses).into_iter().copied().collect();
    chosen.extend(random.some(&stores, places.saturating_sub(1)).into_iter().copied());
    chosen
        .into_iter()
        .map(|location| {
            let warehouse = location.kind == LocationKind::Warehouse;
            let on_hand = random.between(depth.0, depth.1) * if warehouse { 3 } else { 1 };
            LevelDraft {
                location_code: location.code.clone(),
                on_hand,
                safety_stock: i32::from(warehouse && on_hand > 10),
                incoming: if random.chance(15) { random.between(5, 40) } else { 0 },
            }
        })
        .collect()
}
