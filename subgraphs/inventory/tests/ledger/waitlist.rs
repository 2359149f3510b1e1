//! Waiting for what is sold out: told in order, nobody twice, no more than there is, whatever dies.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use futures::future::join_all;
use sea_orm::{EntityTrait, QueryOrder};
use selvedge_inventory::{
    command::{
        AllocationRule, Caller, Commands, ReserveStock, SetAllocations, SetChannel,
        waitlist::{JoinWaitlist, WAITING_MAX, Waitlist, WaitlistSettings, run_waitlist},
    },
    domain::{ErrorCode, waitlist::Notice},
    entity::{waitlist_customer, waitlist_entry, waitlist_notice, waitlist_variant},
    notify::{Notifier, NotifyError},
    store::{
        Store,
        waitlist::{NoticeCounts, WAITLIST_NOTIFIED, count_notices},
    },
};
use selvedge_kit::{event::Event, outbox::RelaySignal};
use tokio_util::sync::CancellationToken;

use crate::{
    orders::desk::{cart, checkout},
    warehouse::{NEAR, Warehouse, eventually, line, new_key, staff, variant_id},
};

on_each_engine!(
    told_in_order_and_no_more_than_there_is,
    who_buys_makes_room_and_who_does_not_lapses,
    joining_twice_keeps_the_place_and_leaving_gives_it_up,
    channels_wait_for_what_they_may_sell,
    many_processes_tell_everybody_once_and_in_order,
    what_was_cut_off_is_done_again,
    a_notice_is_tried_again_and_given_up,
    who_cannot_be_told_holds_up_nobody,
    a_notice_comes_no_later_than_its_offer,
    a_customer_is_forgotten_everywhere,
    what_cannot_be_waited_for_is_refused,
    a_running_waitlist_tells_by_itself,
);

const SETTINGS: WaitlistSettings = WaitlistSettings {
    offer_for: TimeDelta::hours(1),
    lease: TimeDelta::seconds(30),
    pause_base: TimeDelta::milliseconds(1),
    pause_max: TimeDelta::milliseconds(5),
    attempts_max: 3,
};

/// Notes whom it told, and fails as often as it is told to.
#[derive(Debug, Default)]
struct Post {
    told: Mutex<Vec<Notice>>,
    failures: Mutex<Vec<NotifyError>>,
}

#[async_trait]
impl Notifier for Post {
    async fn tell(&self, notice: &Notice) -> Result<(), NotifyError> {
        // Long enough that others come in between if they may.
        tokio::time::sleep(Duration::from_millis(1)).await;
        if let Some(failure) = self.failures.lock().unwrap().pop() {
            return Err(failure);
        }
        self.told.lock().unwrap().push(notice.clone());
        Ok(())
    }
}

impl Post {
    fn customers(&self) -> Vec<String> {
        self.told.lock().unwrap().iter().map(|notice| notice.customer_id.clone()).collect()
    }
}

fn customer(name: &str) -> Caller {
    Caller { actor: name.to_owned(), correlation_id: "c".to_owned(), manages_stock: false, manages_orders: false }
}

fn waitlist(store: &Store, post: &Arc<Post>, settings: WaitlistSettings) -> Waitlist {
    Waitlist::new(store.clone(), RelaySignal::default(), Arc::clone(post) as Arc<dyn Notifier>, settings)
}

async fn join(commands: &Commands, name: &str, sku: &str, quantity: i32) -> waitlist_entry::Model {
    let input = JoinWaitlist { variant_id: variant_id(sku), channel: None, quantity };
    commands.join_waitlist(&customer(name), &input, &new_key()).await.unwrap().unwrap()
}

impl Warehouse {
    fn waitlist(&self, post: &Arc<Post>) -> Waitlist {
        waitlist(&self.store, post, SETTINGS)
    }

    async fn entries(&self) -> Vec<waitlist_entry::Model> {
        let all = waitlist_entry::Entity::find().order_by_asc(waitlist_entry::Column::Seq);
        all.all(self.store.reader()).await.unwrap()
    }

    /// The statuses of all entries in the order of joining.
    async fn waiting(&self) -> Vec<String> {
        self.entries().await.into_iter().map(|row| row.status).collect()
    }

    /// Reacts to the ledger, decides, and delivers until nothing is left.
    async fn tell(&self, waitlist: &Waitlist) {
        self.react(&self.reactions()).await;
        waitlist.decide().await.unwrap();
        while waitlist.deliver_one().await.unwrap() {}
    }

    async fn buy(&self, name: &str, sku: &str, quantity: i32) {
        let input = ReserveStock { lines: vec![line(sku, quantity)], ..ReserveStock::default() };
        self.commands.reserve(&customer(name), &input, &new_key()).await.unwrap().unwrap();
    }
}

async fn told_in_order_and_no_more_than_there_is(warehouse: Warehouse) {
    let post = Arc::new(Post::default());
    let waitlist = warehouse.waitlist(&post);
    for (name, quantity) in [("ann", 1), ("ben", 2), ("cat", 1), ("dan", 3)] {
        join(&warehouse.commands, name, "SKU-0", quantity).await;
    }
    warehouse.tell(&waitlist).await;
    assert_eq!(post.customers(), [""; 0], "there is nothing");
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.tell(&waitlist).await;
    assert_eq!(post.customers(), ["ann", "ben"]);
    assert_eq!(warehouse.waiting().await, ["NOTIFIED", "NOTIFIED", "WAITING", "WAITING"]);
    warehouse.tell(&waitlist).await;
    assert_eq!(post.customers().len(), 2, "nobody is told twice");
    // Two more: one for the next, and what is left for who wants three.
    warehouse.stock("SKU-0", NEAR, 5).await;
    warehouse.tell(&waitlist).await;
    assert_eq!(post.customers(), ["ann", "ben", "cat", "dan"]);
    let pieces: Vec<i32> = post.told.lock().unwrap().iter().map(|notice| notice.quantity).collect();
    assert_eq!(pieces, [1, 2, 1, 1]);
    let rows = warehouse.outbox().await.into_iter().filter(|row| row.event["type"] == WAITLIST_NOTIFIED);
    let events: Vec<Event> = rows.map(|row| serde_json::from_value(row.event).unwrap()).collect();
    assert_eq!(events.len(), 4);
    for event in events {
        assert_eq!(selvedge_kit::event::schemas::violations(&event), Vec::<String>::new());
        let text = serde_json::to_string(&event).unwrap();
        assert!(["ann", "ben", "cat", "dan"].iter().all(|name| !text.contains(&format!("\"{name}\""))), "{text}");
    }
    // Who was told and joins again waits at the end.
    join(&warehouse.commands, "ann", "SKU-0", 1).await;
    warehouse.tell(&waitlist).await;
    assert_eq!(warehouse.waiting().await.last().unwrap(), "WAITING");
}

async fn who_buys_makes_room_and_who_does_not_lapses(warehouse: Warehouse) {
    let post = Arc::new(Post::default());
    let waitlist = warehouse.waitlist(&post);
    for name in ["ann", "ben", "cat", "dan"] {
        join(&warehouse.commands, name, "SKU-0", 1).await;
    }
    warehouse.stock("SKU-0", NEAR, 2).await;
    warehouse.tell(&waitlist).await;
    assert_eq!(post.customers(), ["ann", "ben"]);
    // She takes her piece: nothing is left over for the others.
    warehouse.buy("ann", "SKU-0", 1).await;
    warehouse.tell(&waitlist).await;
    assert_eq!(warehouse.waiting().await, ["SERVED", "NOTIFIED", "WAITING", "WAITING"]);
    // He orders his: the subgraph holds it for him in the name of the order.
    let orders = warehouse.orders();
    let cart_id = cart(&orders, &customer("ben"), &[("SKU-0", 1)]).await;
    orders.check_out(&customer("ben"), &checkout(&cart_id, "tok_succeed"), &new_key()).await.unwrap().unwrap();
    warehouse.tell(&waitlist).await;
    assert_eq!(warehouse.waiting().await, ["SERVED", "SERVED", "WAITING", "WAITING"]);
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.tell(&waitlist).await;
    assert_eq!(post.customers(), ["ann", "ben", "cat"]);
    // Her time is over: the piece is told to the next.
    let past = "UPDATE waitlist_entry SET offer_expires_at = '2020-01-01T00:00:00+00:00' WHERE status = 'NOTIFIED';
        UPDATE waitlist_variant SET due_at = '2020-01-01T00:00:00+00:00'";
    warehouse.sql(past).await.unwrap();
    warehouse.tell(&waitlist).await;
    assert_eq!(warehouse.waiting().await, ["SERVED", "SERVED", "LAPSED", "NOTIFIED"]);
    assert_eq!(post.customers(), ["ann", "ben", "cat", "dan"]);
    warehouse.buy("dan", "SKU-0", 1).await;
    warehouse.tell(&waitlist).await;
    let queues = waitlist_variant::Entity::find().all(warehouse.store.reader()).await.unwrap();
    assert_eq!(queues, [], "a queue in which nobody is needs no looking at");
}

async fn joining_twice_keeps_the_place_and_leaving_gives_it_up(warehouse: Warehouse) {
    let post = Arc::new(Post::default());
    let waitlist = warehouse.waitlist(&post);
    let first = join(&warehouse.commands, "ann", "SKU-0", 1).await;
    join(&warehouse.commands, "ben", "SKU-0", 1).await;
    let again = join(&warehouse.commands, "ann", "SKU-0", 2).await;
    assert_eq!((&again.id, again.seq, again.quantity), (&first.id, first.seq, 2));
    let not_his = warehouse.commands.leave_waitlist(&customer("ben"), &first.id, &new_key()).await.unwrap();
    assert_eq!(not_his.unwrap_err()[0].code, ErrorCode::WaitlistEntryNotFound);
    warehouse.stock("SKU-0", NEAR, 2).await;
    warehouse.tell(&waitlist).await;
    assert_eq!(post.customers(), ["ann"]);
    // She gives back what she was told of.
    let left = warehouse.commands.leave_waitlist(&customer("ann"), &first.id, &new_key()).await.unwrap().unwrap();
    assert_eq!(left.status, "LEFT");
    let twice = warehouse.commands.leave_waitlist(&customer("ann"), &first.id, &new_key()).await.unwrap().unwrap();
    assert_eq!(twice.ended_at, left.ended_at);
    warehouse.tell(&waitlist).await;
    assert_eq!(post.customers(), ["ann", "ben"]);
    // At once by several processes, one entry.
    let (_, other) = warehouse.second_process().await;
    let joining = [&warehouse.commands, &other, &warehouse.commands, &other];
    let entries = join_all(joining.map(|commands| join(commands, "eve", "SKU-1", 1))).await;
    assert_eq!(entries.iter().map(|row| &row.id).collect::<BTreeSet<_>>().len(), 1);
}

async fn channels_wait_for_what_they_may_sell(warehouse: Warehouse) {
    let post = Arc::new(Post::default());
    let waitlist = warehouse.waitlist(&post);
    for code in ["web", "shop"] {
        let channel = SetChannel {
            code: code.to_owned(),
            name: code.to_owned(),
            active: true,
            safety_stock: 0,
            location_ids: Vec::new(),
        };
        warehouse.commands.set_channel(&staff(), &channel, &new_key()).await.unwrap().unwrap();
    }
    let limit = async |limit: i32| {
        let rule = AllocationRule { sku: None, share_percent: None, limit: Some(limit) };
        let rules = SetAllocations { channel: "web".to_owned(), allocations: vec![rule] };
        warehouse.commands.set_allocations(&staff(), &rules, &new_key()).await.unwrap().unwrap();
    };
    limit(0).await;
    for (name, channel) in [("ann", Some("web")), ("ben", Some("shop")), ("cat", None), ("dan", Some("web"))] {
        let channel = channel.map(str::to_owned);
        let input = JoinWaitlist { variant_id: variant_id("SKU-0"), channel, quantity: 1 };
        warehouse.commands.join_waitlist(&customer(name), &input, &new_key()).await.unwrap().unwrap();
    }
    warehouse.stock("SKU-0", NEAR, 9).await;
    warehouse.tell(&waitlist).await;
    assert_eq!(post.customers(), ["ben", "cat"], "the channel may sell nothing, and holds up nobody");
    limit(1).await;
    warehouse.sql("UPDATE waitlist_variant SET due_at = '2020-01-01T00:00:00+00:00'").await.unwrap();
    warehouse.tell(&waitlist).await;
    assert_eq!(post.customers(), ["ben", "cat", "ann"]);
    assert_eq!(warehouse.waiting().await, ["NOTIFIED", "NOTIFIED", "NOTIFIED", "WAITING"]);
}

async fn many_processes_tell_everybody_once_and_in_order(warehouse: Warehouse) {
    const WAITING: usize = 40;
    let post = Arc::new(Post::default());
    let mut expected = [Vec::new(), Vec::new()];
    for number in 0..WAITING {
        let name = format!("customer-{number}");
        join(&warehouse.commands, &name, &format!("SKU-{}", number % 2), 1).await;
        expected[number % 2].push(name);
    }
    let mut processes = Vec::new();
    for _ in 0..4 {
        processes.push(waitlist(&warehouse.second_process().await.0, &post, SETTINGS));
    }
    let mut sold = 0;
    for pieces in [3, 8, 9, 20] {
        sold = pieces;
        for sku in ["SKU-0", "SKU-1"] {
            warehouse.stock(sku, NEAR, pieces).await;
        }
        warehouse.react(&warehouse.reactions()).await;
        // Deciding and delivering at once, by all.
        join_all(processes.iter().map(|process| async {
            process.decide().await.unwrap();
            for _ in 0..40 {
                process.deliver_one().await.unwrap();
            }
        }))
        .await;
        while processes[0].deliver_one().await.unwrap() {}
        assert_eq!(post.told.lock().unwrap().len(), 2 * usize::try_from(pieces).unwrap());
    }
    assert_eq!(sold, 20);
    for (sku, expected) in ["SKU-0", "SKU-1"].iter().zip(expected) {
        let told = post.told.lock().unwrap();
        let told: Vec<&String> =
            told.iter().filter(|notice| notice.sku == *sku).map(|notice| &notice.customer_id).collect();
        assert_eq!(told, expected.iter().collect::<Vec<_>>(), "in the order of joining, each once");
    }
}

/// A process dies between the statements of a decision, and another between telling and noting that it did.
async fn what_was_cut_off_is_done_again(warehouse: Warehouse) {
    let post = Arc::new(Post::default());
    let waitlist = warehouse.waitlist(&post);
    for name in ["ann", "ben"] {
        join(&warehouse.commands, name, "SKU-0", 1).await;
    }
    warehouse.stock("SKU-0", NEAR, 2).await;
    warehouse.react(&warehouse.reactions()).await;
    let (forbid, allow) = if warehouse.store.engine() == selvedge_inventory::store::Engine::Postgres {
        (
            "ALTER TABLE waitlist_notice ADD CONSTRAINT broken CHECK (seq < 0)",
            "ALTER TABLE waitlist_notice DROP CONSTRAINT broken",
        )
    } else {
        (
            "CREATE TRIGGER broken BEFORE INSERT ON waitlist_notice BEGIN SELECT RAISE(ABORT, 'broken'); END",
            "DROP TRIGGER broken",
        )
    };
    warehouse.sql(forbid).await.unwrap();
    waitlist.decide().await.unwrap_err();
    assert_eq!(warehouse.waiting().await, ["WAITING", "WAITING"], "all of it or nothing");
    warehouse.sql(allow).await.unwrap();
    assert_eq!(waitlist.decide().await.unwrap(), 2);
    // It tells, and dies before it notes that: the lease runs out, and the same notice comes again under its id.
    let dying = Dying(Arc::clone(&post));
    let dying = Waitlist::new(warehouse.store.clone(), RelaySignal::default(), Arc::new(dying), SETTINGS);
    assert!(tokio::spawn(async move { dying.deliver_one().await }).await.is_err());
    while waitlist.deliver_one().await.unwrap() {}
    assert_eq!(post.customers(), ["ann"], "those behind wait for who is being told");
    warehouse.sql("UPDATE waitlist_notice SET leased_until = '2020-01-01T00:00:00+00:00'").await.unwrap();
    while waitlist.deliver_one().await.unwrap() {}
    assert_eq!(post.customers(), ["ann", "ann", "ben"]);
    let told = post.told.lock().unwrap();
    assert_eq!(told[0].id, told[1].id, "by which the receiver knows it");
}

/// Tells, and does not live to say so.
#[derive(Debug)]
struct Dying(Arc<Post>);

#[async_trait]
impl Notifier for Dying {
    async fn tell(&self, notice: &Notice) -> Result<(), NotifyError> {
        self.0.tell(notice).await?;
        panic!("killed");
    }
}

async fn a_notice_is_tried_again_and_given_up(warehouse: Warehouse) {
    let post = Arc::new(Post::default());
    let waitlist = warehouse.waitlist(&post);
    let away = || NotifyError::Unavailable { reason: "away".to_owned() };
    for name in ["ann", "ben", "cat"] {
        join(&warehouse.commands, name, "SKU-0", 1).await;
    }
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.react(&warehouse.reactions()).await;
    waitlist.decide().await.unwrap();
    // Taken from the end: hers fails twice, his is refused for good.
    post.failures.lock().unwrap().extend([away()]);
    let deliver = async || {
        for _ in 0..20 {
            waitlist.deliver_one().await.unwrap();
            tokio::time::sleep(Duration::from_millis(6)).await;
        }
    };
    deliver().await;
    let mut told = post.customers();
    told.sort();
    assert_eq!(told, ["ann", "ben", "cat"], "what failed once was told later");
    assert_eq!(count_notices(&warehouse.store).await.unwrap(), NoticeCounts::default());
    let rows = waitlist_notice::Entity::find().all(warehouse.store.reader()).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.attempts).max(), Some(2));

    for name in ["dan", "eve"] {
        join(&warehouse.commands, name, "SKU-1", 1).await;
    }
    warehouse.stock("SKU-1", NEAR, 2).await;
    warehouse.react(&warehouse.reactions()).await;
    waitlist.decide().await.unwrap();
    post.failures.lock().unwrap().extend([away(), away(), away(), NotifyError::Refused { reason: "no".to_owned() }]);
    deliver().await;
    assert_eq!(count_notices(&warehouse.store).await.unwrap(), NoticeCounts { pending: 0, dead: 2 });
    let rows = waitlist_notice::Entity::find().all(warehouse.store.reader()).await.unwrap();
    let mut reasons: Vec<String> = rows.into_iter().filter_map(|row| row.last_error).collect();
    reasons.sort();
    assert_eq!(reasons, ["away", "refused: no"]);
    assert_eq!(warehouse.commands.redrive_waitlist_notices(&staff(), &new_key()).await.unwrap(), Ok(2));
    deliver().await;
    assert_eq!(post.customers().len(), 5);
}

async fn who_cannot_be_told_holds_up_nobody(warehouse: Warehouse) {
    let post = Arc::new(Post::default());
    let patient = WaitlistSettings { pause_base: TimeDelta::hours(1), pause_max: TimeDelta::hours(1), ..SETTINGS };
    let waitlist = waitlist(&warehouse.store, &post, patient);
    for name in ["ann", "ben", "cat"] {
        join(&warehouse.commands, name, "SKU-0", 1).await;
    }
    warehouse.stock("SKU-0", NEAR, 3).await;
    post.failures.lock().unwrap().push(NotifyError::Unavailable { reason: "away".to_owned() });
    warehouse.tell(&waitlist).await;
    assert_eq!(post.customers(), ["ben", "cat"]);
    assert_eq!(count_notices(&warehouse.store).await.unwrap(), NoticeCounts { pending: 1, dead: 0 });
}

async fn a_notice_comes_no_later_than_its_offer(warehouse: Warehouse) {
    let post = Arc::new(Post::default());
    let waitlist = warehouse.waitlist(&post);
    let entry = join(&warehouse.commands, "ann", "SKU-0", 1).await;
    warehouse.stock("SKU-0", NEAR, 1).await;
    warehouse.react(&warehouse.reactions()).await;
    waitlist.decide().await.unwrap();
    warehouse.commands.leave_waitlist(&customer("ann"), &entry.id, &new_key()).await.unwrap().unwrap();
    while waitlist.deliver_one().await.unwrap() {}
    assert_eq!(post.customers(), [""; 0]);
    assert_eq!(count_notices(&warehouse.store).await.unwrap().dead, 1);
    assert_eq!(warehouse.commands.redrive_waitlist_notices(&staff(), &new_key()).await.unwrap(), Ok(0));
}

async fn a_customer_is_forgotten_everywhere(warehouse: Warehouse) {
    let post = Arc::new(Post::default());
    let waitlist = warehouse.waitlist(&post);
    for (name, sku) in [("ann", "SKU-0"), ("ben", "SKU-0"), ("ann", "SKU-1")] {
        join(&warehouse.commands, name, sku, 1).await;
    }
    warehouse.stock("SKU-0", NEAR, 1).await;
    warehouse.react(&warehouse.reactions()).await;
    waitlist.decide().await.unwrap();
    assert_eq!(warehouse.waiting().await, ["NOTIFIED", "WAITING", "WAITING"]);
    assert_eq!(warehouse.commands.erase_from_waitlist(&staff(), "ann", &new_key()).await.unwrap(), Ok(2));
    assert_eq!(warehouse.commands.erase_from_waitlist(&staff(), "ann", &new_key()).await.unwrap(), Ok(0));
    let customers = waitlist_customer::Entity::find().all(warehouse.store.reader()).await.unwrap();
    assert_eq!(customers.iter().map(|row| row.customer_id.as_str()).collect::<Vec<_>>(), ["ben"]);
    // What she was told of goes to the next.
    warehouse.tell(&waitlist).await;
    assert_eq!(post.customers(), ["ben"]);
}

async fn what_cannot_be_waited_for_is_refused(warehouse: Warehouse) {
    let ask = async |variant_id: String, channel: Option<&str>, quantity: i32| {
        let input = JoinWaitlist { variant_id, channel: channel.map(str::to_owned), quantity };
        let answer = warehouse.commands.join_waitlist(&customer("ann"), &input, &new_key()).await.unwrap();
        answer.unwrap_err()[0].code
    };
    assert_eq!(ask("none".to_owned(), None, 1).await, ErrorCode::UnknownVariant);
    assert_eq!(ask(variant_id("SKU-0"), Some("none"), 1).await, ErrorCode::UnknownChannel);
    assert_eq!(ask(variant_id("SKU-0"), None, 0).await, ErrorCode::InvalidQuantity);
    assert_eq!(ask(variant_id("SKU-0"), None, 101).await, ErrorCode::InvalidQuantity);
    warehouse.sql("UPDATE product SET status = 'DRAFT'").await.unwrap();
    assert_eq!(ask(variant_id("SKU-0"), None, 1).await, ErrorCode::UnknownVariant);
    warehouse.sql("UPDATE product SET status = 'ACTIVE'").await.unwrap();
    assert_eq!(WAITING_MAX, 100);
    // Ten variants there are; as many channels make a hundred entries.
    for number in 0..10 {
        let channel = SetChannel {
            code: format!("c-{number}"),
            name: "C".to_owned(),
            active: true,
            safety_stock: 0,
            location_ids: Vec::new(),
        };
        warehouse.commands.set_channel(&staff(), &channel, &new_key()).await.unwrap().unwrap();
        for sku in 0..10 {
            let (variant_id, channel) = (variant_id(&format!("SKU-{sku}")), Some(format!("c-{number}")));
            let input = JoinWaitlist { variant_id, channel, quantity: 1 };
            warehouse.commands.join_waitlist(&customer("ann"), &input, &new_key()).await.unwrap().unwrap();
        }
    }
    assert_eq!(ask(variant_id("SKU-0"), None, 1).await, ErrorCode::TooManyLines);
}

async fn a_running_waitlist_tells_by_itself(warehouse: Warehouse) {
    let post = Arc::new(Post::default());
    let shutdown = CancellationToken::new();
    let tasks = [
        tokio::spawn(run_waitlist(warehouse.waitlist(&post), shutdown.clone())),
        tokio::spawn(warehouse.reactions().run(shutdown.clone())),
    ];
    for name in ["ann", "ben"] {
        join(&warehouse.commands, name, "SKU-0", 1).await;
    }
    warehouse.stock("SKU-0", NEAR, 1).await;
    eventually(|| async { post.customers() == ["ann"] }).await;
    warehouse.stock("SKU-0", NEAR, 2).await;
    eventually(|| async { post.customers() == ["ann", "ben"] }).await;
    shutdown.cancel();
    for task in tasks {
        tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap();
    }
}
