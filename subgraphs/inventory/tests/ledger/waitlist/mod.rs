//! Waiting for what is sold out: told in order, nobody twice, no more than there is, whatever dies.

mod notices;
mod queue;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use sea_orm::{EntityTrait, QueryOrder};
use selvedge_inventory::{
    command::{
        Caller, Commands, ReserveStock,
        waitlist::{JoinWaitlist, Waitlist, WaitlistSettings},
    },
    domain::waitlist::Notice,
    entity::waitlist_entry,
    notify::{Notifier, NotifyError},
    store::Store,
};
use selvedge_kit::outbox::RelaySignal;

use crate::warehouse::{Warehouse, line, new_key, variant_id};

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
