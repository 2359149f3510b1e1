//! A Redis server that is killed and started again while events go through it.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use selvedge_kit::{
    bus::{BusSettings, Delivery, EventBus, Handle, Handled, RedisBus, Topic, work},
    outbox::{Relay, RelaySignal},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{relay::MemoryOutbox, support::event};

const TOPIC: Topic = Topic::INVENTORY;

/// A server that writes everything down before it answers.
struct Server {
    port: u16,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Server {
    /// `None` when the test cannot run here.
    fn start(test: &str) -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            println!("NOT RUN: {test} needs the program redis-server (apt-get install redis-server)");
            assert!(std::env::var("REQUIRE_ENGINES").as_deref() != Ok("1"), "{test} needs redis-server");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { port, folder: tempfile::tempdir().unwrap(), child: None };
        server.run();
        Some(server)
    }

    fn run(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--appendonly", "yes", "--appendfsync", "always"]).arg("--dir").arg(self.folder.path());
        self.child = Some(command.stdout(Stdio::null()).spawn().unwrap());
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

#[derive(Default)]
struct Effects(Mutex<Vec<i64>>);

#[async_trait]
impl Handle for Effects {
    async fn handle(&self, delivery: &Delivery) -> Handled {
        let mut effects = self.0.lock();
        // What is not newer is known.
        if effects.last().is_none_or(|last| *last < delivery.event.revision) {
            effects.push(delivery.event.revision);
        }
        Handled::Done
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_killed_and_started_again_loses_nothing() {
    let Some(mut server) = Server::start("redis_restarted::redis_killed_and_started_again_loses_nothing") else {
        return;
    };
    let url = format!("redis://127.0.0.1:{}", server.port);
    let settings = BusSettings { redeliver_after: Duration::from_secs(1), ..BusSettings::default() };
    let started = Instant::now();
    let bus = loop {
        match RedisBus::connect_with(&url, "restarted", settings).await {
            Ok(bus) => break Arc::new(bus),
            Err(error) => assert!(started.elapsed() < Duration::from_secs(10), "{error}"),
        }
    };
    let (outbox, effects) = (MemoryOutbox::with(Vec::new(), false), Arc::new(Effects::default()));
    let signal = RelaySignal::default();
    let relay = Relay { outbox: outbox.clone(), bus: bus.clone(), topic: TOPIC, signal, refill: false };
    let relaying = tokio::spawn(relay.run(CancellationToken::new()));
    let (consumer, handler) = (bus.consume(TOPIC, "g", "one").await.unwrap(), Arc::clone(&effects));
    let working = tokio::spawn(async move { work(consumer, &*handler).await });
    for revision in 1..=300 {
        outbox.add(event("sku-1", revision));
        if revision % 100 == 50 {
            server.kill();
            tokio::time::sleep(Duration::from_millis(300)).await;
            server.run();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let started = Instant::now();
    while effects.0.lock().len() < 300 {
        let count = effects.0.lock().len();
        assert!(started.elapsed() < Duration::from_secs(60), "{count} of 300 events came");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(*effects.0.lock(), (1..=300).collect::<Vec<_>>());
    relaying.abort();
    working.abort();
}
