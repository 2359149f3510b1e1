//! The outbox: nothing is skipped, one relay reads.

use selvedge_inventory::store::outbox::StoreOutbox;
use selvedge_kit::outbox::{Outbox, OutboxEntry};

use crate::warehouse::{NEAR, Warehouse, eventually};

on_each_engine!(entries_wait_until_they_are_confirmed, the_order_of_a_subject_is_kept);

fn subjects(entries: &[OutboxEntry]) -> Vec<(&str, i64)> {
    entries.iter().map(|entry| (entry.event.subject.as_str(), entry.event.revision)).collect()
}

fn tokens(entries: &[OutboxEntry]) -> Vec<String> {
    entries.iter().map(|entry| entry.token.clone()).collect()
}

/// All pending entries once `count` are visible: other tests' transactions on the same server may hold them back.
async fn pending(outbox: &StoreOutbox, count: usize) -> Vec<OutboxEntry> {
    eventually(|| async { outbox.pending(100).await.unwrap().len() == count }).await;
    outbox.pending(100).await.unwrap()
}

async fn entries_wait_until_they_are_confirmed(warehouse: Warehouse) {
    let outbox = StoreOutbox::new(warehouse.store.clone());
    for index in 0..4 {
        warehouse.stock(&format!("SKU-{index}"), NEAR, 6).await;
    }
    let waiting = pending(&outbox, 4).await;
    assert_eq!(subjects(&waiting), [("SKU-0", 1), ("SKU-1", 1), ("SKU-2", 1), ("SKU-3", 1)]);
    assert_eq!(outbox.pending(2).await.unwrap().len(), 2);
    assert!(outbox.retained(None, 10).await.unwrap().is_empty());
    outbox.confirm(&tokens(&waiting)[..3]).await.unwrap();
    assert_eq!(subjects(&pending(&outbox, 1).await), [("SKU-3", 1)]);
    let retained = outbox.retained(None, 2).await.unwrap();
    assert_eq!(subjects(&retained), [("SKU-0", 1), ("SKU-1", 1)]);
    let rest = outbox.retained(Some(&retained[1].token), 10).await.unwrap();
    assert_eq!(subjects(&rest), [("SKU-2", 1)]);
    assert!(outbox.confirm(&["no token".to_owned()]).await.is_err());
}

async fn the_order_of_a_subject_is_kept(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 50).await;
    let buyers = (0..20).map(|_| warehouse.reserve("SKU-0", 1));
    futures::future::join_all(buyers).await;
    let outbox = StoreOutbox::new(warehouse.store.clone());
    // Reservations that were committed together announce one badge.
    let badge = warehouse.badge("SKU-0").await;
    let last = usize::try_from(badge.revision).unwrap();
    assert!((2..=21).contains(&last) && badge.available == 30, "{badge:?}");
    let waiting = pending(&outbox, last).await;
    let revisions: Vec<i64> = waiting.iter().map(|entry| entry.event.revision).collect();
    assert_eq!(revisions, (1..=badge.revision).collect::<Vec<i64>>());
    assert_eq!(waiting[last - 1].event.data["available"], 30);
}

mod postgres_only {
    use super::{NEAR, Outbox, StoreOutbox, Warehouse, eventually, pending, subjects, tokens};

    /// The transaction that began first writes the later revision: a third one that still runs must not let it go ahead.
    #[tokio::test]
    async fn postgres_keeps_the_order_of_a_subject_whoever_began_first() {
        let name = "outbox::postgres_keeps_the_order_of_a_subject_whoever_began_first";
        let Some(warehouse) = Warehouse::on_postgres(name).await else { return };
        let outbox = StoreOutbox::new(warehouse.store.clone());
        let enqueue = async |transaction: &sea_orm::DatabaseTransaction, subject: &str, revision: i64| {
            let event = selvedge_inventory::store::outbox::NewEvent {
                event_type: "com.selvedge.inventory.product_changed.v1",
                schema: "product_changed.v1",
                subject: subject.to_owned(),
                revision,
                data: serde_json::json!({}),
            };
            let time = chrono::DateTime::UNIX_EPOCH;
            selvedge_inventory::store::outbox::enqueue(transaction, vec![event], time, "correlation").await.unwrap();
        };
        let begun_first = warehouse.store.begin_write().await.unwrap();
        enqueue(&begun_first, "other", 1).await;
        let still_running = warehouse.store.begin_write().await.unwrap();
        enqueue(&still_running, "late", 1).await;
        let quick = warehouse.store.begin_write().await.unwrap();
        enqueue(&quick, "subject", 1).await;
        quick.commit().await.unwrap();
        enqueue(&begun_first, "subject", 2).await;
        begun_first.commit().await.unwrap();
        for _ in 0..5 {
            let seen = outbox.pending(10).await.unwrap();
            assert!(!subjects(&seen).contains(&("subject", 2)), "{seen:?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        still_running.commit().await.unwrap();
        let all = pending(&outbox, 4).await;
        let of_subject: Vec<_> = subjects(&all).into_iter().filter(|(subject, _)| *subject == "subject").collect();
        assert_eq!(of_subject, [("subject", 1), ("subject", 2)]);
    }

    /// The first transaction takes the smaller id and commits last.
    #[tokio::test]
    async fn postgres_does_not_skip_what_commits_late() {
        let name = "outbox::postgres_does_not_skip_what_commits_late";
        let Some(warehouse) = Warehouse::on_postgres(name).await else { return };
        let outbox = StoreOutbox::new(warehouse.store.clone());
        let slow = warehouse.store.begin_write().await.unwrap();
        let event = selvedge_inventory::store::outbox::NewEvent {
            event_type: "com.selvedge.inventory.product_changed.v1",
            schema: "product_changed.v1",
            subject: "late".to_owned(),
            revision: 1,
            data: serde_json::json!({}),
        };
        let time = chrono::DateTime::UNIX_EPOCH;
        selvedge_inventory::store::outbox::enqueue(&slow, vec![event], time, "correlation").await.unwrap();
        warehouse.stock("SKU-0", NEAR, 6).await;
        assert_eq!(warehouse.outbox().await.len(), 1, "the fast one has committed, with the greater id");
        assert!(outbox.pending(10).await.unwrap().is_empty(), "it waits for the slow one");
        slow.commit().await.unwrap();
        assert_eq!(subjects(&pending(&outbox, 2).await), [("late", 1), ("SKU-0", 1)]);
    }

    #[tokio::test]
    async fn postgres_lets_one_process_relay_and_another_take_over() {
        let name = "outbox::postgres_lets_one_process_relay_and_another_take_over";
        let Some(warehouse) = Warehouse::on_postgres(name).await else { return };
        let (second_store, second_commands) = warehouse.second_process().await;
        drop(second_commands);
        let (first, second) = (StoreOutbox::new(warehouse.store.clone()), StoreOutbox::new(second_store));
        warehouse.stock("SKU-0", NEAR, 6).await;
        let waiting = pending(&first, 1).await;
        assert!(second.pending(10).await.unwrap().is_empty(), "the first has the lease");
        first.confirm(&tokens(&waiting)).await.unwrap();
        warehouse.stock("SKU-1", NEAR, 6).await;
        warehouse.store.close().await.unwrap();
        eventually(|| async { second.pending(10).await.unwrap().len() == 1 }).await;
        assert_eq!(subjects(&second.pending(10).await.unwrap()), [("SKU-1", 1)]);
    }
}
