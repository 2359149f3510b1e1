//! Holding pieces for an order.

use selvedge_inventory::{
    command::{ReserveLine, ReserveStock, Reserved},
    domain::ErrorCode,
};

use crate::warehouse::{CLOSED, FAR, NEAR, Warehouse, line, new_key, shopper, variant_id};

on_each_engine!(
    what_is_not_shown_is_not_sold,
    takes_from_the_first_location_that_has_enough,
    splits_a_line_when_no_location_has_enough,
    takes_from_the_named_location_alone,
    holds_all_lines_or_none,
    refuses_bad_lines,
    leaves_safety_stock_and_closed_locations_alone,
);

fn places(found: &Reserved) -> Vec<(&str, i32)> {
    found.lines.iter().map(|line| (line.location_id.as_str(), line.quantity)).collect()
}

async fn takes_from_the_first_location_that_has_enough(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.stock("SKU-0", FAR, 5).await;
    assert_eq!(places(&warehouse.reserve("SKU-0", 2).await.unwrap()), [(NEAR, 2)]);
    assert_eq!(places(&warehouse.reserve("SKU-0", 4).await.unwrap()), [(FAR, 4)]);
    let near = warehouse.level("SKU-0", NEAR).await;
    assert_eq!((near.on_hand, near.committed), (3, 2));
    warehouse.assert_verified().await;
}

async fn splits_a_line_when_no_location_has_enough(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.stock("SKU-0", FAR, 5).await;
    let reservation = warehouse.reserve("SKU-0", 7).await.unwrap();
    assert_eq!(places(&reservation), [(NEAR, 3), (FAR, 4)]);
    assert_eq!(reservation.lines.iter().map(|line| line.position).collect::<Vec<_>>(), [1, 2]);
    let errors = warehouse.reserve("SKU-0", 2).await.unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::InsufficientStock);
    assert_eq!(errors[0].message, "2 pieces of `SKU-0` are wanted, 1 are available");
    warehouse.assert_verified().await;
}

async fn takes_from_the_named_location_alone(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.stock("SKU-0", FAR, 5).await;
    let at = |location: &str, quantity| ReserveStock {
        lines: vec![ReserveLine { location_id: Some(location.to_owned()), ..line("SKU-0", quantity) }],
        ttl_seconds: Some(60),
        reference: Some("cart-1".to_owned()),
        ..ReserveStock::default()
    };
    let reserved = warehouse.commands.reserve(&shopper(), &at(FAR, 5), &new_key()).await.unwrap().unwrap();
    assert_eq!(places(&reserved), [(FAR, 5)]);
    let life = reserved.reservation.expires_at - reserved.reservation.created_at;
    assert_eq!((life.num_seconds(), reserved.reservation.reference.as_deref()), (60, Some("cart-1")));
    let errors = warehouse.commands.reserve(&shopper(), &at(FAR, 1), &new_key()).await.unwrap().unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::InsufficientStock);
    for unknown in [CLOSED, "nowhere"] {
        let errors = warehouse.commands.reserve(&shopper(), &at(unknown, 1), &new_key()).await.unwrap().unwrap_err();
        assert_eq!(errors[0].code, ErrorCode::UnknownLocation);
    }
}

async fn holds_all_lines_or_none(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.stock("SKU-1", NEAR, 3).await;
    let before = warehouse.events().await.len();
    let lines = vec![line("SKU-0", 2), line("SKU-1", 4)];
    let input = ReserveStock { lines, ..ReserveStock::default() };
    let errors = warehouse.commands.reserve(&shopper(), &input, &new_key()).await.unwrap().unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].field.as_ref().unwrap(), &["input", "lines", "1", "quantity"]);
    assert_eq!(warehouse.events().await.len(), before);
    // Two lines of one SKU count together.
    let lines = vec![line("SKU-0", 2), line("SKU-0", 2)];
    let input = ReserveStock { lines, ..ReserveStock::default() };
    warehouse.commands.reserve(&shopper(), &input, &new_key()).await.unwrap().unwrap_err();
    let lines = vec![line("SKU-0", 2), line("SKU-1", 3), line("SKU-0", 1)];
    let input = ReserveStock { lines, ..ReserveStock::default() };
    let reserved = warehouse.commands.reserve(&shopper(), &input, &new_key()).await.unwrap().unwrap();
    let held: Vec<(String, i32)> = reserved.lines.iter().map(|line| (line.variant_id.clone(), line.quantity)).collect();
    assert_eq!(held, [(variant_id("SKU-0"), 2), (variant_id("SKU-1"), 3), (variant_id("SKU-0"), 1)]);
    warehouse.assert_verified().await;
}

async fn refuses_bad_lines(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    let code = async |lines: Vec<ReserveLine>, ttl_seconds| {
        let input = ReserveStock { lines, ttl_seconds, ..ReserveStock::default() };
        warehouse.commands.reserve(&shopper(), &input, &new_key()).await.unwrap().unwrap_err()[0].code
    };
    assert_eq!(code(vec![], None).await, ErrorCode::TooManyLines);
    assert_eq!(code(vec![line("SKU-0", 1); 101], None).await, ErrorCode::TooManyLines);
    assert_eq!(code(vec![line("SKU-0", 1)], Some(9)).await, ErrorCode::InvalidTtl);
    assert_eq!(code(vec![line("SKU-0", 1)], Some(86_401)).await, ErrorCode::InvalidTtl);
    assert_eq!(code(vec![line("SKU-0", 0)], None).await, ErrorCode::InvalidQuantity);
    assert_eq!(code(vec![line("SKU-0", -1)], None).await, ErrorCode::InvalidQuantity);
    assert_eq!(code(vec![line("NOT-THERE", 1)], None).await, ErrorCode::UnknownSku);
}

async fn leaves_safety_stock_and_closed_locations_alone(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 5).await;
    warehouse.stock("SKU-0", CLOSED, 50).await;
    let target = selvedge_inventory::domain::Target {
        sku: "SKU-0".to_owned(),
        location_id: NEAR.to_owned(),
        on_hand: 5,
        safety_stock: 2,
        incoming: 7,
    };
    let caller = crate::warehouse::staff();
    warehouse.commands.load_levels(&caller, "count", vec![target], |_| ()).await.unwrap();
    assert_eq!(warehouse.badge("SKU-0").await.available, 3);
    warehouse.reserve("SKU-0", 4).await.unwrap_err();
    warehouse.reserve("SKU-0", 3).await.unwrap();
    assert_eq!(warehouse.badge("SKU-0").await.available, 0);
    warehouse.assert_verified().await;
}

async fn what_is_not_shown_is_not_sold(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 6).await;
    let held = warehouse.reserve("SKU-0", 2).await.unwrap();
    warehouse.sql("UPDATE product SET status = 'DRAFT'").await.unwrap();
    let errors = warehouse.reserve("SKU-0", 1).await.unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::UnknownSku);
    let id = &held.reservation.id;
    warehouse.commands.release(&shopper(), id, &new_key()).await.unwrap().unwrap();
    assert_eq!(warehouse.badge("SKU-0").await.available, 6, "what was held comes back all the same");
    warehouse.assert_verified().await;
}
