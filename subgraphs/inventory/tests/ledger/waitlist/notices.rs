//! Notices that are cut off, refused, late; and a waitlist that runs by itself.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;
use sea_orm::EntityTrait;
use selvedge_inventory::{
    command::waitlist::{Waitlist, WaitlistSettings, run_waitlist},
    domain::waitlist::Notice,
    entity::waitlist_notice,
    notify::{Notifier, NotifyError},
    store::waitlist::{NoticeCounts, count_notices},
};
use selvedge_kit::outbox::RelaySignal;
use tokio_util::sync::CancellationToken;

use super::{Post, SETTINGS, customer, join, waitlist};
use crate::warehouse::{NEAR, Warehouse, eventually, new_key, staff};

on_each_engine!(
    what_was_cut_off_is_done_again,
    a_notice_is_tried_again_and_given_up,
    who_cannot_be_told_holds_up_nobody,
    a_notice_comes_no_later_than_its_offer,
    a_running_waitlist_tells_by_itself,
);

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
