//! A whole shop, in either column.

use std::{
    collections::HashMap,
    path::Path,
    process::Command,
    sync::{
        Arc, LazyLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::{
    Column, Distributed, Settings, eventually,
    process::{Process, run, selvedge},
    shopper::Shopper,
    socket::Socket,
};

/// Products of the shops that tests share.
pub const SHARED_PRODUCTS: u32 = 120;
/// How long `selvedge up` may take to be ready, with loading the sample catalog on a busy machine.
const START_WITHIN: Duration = Duration::from_secs(60);

/// A running shop; it stops with the value.
pub struct Shop {
    pub url: String,
    pub parts: Parts,
    settings: Settings,
    /// Products that a test has taken for itself.
    taken: AtomicUsize,
    pub folder: TempDir,
}

/// What it is made of.
pub enum Parts {
    One(Process),
    Four(Box<Distributed>),
}

/// The shops that tests share: each is started by the first test that needs it and stopped by the last one.
static SHARED: LazyLock<Mutex<SharedShops>> = LazyLock::new(Mutex::default);

type SharedShops = HashMap<(Column, Settings), Weak<Shop>>;

impl Shop {
    /// The shop of this column and these settings that all tests of this binary use at once. `None` when an engine is
    /// missing.
    pub async fn shared(kind: (Column, Settings), test: &str) -> Option<Arc<Self>> {
        let mut shared = SHARED.lock().await;
        if let Some(shop) = shared.get(&kind).and_then(Weak::upgrade) {
            return Some(shop);
        }
        let shop = Arc::new(Self::own(kind, test, SHARED_PRODUCTS).await?);
        shared.insert(kind, Arc::downgrade(&shop));
        Some(shop)
    }

    /// A shop for one test. `None` when an engine is missing.
    pub async fn own((column, settings): (Column, Settings), test: &str, products: u32) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let (parts, url) = match column {
            Column::SqliteEmbeddedInProcess => {
                let (process, url) = start_embedded((folder.path(), settings), products).await;
                (Parts::One(process), url)
            }
            Column::PostgresRedisMongodb => {
                let distributed = Distributed::start(test, (folder.path(), settings), products).await?;
                let url = distributed.url.clone();
                (Parts::Four(Box::new(distributed)), url)
            }
        };
        let mut shop = Self { url, parts, settings, taken: AtomicUsize::new(0), folder };
        shop.wait_until_ready(products).await;
        Some(shop)
    }

    /// Waits until every part says that it is ready: recommendation does when it knows the whole catalog.
    async fn wait_until_ready(&mut self, products: u32) {
        let mut parts = vec![format!("{}/health", self.url)];
        match &mut self.parts {
            Parts::One(process) => parts.push(process.told("health ", &[], START_WITHIN).await),
            Parts::Four(distributed) => {
                let subgraphs = distributed.subgraphs.iter();
                parts.extend(subgraphs.map(|subgraph| format!("http://{}/health/ready", subgraph.address)));
            }
        }
        for part in parts {
            eventually(&format!("{part} says that it is ready"), START_WITHIN, || async {
                let health = reqwest::get(&part).await.ok()?;
                health.status().is_success().then_some(())
            })
            .await;
        }
        if products > 0 {
            let anonymous = self.anonymous();
            eventually("recommendation has something to show", START_WITHIN, || async {
                let answer = anonymous.answer("{ feed(first: 1) { items { score } } }", json!({})).await;
                (!answer.data["feed"]["items"].as_array()?.is_empty()).then_some(())
            })
            .await;
        }
    }

    /// The process that clients talk to.
    pub fn edge(&mut self) -> &mut Process {
        match &mut self.parts {
            Parts::One(process) => process,
            Parts::Four(distributed) => &mut distributed.gateway,
        }
    }

    pub fn distributed(&mut self) -> (&mut Distributed, &Path) {
        match &mut self.parts {
            Parts::One(_) => panic!("this shop is one process"),
            Parts::Four(distributed) => (distributed, self.folder.path()),
        }
    }

    /// Stops `selvedge up` and starts it again on the same data; answers how long until it said its address.
    pub async fn restart_embedded(&mut self) -> Duration {
        let process = self.edge();
        process.terminate();
        let status = process.ended(Duration::from_secs(15)).await;
        assert!(status.success(), "{status}: {}", process.output());
        let began = tokio::time::Instant::now();
        let (process, url) = start_embedded((self.folder.path(), self.settings), SHARED_PRODUCTS).await;
        let took = began.elapsed();
        (self.parts, self.url) = (Parts::One(process), url);
        self.wait_until_ready(1).await;
        took
    }

    /// Runs a tool on the stores of this shop, such as `["ledger", "verify"]`: exit status, output, problems.
    pub fn tool(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command: Command = selvedge(self.folder.path());
        command.args(arguments);
        match &self.parts {
            Parts::One(_) => command.arg("--data").arg(self.folder.path().join("data")),
            Parts::Four(distributed) => distributed.set(&mut command),
        };
        run(&mut command)
    }

    pub fn anonymous(&self) -> Shopper {
        Shopper::new(&self.url, None)
    }

    /// Signs `customer` in as the storefront does it.
    pub async fn sign_in(&self, customer: &str) -> Shopper {
        let answer = reqwest::get(format!("{}/shop/dev-token?sub={customer}", self.url)).await.unwrap();
        let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        Shopper::new(&self.url, answer["token"].as_str())
    }

    /// Someone with `scope`, by a token of the command line.
    pub fn staff(&self, scope: &str) -> Shopper {
        let (status, token, problems) =
            run(selvedge(self.folder.path()).args(["token", "--sub", "staff-1", "--scope", scope]));
        assert_eq!(status, Some(0), "{problems}");
        Shopper::new(&self.url, Some(token.trim()))
    }

    pub async fn socket(&self, shopper: &Shopper) -> Socket {
        Socket::ready(&self.url, shopper.token.as_deref()).await
    }

    /// A product that no other test of this shop uses, with all of its variants; it has stock.
    pub async fn take_product(&self) -> Value {
        let query = "query($after: String) { products(first: 250, after: $after, sort: TITLE, filter: {available: true})
            { nodes { id handle title vendor category variants { id sku size badge { available state revision } } } } }";
        let data = self.anonymous().ask(query, json!({})).await;
        let products = data["products"]["nodes"].as_array().unwrap().clone();
        let place = self.taken.fetch_add(1, Ordering::SeqCst);
        products[place % products.len()].clone()
    }

    /// A SKU of a product that no other test uses, with at least 3 pieces.
    pub async fn take_sku(&self) -> String {
        loop {
            let product = self.take_product().await;
            let mut variants = product["variants"].as_array().unwrap().iter();
            if let Some(found) = variants.find(|variant| variant["badge"]["available"].as_i64().unwrap() >= 3) {
                return found["sku"].as_str().unwrap().to_owned();
            }
        }
    }
}

async fn start_embedded((folder, settings): (&Path, Settings), products: u32) -> (Process, String) {
    let mut command = selvedge(folder);
    command.envs(settings.iter().copied());
    command.args(["up", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    command.args(["--sample-products", &products.to_string()]).arg("--data").arg(folder.join("data"));
    let mut process = Process::start("selvedge up", command);
    let address = process.told("GraphQL http://", &['/'], START_WITHIN).await;
    (process, format!("http://{address}"))
}
