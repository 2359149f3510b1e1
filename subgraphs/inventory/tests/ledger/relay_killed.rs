//! The relay and its process killed over and over, transactions that commit late, rows that are no events.

use std::{process::Stdio, sync::Arc, time::Duration};

use chrono::DateTime;
use selvedge_inventory::store::{
    Store, StoreOptions,
    outbox::{NewEvent, StoreOutbox, enqueue},
};
use selvedge_kit::{
    bus::{EventBus, InProcessBus, RedisBus, Topic},
    outbox::Outbox,
};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{Instant, sleep},
};

use crate::{
    relay_kills::{Flaky, assert_whole_and_in_order, hear, kill_relays, pause, relay},
    warehouse::{NEAR, Warehouse, eventually},
};

on_each_engine!(
    a_relay_killed_a_hundred_times_loses_nothing_in_process,
    a_relay_killed_a_hundred_times_loses_nothing_over_redis,
    a_process_killed_a_hundred_times_loses_nothing_over_redis,
    a_row_that_is_no_event_is_put_aside,
    what_waits_is_counted,
);

const TOPIC: Topic = Topic::INVENTORY;
const SUBJECTS: usize = 8;
const LAST: i64 = 60;

/// Says one subject's revisions in transactions of their own; some stay open for a while before they commit.
async fn tell(store: Store, subject: String) {
    for revision in 1..=LAST {
        let transaction = store.begin_write().await.unwrap();
        enqueue(&transaction, vec![event(&subject, revision)], DateTime::UNIX_EPOCH, "correlation").await.unwrap();
        // SQLite has one writer: who waits with the lock makes all others wait.
        pause(if store.engine() == selvedge_inventory::store::Engine::Postgres { 60 } else { 2 }).await;
        transaction.commit().await.unwrap();
    }
}

fn event(subject: &str, revision: i64) -> NewEvent {
    NewEvent {
        event_type: "com.selvedge.inventory.product_changed.v1",
        schema: "product_changed.v1",
        subject: subject.to_owned(),
        revision,
        data: json!({}),
    }
}

fn tell_all(store: &Store) -> Vec<tokio::task::JoinHandle<()>> {
    (0..SUBJECTS).map(|number| tokio::spawn(tell(store.clone(), format!("subject-{number}")))).collect()
}

async fn killed_over(warehouse: Warehouse, bus: Arc<dyn EventBus>) {
    let outbox: Arc<dyn Outbox> = Arc::new(StoreOutbox::new(warehouse.store.clone()));
    let telling = tell_all(&warehouse.store);
    kill_relays(&outbox, &bus, TOPIC).await;
    for teller in telling {
        teller.await.unwrap();
    }
    let last = relay(Arc::clone(&outbox), Arc::clone(&bus), TOPIC);
    let heard = hear(&*bus, TOPIC, SUBJECTS * usize::try_from(LAST).unwrap()).await;
    let repetitions = assert_whole_and_in_order(&heard, SUBJECTS, LAST);
    assert!(repetitions > 0, "no kill fell between publishing and confirming");
    eventually(|| async { outbox.waiting().await.unwrap().entries == 0 }).await;
    last.abort();
}

async fn a_relay_killed_a_hundred_times_loses_nothing_in_process(warehouse: Warehouse) {
    killed_over(warehouse, Arc::new(InProcessBus::default())).await;
}

async fn a_relay_killed_a_hundred_times_loses_nothing_over_redis(warehouse: Warehouse) {
    let Some(redis_url) = redis_url("relay_killed::a_relay_killed_a_hundred_times_loses_nothing_over_redis") else {
        return;
    };
    killed_over(warehouse, Arc::new(RedisBus::connect(&redis_url, &prefix()).await.unwrap())).await;
}

fn redis_url(test: &str) -> Option<String> {
    if let Ok(url) = std::env::var("TEST_REDIS_URL") {
        return Some(url);
    }
    println!("NOT RUN: {test} needs TEST_REDIS_URL (start `redis-server`, then set it to redis://127.0.0.1:6379)");
    assert!(std::env::var("REQUIRE_ENGINES").as_deref() != Ok("1"), "{test} needs TEST_REDIS_URL");
    None
}

fn prefix() -> String {
    format!("inventory-test-{}", uuid::Uuid::now_v7())
}

/// A relay in a process of its own, up to the moment when it relays.
async fn start_process(options: &StoreOptions, redis_url: &str, prefix: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["relay_killed::relay_process", "--exact", "--nocapture"]);
    command
        .env("RELAY_STORE", &options.database_url)
        .env("RELAY_SCHEMA", options.schema.as_deref().unwrap_or_default());
    command.env("RELAY_REDIS", redis_url).env("RELAY_PREFIX", prefix);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while !lines.next_line().await.unwrap().expect("the process has ended").contains("relaying") {}
    child
}

/// Not a test by itself: what [`start_process`] runs, until it is killed.
#[tokio::test]
async fn relay_process() {
    let Ok(database_url) = std::env::var("RELAY_STORE") else { return };
    let schema = std::env::var("RELAY_SCHEMA").ok().filter(|schema| !schema.is_empty());
    let store =
        Store::open(&StoreOptions { schema, max_connections: 2, ..StoreOptions::new(database_url) }).await.unwrap();
    let (redis, prefix) = (std::env::var("RELAY_REDIS").unwrap(), std::env::var("RELAY_PREFIX").unwrap());
    let bus: Arc<dyn EventBus> = Arc::new(RedisBus::connect(&redis, &prefix).await.unwrap());
    println!("relaying");
    relay(Arc::new(StoreOutbox::new(store)), Arc::new(Flaky(bus)), TOPIC).await.unwrap();
}

/// SIGKILL. On PostgreSQL two processes run at a time, so that one takes over from the other; with an embedded store one
/// does, as `selvedge` sees to.
async fn a_process_killed_a_hundred_times_loses_nothing_over_redis(warehouse: Warehouse) {
    let Some(redis_url) = redis_url("relay_killed::a_process_killed_a_hundred_times_loses_nothing_over_redis") else {
        return;
    };
    let (prefix, options) = (prefix(), warehouse.options());
    let is_shared = options.schema.is_some();
    let telling = tell_all(&warehouse.store);
    let mut waiting: Option<Child> = None;
    for _ in 0..100 {
        let child = start_process(options, &redis_url, &prefix).await;
        let mut dies = if is_shared { waiting.replace(child) } else { Some(child) };
        pause(30).await;
        if let Some(mut child) = dies.take() {
            child.kill().await.unwrap();
        }
    }
    if let Some(mut child) = waiting {
        child.kill().await.unwrap();
    }
    for teller in telling {
        teller.await.unwrap();
    }
    let bus: Arc<dyn EventBus> = Arc::new(RedisBus::connect(&redis_url, &prefix).await.unwrap());
    let last = relay(Arc::new(StoreOutbox::new(warehouse.store.clone())), Arc::clone(&bus), TOPIC);
    let heard = hear(&*bus, TOPIC, SUBJECTS * usize::try_from(LAST).unwrap()).await;
    assert_whole_and_in_order(&heard, SUBJECTS, LAST);
    last.abort();
}

async fn a_row_that_is_no_event_is_put_aside(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 6).await;
    let broken =
        "INSERT INTO outbox (subject, event, created_at) VALUES ('SKU-0', '{\"id\":\"7\"}', '2026-01-01T00:00:00Z')";
    warehouse.sql(broken).await.unwrap();
    warehouse.stock("SKU-1", NEAR, 6).await;
    let outbox: Arc<dyn Outbox> = Arc::new(StoreOutbox::new(warehouse.store.clone()));
    let bus: Arc<dyn EventBus> = Arc::new(InProcessBus::default());
    let running = relay(Arc::clone(&outbox), Arc::clone(&bus), TOPIC);
    let heard = hear(&*bus, TOPIC, 2).await;
    assert_eq!(heard.iter().map(|event| event.subject.as_str()).collect::<Vec<_>>(), ["SKU-0", "SKU-1"]);
    eventually(|| async { outbox.waiting().await.unwrap().entries == 0 }).await;
    running.abort();
    let letters = bus.dead_letters(TOPIC, 5).await.unwrap();
    assert_eq!((letters.len(), letters[0].group.as_str()), (1, "relay"));
    assert!(letters[0].entry.contains("\"7\"") && letters[0].reason.contains("it is no event"), "{:?}", letters[0]);
    assert_eq!(outbox.retained(None, 10).await.unwrap().len(), 2);
}

async fn what_waits_is_counted(warehouse: Warehouse) {
    let outbox = StoreOutbox::new(warehouse.store.clone());
    assert_eq!(outbox.waiting().await.unwrap(), selvedge_kit::outbox::Waiting::default());
    warehouse.stock("SKU-0", NEAR, 6).await;
    warehouse.stock("SKU-1", NEAR, 6).await;
    sleep(Duration::from_millis(50)).await;
    let waiting = outbox.waiting().await.unwrap();
    assert_eq!(waiting.entries, 2);
    assert!(waiting.oldest >= Duration::from_millis(40) && waiting.oldest < Duration::from_secs(60), "{waiting:?}");
}

/// While a transaction is open for `open_for` writers go on, and what it says comes after all.
async fn held_open(test: &str, open_for: Duration) {
    let Some(warehouse) = Warehouse::on_postgres(test).await else { return };
    let bus: Arc<dyn EventBus> = Arc::new(InProcessBus::default());
    let running = relay(Arc::new(StoreOutbox::new(warehouse.store.clone())), Arc::clone(&bus), TOPIC);
    let late = warehouse.store.begin_write().await.unwrap();
    enqueue(&late, vec![event("late", 1)], DateTime::UNIX_EPOCH, "correlation").await.unwrap();
    let opened = Instant::now();
    let (mut written, mut slowest) = (0, Duration::ZERO);
    while opened.elapsed() < open_for {
        let began = Instant::now();
        written += 1;
        warehouse.stock(&format!("SKU-{}", written % 9), NEAR, written).await;
        slowest = slowest.max(began.elapsed());
        sleep(Duration::from_millis(20)).await;
    }
    assert!(slowest < open_for / 2, "a writer waited for {slowest:?}");
    late.commit().await.unwrap();
    let outbox = warehouse.outbox().await;
    let heard = hear(&*bus, TOPIC, outbox.len()).await;
    assert!(heard.iter().any(|event| event.subject == "late"));
    for number in 0..9 {
        let subject = format!("SKU-{number}");
        let revisions: Vec<i64> =
            heard.iter().filter(|event| event.subject == subject).map(|event| event.revision).collect();
        assert!(revisions.is_sorted(), "{subject}: {revisions:?}");
    }
    running.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_a_transaction_held_open_is_not_skipped_and_blocks_nobody() {
    held_open(
        "relay_killed::postgres_a_transaction_held_open_is_not_skipped_and_blocks_nobody",
        Duration::from_secs(2),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_a_transaction_held_open_for_ten_seconds_is_not_skipped_and_blocks_nobody() {
    let test = "relay_killed::postgres_a_transaction_held_open_for_ten_seconds_is_not_skipped_and_blocks_nobody";
    held_open(test, Duration::from_secs(10)).await;
}
