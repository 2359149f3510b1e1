//! Who is told, in which order, and how much is kept for them.

use std::{collections::BTreeSet, sync::Arc};

use futures::future::join_all;
use sea_orm::EntityTrait;
use selvedge_inventory::{
    command::{
        AllocationRule, SetAllocations, SetChannel,
        waitlist::{JoinWaitlist, WAITING_MAX},
    },
    domain::ErrorCode,
    entity::{waitlist_customer, waitlist_variant},
    store::waitlist::WAITLIST_NOTIFIED,
};
use selvedge_kit::event::Event;

use super::{Post, SETTINGS, customer, join, waitlist};
use crate::{
    orders::desk::{cart, checkout},
    warehouse::{NEAR, Warehouse, new_key, staff, variant_id},
};

on_each_engine!(
    told_in_order_and_no_more_than_there_is,
    who_buys_makes_room_and_who_does_not_lapses,
    joining_twice_keeps_the_place_and_leaving_gives_it_up,
    channels_wait_for_what_they_may_sell,
    many_processes_tell_everybody_once_and_in_order,
    a_customer_is_forgotten_everywhere,
    what_cannot_be_waited_for_is_refused,
);

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
