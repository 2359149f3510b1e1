//! Taking away what has served its time.

use selvedge_inventory::store::{Pruned, outbox::StoreOutbox, prune};
use selvedge_kit::outbox::Outbox;

use crate::warehouse::{NEAR, Warehouse};

on_each_engine!(deletes_what_is_old_and_done);

async fn deletes_what_is_old_and_done(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 6).await;
    warehouse.stock("SKU-1", NEAR, 6).await;
    warehouse.reserve("SKU-0", 1).await.unwrap();
    assert_eq!(prune(&warehouse.store).await.unwrap(), Pruned::default());
    let first = warehouse.outbox().await[0].id;
    StoreOutbox::new(warehouse.store.clone()).confirm(&[first.to_string()]).await.unwrap();
    assert_eq!(prune(&warehouse.store).await.unwrap(), Pruned::default(), "it was published just now");
    let old = "2001-01-01T00:00:00+00:00";
    warehouse.sql(&format!("UPDATE outbox SET published_at = '{old}' WHERE id = {first}")).await.unwrap();
    warehouse.sql(&format!("UPDATE outbox SET created_at = '{old}'")).await.unwrap();
    warehouse.sql(&format!("UPDATE idempotency SET created_at = '{old}'")).await.unwrap();
    assert_eq!(prune(&warehouse.store).await.unwrap(), Pruned { events: 1, answers: 1, carts: 0 });
    assert_eq!(warehouse.outbox().await.len(), 2, "what is not published stays");
}
