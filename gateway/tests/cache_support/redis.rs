//! A real Redis, and a way to cut it off.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests may unwrap, and say what they could not do"
)]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// The address of Redis, or `None` when the test cannot run here.
#[allow(clippy::disallowed_methods, reason = "the servers of engine tests are named by the environment")]
pub fn redis_url(test: &str) -> Option<String> {
    if let Ok(url) = std::env::var("TEST_REDIS_URL")
        && !url.is_empty()
    {
        return Some(url);
    }
    println!(
        "NOT RUN: in_redis::{test} needs TEST_REDIS_URL (start `redis-server`, then set it to redis://127.0.0.1:6379)"
    );
    assert!(std::env::var("REQUIRE_ENGINES").as_deref() != Ok("1"), "{test} needs TEST_REDIS_URL");
    None
}

/// Keys of a test's own on the server.
pub struct Redis {
    pub url: String,
    pub prefix: String,
    connection: redis::aio::MultiplexedConnection,
}

impl Redis {
    pub async fn start(test: &str) -> Option<Self> {
        let url = redis_url(test)?;
        let client = redis::Client::open(url.as_str()).unwrap();
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        Some(Self { url, prefix: format!("cache-test-{}", uuid::Uuid::new_v4()), connection })
    }

    pub async fn keys(&self) -> Vec<String> {
        let mut connection = self.connection.clone();
        redis::cmd("KEYS").arg(format!("{}*", self.prefix)).query_async(&mut connection).await.unwrap()
    }

    pub async fn delete(&self, name: &str) {
        let mut connection = self.connection.clone();
        let key = format!("{}:{name}", self.prefix);
        let deleted: u64 = redis::cmd("DEL").arg(key).query_async(&mut connection).await.unwrap();
        assert_eq!(deleted, 1);
    }
}

/// What stands before Redis, and lets nothing pass while it is cut.
pub struct Proxy {
    address: std::net::SocketAddr,
    is_cut: Arc<AtomicBool>,
    connections: Arc<std::sync::Mutex<CancellationToken>>,
}

impl Proxy {
    pub async fn start(url: &str) -> Self {
        let target = url.split_once("://").unwrap().1.split('/').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy =
            Self { address: listener.local_addr().unwrap(), is_cut: Arc::default(), connections: Arc::default() };
        let (is_cut, connections) = (Arc::clone(&proxy.is_cut), Arc::clone(&proxy.connections));
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let ended = connections.lock().unwrap().clone();
                let target = target.clone();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(target).await.unwrap();
                    let _ = ended.run_until_cancelled(tokio::io::copy_bidirectional(&mut near, &mut far)).await;
                });
            }
        });
        proxy
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        std::mem::take(&mut *self.connections.lock().unwrap()).cancel();
    }

    pub fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}
