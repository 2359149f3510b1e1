//! Giving held pieces back before their time.

use selvedge_inventory::{command::Caller, domain::ErrorCode};

use crate::warehouse::{FAR, NEAR, Warehouse, new_key, shopper, staff};

on_each_engine!(gives_every_line_back, ends_a_reservation_once, hides_reservations_of_others);

async fn gives_every_line_back(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.stock("SKU-0", FAR, 5).await;
    let reserved = warehouse.reserve("SKU-0", 7).await.unwrap();
    let id = &reserved.reservation.id;
    let released = warehouse.commands.release(&shopper(), id, &new_key()).await.unwrap().unwrap();
    assert_eq!(released.reservation.status, "RELEASED");
    assert_eq!(released.lines, reserved.lines);
    assert_eq!(warehouse.badge("SKU-0").await.available, 8);
    let events = warehouse.events().await;
    let last = &events[events.len() - 2..];
    assert!(last.iter().all(|event| event.kind == "RELEASED" && event.reservation_id.as_ref() == Some(id)));
    warehouse.assert_verified().await;
}

async fn ends_a_reservation_once(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    let id = warehouse.reserve("SKU-0", 2).await.unwrap().reservation.id;
    warehouse.commands.release(&shopper(), &id, &new_key()).await.unwrap().unwrap();
    let errors = warehouse.commands.release(&shopper(), &id, &new_key()).await.unwrap().unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::ReservationNotActive);
    assert_eq!(warehouse.level("SKU-0", NEAR).await.committed, 0);
}

async fn hides_reservations_of_others(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    let id = warehouse.reserve("SKU-0", 2).await.unwrap().reservation.id;
    let other = Caller { actor: "customer-2".to_owned(), ..shopper() };
    for (caller, id) in [(&other, id.as_str()), (&shopper(), "no-such-reservation")] {
        let errors = warehouse.commands.release(caller, id, &new_key()).await.unwrap().unwrap_err();
        assert_eq!(errors[0].code, ErrorCode::ReservationNotFound);
    }
    warehouse.commands.release(&staff(), &id, &new_key()).await.unwrap().unwrap();
}
