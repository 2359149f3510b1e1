//! Looking into events, publishing them again, bringing dead letters back.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::support::{Process, eventually, run, selvedge, test_server};

/// How long a shop may take to start and to announce its catalog on a busy machine.
const START_WITHIN: Duration = Duration::from_secs(60);

/// What a command said, and how it ended.
struct Said {
    status: Option<i32>,
    out: String,
    problems: String,
}

/// A data folder, the engines of its column, and what `selvedge events` says of it.
struct Column {
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Column {
    fn embedded() -> Arc<Self> {
        Arc::new(Self { folder: tempdir().unwrap(), environment: Vec::new() })
    }

    /// The embedded stores with the bus on Redis.
    fn redis(test: &str) -> Option<Arc<Self>> {
        let url = test_server("TEST_REDIS_URL", test, "start `redis-server`, then set it to redis://127.0.0.1:6379")?;
        let prefix = format!("events-test-{}", uuid::Uuid::now_v7());
        let environment = vec![("REDIS_URL", url), ("SELVEDGE_EVENTS__PREFIX", prefix)];
        Some(Arc::new(Self { folder: tempdir().unwrap(), environment }))
    }

    fn say(&self, arguments: &[&str]) -> Said {
        let mut command = selvedge(self.folder.path());
        command.envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())));
        let (status, out, problems) = run(command.args(arguments));
        Said { status, out, problems }
    }

    /// The lines of a list.
    fn list(&self, arguments: &[&str]) -> Vec<Value> {
        let said = self.say(&[&["events", "list", "--json", "--data", "data"], arguments].concat());
        assert_eq!(said.status, Some(0), "{}", said.problems);
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn is_embedded(&self) -> bool {
        self.environment.is_empty()
    }

    /// A shop that has loaded a small catalog.
    async fn shop(&self) -> Process {
        let mut command = selvedge(self.folder.path());
        command.envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())));
        command.args([
            "up",
            "--data",
            "data",
            "--sample-products",
            "12",
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
        ]);
        let mut process = Process::start("selvedge up", command);
        // Before that there may be no store to look into.
        process.told("GraphQL http://", &['/'], START_WITHIN).await;
        let arguments = ["--topic", "inventory", "--limit", "10000"];
        eventually("the catalog is announced", START_WITHIN, || async {
            let kept = self.list(&arguments);
            tokio::time::sleep(Duration::from_millis(500)).await;
            let products = kept.iter().filter(|line| line.to_string().contains("product_changed")).count();
            (products >= 12 && self.list(&arguments).len() == kept.len()).then_some(())
        })
        .await;
        process
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_events_are_listed_and_published_again() {
    listed_and_published_again(Column::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_events_are_listed_and_published_again() {
    if let Some(column) = Column::redis("events::redis_events_are_listed_and_published_again") {
        listed_and_published_again(column).await;
    }
}

async fn listed_and_published_again(column: Arc<Column>) {
    let shop = column.shop().await;
    let all = column.list(&["--topic", "inventory", "--limit", "1000"]);
    let [first, second] = [&all[0], &all[1]];
    let position = first["position"].as_str().unwrap();
    let behind = column.list(&["--topic", "inventory", "--after", position, "--limit", "1"]);
    assert_eq!(behind, std::slice::from_ref(second));
    let products = column.list(&["--topic", "inventory", "--type", "product_changed", "--limit", "1000"]);
    assert!(products.len() >= 12);
    let subject = products[3]["event"]["subject"].as_str().unwrap();
    let of_one = column.list(&["--subject", subject]);
    assert!(of_one.iter().all(|line| line["event"]["subject"] == subject) && !of_one.is_empty());
    assert_eq!(column.list(&["--topic", "inventory", "--since", "1h", "--limit", "1000"]).len(), all.len());
    assert!(column.list(&["--topic", "inventory", "--since", "2099-01-01T00:00:00Z"]).is_empty());

    let replay =
        |more: &[&str]| column.say(&[&["events", "replay", "--data", "data", "--topic", "inventory"], more].concat());
    let dry = replay(&["--subject", subject, "--dry-run"]);
    assert_eq!(dry.out.trim(), format!("{} events would be published again", of_one.len()), "{}", dry.problems);
    let done = replay(&["--subject", subject]);
    assert_eq!(done.out.trim(), format!("{} events published again", of_one.len()), "{}", done.problems);
    let part = replay(&["--from", position, "--to", second["position"].as_str().unwrap()]);
    assert_eq!(part.out.trim(), "2 events published again", "{}", part.problems);
    if column.is_embedded() {
        eventually("the shop has taken the requests", Duration::from_secs(10), || async {
            let spool = column.folder.path().join("data/events/spool");
            (std::fs::read_dir(spool).unwrap().count() == 0).then_some(())
        })
        .await;
    } else {
        let replayed = column.list(&["--topic", "inventory", "--limit", "10000"]);
        let marked = replayed.iter().filter(|line| line["origin"] == "replayed").count();
        assert_eq!(marked, of_one.len() + 2);
        // What was published again is not counted twice.
        let again = replay(&["--subject", subject, "--dry-run"]);
        assert_eq!(again.out, dry.out);
        let lost = replay(&["--since", "1h", "--source", "outbox", "--dry-run"]);
        assert_eq!(lost.out.trim(), format!("{} events would be published again", all.len()), "{}", lost.problems);
    }
    for (wrong, said) in [
        (&["--from", "no-such-place"][..], "no event at position `no-such-place`"),
        (&["--since", "yesterday"], "expected one like 2026-11-28T04:00:00Z, or how long ago"),
        (&[], "--from <POSITION>|--since <TIME>|--subject <KEY>"),
    ] {
        let refused = replay(wrong);
        assert_eq!(refused.status, Some(2), "{wrong:?}");
        assert!(refused.problems.contains(said), "{wrong:?}: {}", refused.problems);
    }
    let topic = column.say(&["events", "list", "--topic", "invntory"]);
    assert!(topic.problems.contains("there are `inventory` and `preferences`"), "{}", topic.problems);
    drop(shop);
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_dead_letters_are_listed_redriven_and_purged() {
    let column = Column::embedded();
    let letters = column.folder.path().join("data/events/dead-letters/inventory");
    std::fs::create_dir_all(&letters).unwrap();
    let event = json!({
        "specversion": "1.0", "id": "0193", "type": "com.selvedge.inventory.product_changed.v1",
        "source": "/selvedge/inventory", "subject": "p1", "time": "2026-11-01T00:00:00Z",
        "datacontenttype": "application/json", "dataschema": "https://selvedge.dev/schema/events/product_changed.v1.json",
        "revision": 3, "correlationid": "c", "data": {}
    });
    let letter = |id: &str, entry: String| {
        json!({"id": id, "group": "recommendation", "position": "7", "attempts": 5, "reason": "it has no price",
            "entry": entry})
    };
    let place = |id: &str| {
        let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, id.as_bytes());
        letters.join(format!("{name}.json"))
    };
    let put = |id: &str, entry: String| std::fs::write(place(id), letter(id, entry).to_string()).unwrap();
    put("recommendation:0193", event.to_string());
    put("recommendation:8", "no event".to_owned());

    let listed = column.list(&["--dead"]);
    assert_eq!(listed.len(), 2);
    let known = listed.iter().find(|line| line["id"] == "recommendation:0193").unwrap();
    assert_eq!((&known["event"], &known["reason"], &known["attempts"]), (&event, &json!("it has no price"), &json!(5)));
    assert_eq!(column.list(&["--dead", "--subject", "p1"]).len(), 1);

    let say = |arguments: &[&str]| column.say(&[&["events"], arguments, &["--data", "data"]].concat());
    let unknown = say(&["redrive", "--id", "recommendation:1"]);
    assert_eq!(unknown.status, Some(2));
    assert!(unknown.problems.contains("`selvedge events list --dead` shows them"), "{}", unknown.problems);
    let dry = say(&["redrive", "--id", "recommendation:0193", "--dry-run"]);
    assert!(dry.out.contains("would go back to recommendation"), "{}", dry.out);
    assert_eq!(column.list(&["--dead"]).len(), 2);
    let all = say(&["redrive", "--all"]);
    assert_eq!(all.status, Some(1), "one of them is no event");
    assert!(all.problems.contains("is no event and cannot be published"), "{}", all.problems);
    assert!(all.out.contains("1 of 2 dead letters redriven"), "{}", all.out);
    assert_eq!(std::fs::read_dir(column.folder.path().join("data/events/spool")).unwrap().count(), 1);
    let purged = say(&["purge", "--dead", "--all"]);
    assert_eq!((purged.status, purged.out.trim()), (Some(0), "1 dead letters thrown away"));
    assert!(column.list(&["--dead"]).is_empty());
}
