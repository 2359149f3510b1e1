//! What only the Redis adapter has to survive.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use selvedge_kit::bus::{BusSettings, EventBus, Followed, RedisBus, TailFrom, Topic};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

use crate::support::{event, hasty, redis_url, unique_prefix};

const TOPIC: Topic = Topic("inventory");
const SOON: Duration = Duration::from_secs(10);

/// A line to Redis that can be cut.
struct Line {
    url: String,
    open: watch::Sender<bool>,
}

impl Line {
    async fn to(redis: &str) -> Self {
        let rest = redis.trim_start_matches("redis://");
        let server = rest.split('/').next().unwrap().rsplit('@').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = redis.replacen(&server, &listener.local_addr().unwrap().to_string(), 1);
        let open = watch::Sender::new(true);
        let watched = open.clone();
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let (server, mut open) = (server.clone(), watched.subscribe());
                tokio::spawn(async move {
                    if !*open.borrow() {
                        return;
                    }
                    let mut redis = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut redis) => {}
                        _ = open.wait_for(|open| !open) => {}
                    }
                });
            }
        });
        Self { url, open }
    }
}

#[tokio::test]
async fn redis_a_cut_line_is_opened_again_and_nothing_is_lost() {
    let Some(url) = redis_url("redis_a_cut_line_is_opened_again_and_nothing_is_lost") else { return };
    let (line, prefix) = (Line::to(&url).await, unique_prefix());
    let direct = RedisBus::connect(&url, &prefix).await.unwrap();
    let bus = RedisBus::connect(&line.url, &prefix).await.unwrap();
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    let mut tail = bus.tail(TOPIC, TailFrom::Start).await.unwrap();
    direct.publish(TOPIC, &[event("sku-1", 1)]).await.unwrap();
    assert_eq!(timeout(SOON, tail.next()).await.unwrap().unwrap().event.revision, 1);
    let first = timeout(SOON, consumer.next(10)).await.unwrap().unwrap();
    consumer.acknowledge(&[first[0].position.clone()]).await.unwrap();

    line.open.send_replace(false);
    timeout(SOON, consumer.next(10)).await.unwrap().unwrap_err();
    assert!(bus.check().await.is_err());
    assert!(bus.publish(TOPIC, &[event("sku-1", 9)]).await.is_err());
    direct.publish(TOPIC, &[event("sku-1", 2)]).await.unwrap();
    line.open.send_replace(true);

    assert_eq!(timeout(SOON, tail.next()).await.unwrap().unwrap().event.revision, 2);
    let came = timeout(SOON, async {
        loop {
            if let Ok(batch) = consumer.next(10).await {
                return batch;
            }
        }
    });
    assert_eq!(came.await.unwrap()[0].event.revision, 2);
    timeout(SOON, async {
        while bus.check().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .unwrap();
    bus.publish(TOPIC, &[event("sku-1", 3)]).await.unwrap();
    assert_eq!(timeout(SOON, tail.next()).await.unwrap().unwrap().event.revision, 3);
}

#[tokio::test]
async fn redis_a_follower_hears_at_once_that_the_line_is_cut() {
    let Some(url) = redis_url("redis_a_follower_hears_at_once_that_the_line_is_cut") else { return };
    let (line, prefix) = (Line::to(&url).await, unique_prefix());
    let direct = RedisBus::connect(&url, &prefix).await.unwrap();
    let bus = RedisBus::connect(&line.url, &prefix).await.unwrap();
    let mut followed = bus.follow(TOPIC).await.unwrap();
    assert!(matches!(timeout(SOON, followed.next()).await.unwrap(), Some(Followed::CaughtUp)));
    line.open.send_replace(false);
    assert!(matches!(timeout(Duration::from_secs(2), followed.next()).await.unwrap(), Some(Followed::Lost)));
    direct.publish(TOPIC, &[event("sku-1", 1)]).await.unwrap();
    line.open.send_replace(true);
    // What was published meanwhile comes before the word that nothing is late any more.
    let Some(Followed::Event(delivery)) = timeout(SOON, followed.next()).await.unwrap() else { panic!("no event") };
    assert_eq!(delivery.event.revision, 1);
    assert!(matches!(timeout(SOON, followed.next()).await.unwrap(), Some(Followed::CaughtUp)));
}

#[tokio::test]
async fn redis_what_is_no_event_is_put_aside() {
    let Some(url) = redis_url("redis_what_is_no_event_is_put_aside") else { return };
    let prefix = unique_prefix();
    let bus: Arc<dyn EventBus> = Arc::new(RedisBus::connect_with(&url, &prefix, hasty()).await.unwrap());
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    let mut tail = bus.tail(TOPIC, TailFrom::Start).await.unwrap();
    let mut redis = redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let key = format!("{prefix}:inventory");
    for field in ["event", "other"] {
        let mut command = redis::cmd("XADD");
        command.arg(&key).arg("*").arg(field).arg("nonsense").exec_async(&mut redis).await.unwrap();
    }
    bus.publish(TOPIC, &[event("sku-1", 1)]).await.unwrap();
    let came = timeout(SOON, consumer.next(10)).await.unwrap().unwrap();
    assert_eq!((came.len(), came[0].event.revision), (1, 1));
    assert_eq!(timeout(SOON, tail.next()).await.unwrap().unwrap().event.revision, 1);
    let dead = bus.dead_letters(TOPIC, 10).await.unwrap();
    assert_eq!(dead.iter().map(|letter| letter.entry.as_str()).collect::<Vec<_>>(), ["", "nonsense"]);
}

#[tokio::test]
async fn redis_a_server_that_forgot_everything_is_joined_again() {
    let Some(url) = redis_url("redis_a_server_that_forgot_everything_is_joined_again") else { return };
    let prefix = unique_prefix();
    let bus = RedisBus::connect_with(&url, &prefix, BusSettings::default()).await.unwrap();
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    bus.publish(TOPIC, &[event("sku-1", 1)]).await.unwrap();
    timeout(SOON, consumer.next(10)).await.unwrap().unwrap();
    let mut redis = redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    redis::cmd("DEL").arg(format!("{prefix}:inventory")).exec_async(&mut redis).await.unwrap();
    bus.publish(TOPIC, &[event("sku-1", 2)]).await.unwrap();
    assert!(timeout(SOON, consumer.next(10)).await.unwrap().is_err());
    let came = timeout(SOON, consumer.next(10)).await.unwrap().unwrap();
    assert_eq!(came[0].event.revision, 2);
}

#[tokio::test]
async fn redis_an_address_where_nobody_answers_is_refused() {
    let refused = RedisBus::connect("redis://127.0.0.1:1", "x").await.err().unwrap();
    assert!(refused.to_string().starts_with("the event bus is not reachable: "), "{refused}");
    assert!(RedisBus::connect("no url", "x").await.is_err());
}
