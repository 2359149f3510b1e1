//! A schema that changes while it is served: sources, swaps, and what is refused.

use std::{fs, sync::Arc, sync::atomic::Ordering, time::Duration};

use selvedge_gateway::{
    config::{BreakingChange, Config},
    schema::{SubgraphSdl, compose},
};
use serde_json::json;

use crate::reload_support::{Following, Load, Subgraph, ask, config, prices_sdl, products_sdl};

const PAGE: &str = "{ product { id title price } }";

fn page() -> serde_json::Value {
    json!({ "data": { "product": { "id": "1", "title": "products.title", "price": "prices.price" } } })
}

async fn shop() -> (Arc<Subgraph>, Arc<Subgraph>) {
    (Subgraph::start("products", products_sdl("")).await, Subgraph::start("prices", prices_sdl("")).await)
}

fn supergraph(products: (&Subgraph, &str), prices: (&Subgraph, &str)) -> String {
    let sdl =
        |subgraph: &Subgraph, sdl: String| SubgraphSdl { name: subgraph.name.to_owned(), url: subgraph.url(), sdl };
    compose(&[sdl(products.0, products_sdl(products.1)), sdl(prices.0, prices_sdl(prices.1))]).unwrap()
}

fn polling(products: &Subgraph, prices: &Subgraph) -> Config {
    let mut config = config();
    config.schema.subgraphs = vec![products.entry(), prices.entry()];
    config
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_subgraph_that_changes_is_followed_without_a_failed_request() {
    let (products, prices) = shop().await;
    let shop = Following::start(polling(&products, &prices)).await;
    let load = Load::start(shop.gateway.pipeline(), 4, PAGE, &page());
    let before = shop.version();
    products.set_sdl(products_sdl("colour: String"));
    assert_eq!(shop.answers("{ product { colour } }").await, json!({ "product": { "colour": "products.colour" } }));
    prices.set_sdl(prices_sdl("sale: String"));
    assert_eq!(shop.answers("{ product { sale } }").await, json!({ "product": { "sale": "prices.sale" } }));
    assert_ne!(shop.version(), before);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(load.finish().await > 20);
    assert_eq!(shop.status.report().reloads, 2);
}

#[tokio::test]
async fn what_is_broken_is_refused_and_the_schema_before_it_is_served_on() {
    let (products, prices) = shop().await;
    let shop = Following::start(polling(&products, &prices)).await;
    let before = shop.version();
    for (sdl, stage, reason) in [
        ("type Query {".to_owned(), "compose", "the schema of subgraph `products` is not GraphQL"),
        (products_sdl("price: Int"), "compose", "\"Product.price\""),
        (products_sdl("shop: Nowhere"), "compose", "Nowhere"),
        (String::new(), "compose", "Unexpected <EOF>"),
    ] {
        *products.told.lock().unwrap() = Some(sdl);
        shop.is_troubled_by(stage, reason).await;
        assert_eq!((shop.version(), shop.query(PAGE).await), (before.clone(), page()), "{reason}");
    }
    assert_eq!(shop.status.report().refusals, 4);
    *products.told.lock().unwrap() = None;
    shop.is_in_order().await;
    let report = shop.status.report();
    assert!(report.last_error.unwrap().is_resolved);
    assert_eq!((shop.version(), report.reloads), (before, 0));
}

#[tokio::test]
async fn a_subgraph_that_is_down_keeps_its_schema_and_holds_up_nobody() {
    let (products, prices) = shop().await;
    let shop = Following::start(polling(&products, &prices)).await;
    prices.is_down.store(true, Ordering::SeqCst);
    shop.is_troubled_by("read", "`prices` did not tell its SDL").await;
    products.set_sdl(products_sdl("colour: String"));
    shop.answers("{ product { colour } }").await;
    prices.is_down.store(false, Ordering::SeqCst);
    shop.is_in_order().await;
    assert_eq!(shop.query(PAGE).await, page());
}

#[tokio::test]
async fn a_gateway_waits_for_subgraphs_that_are_not_up_yet() {
    let prices = Subgraph::start("prices", prices_sdl("")).await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = config();
    let mut absent = prices.entry();
    absent.url = format!("http://{}/graphql", free.local_addr().unwrap());
    absent.name = "products".to_owned();
    config.schema.subgraphs = vec![prices.entry(), absent];
    config.schema.start_timeout_ms = 300;
    drop(free);
    let mut reloader = selvedge_gateway::reload::Reloader::from_config(&config).unwrap();
    let began = tokio::time::Instant::now();
    let error = reloader.load().await.err().unwrap().to_string();
    assert!(began.elapsed() >= Duration::from_millis(200), "{error}");
    assert!(error.contains("`products`"), "{error}");
}

#[tokio::test]
async fn a_new_supergraph_names_new_subgraphs_and_addresses_and_keeps_the_other_connections() {
    let (products, prices) = shop().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    fs::write(&file, supergraph((&products, ""), (&prices, ""))).unwrap();
    let mut config = config();
    config.schema.supergraph_file = Some(file.clone());
    let shop = Following::start(config).await;
    assert_eq!(shop.query(PAGE).await, page());
    assert_eq!((products.connections.load(Ordering::SeqCst), prices.connections.load(Ordering::SeqCst)), (1, 1));

    let moved = Subgraph::start("prices", prices_sdl("sale: String")).await;
    fs::write(&file, supergraph((&products, ""), (&moved, "sale: String"))).unwrap();
    shop.answers("{ product { sale } }").await;
    assert_eq!(shop.query(PAGE).await, page());
    assert_eq!((products.connections.load(Ordering::SeqCst), prices.connections.load(Ordering::SeqCst)), (1, 1));
    assert_eq!(moved.connections.load(Ordering::SeqCst), 1);

    let reviews = Subgraph::start("reviews", "type Query { review: String }".to_owned()).await;
    let third =
        SubgraphSdl { name: "reviews".to_owned(), url: reviews.url(), sdl: reviews.sdl.lock().unwrap().clone() };
    let sdl = |subgraph: &Subgraph| SubgraphSdl {
        name: subgraph.name.to_owned(),
        url: subgraph.url(),
        sdl: subgraph.sdl.lock().unwrap().clone(),
    };
    fs::write(&file, compose(&[sdl(&products), sdl(&moved), third]).unwrap()).unwrap();
    assert_eq!(shop.answers("{ review }").await, json!({ "review": "reviews.review" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_finishes_on_the_schema_that_it_began_with_which_then_goes_away() {
    let (products, prices) = shop().await;
    let shop = Following::start(polling(&products, &prices)).await;
    let old = Arc::downgrade(&shop.gateway.pipeline().schema());
    // The page needs both subgraphs, one after the other: the second is asked after the swap.
    products.delay_ms.store(400, Ordering::SeqCst);
    let pipeline = shop.gateway.pipeline().clone();
    let slow = tokio::spawn(async move { ask(&pipeline, PAGE).await });
    while products.under_way.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    prices.set_sdl(prices_sdl("sale: String"));
    // Asking `products` for its schema takes as long, so the change is seen when the page is half answered.
    products.delay_ms.store(0, Ordering::SeqCst);
    shop.answers("{ shop product { sale } }").await;
    assert_eq!(slow.await.unwrap(), page());
    for _ in 0..500 {
        if old.upgrade().is_none() {
            assert_eq!(shop.gateway.pipeline().replaced_in_use(), 0);
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the old schema is still there");
}

#[tokio::test]
async fn a_change_that_breaks_recorded_operations_is_refused_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let operation = folder.path().join("page.graphql");
    fs::write(&operation, format!("query Page {PAGE}")).unwrap();
    let (products, prices) = shop().await;
    let mut config = polling(&products, &prices);
    config.schema.operations = Some(folder.path().to_owned());
    let warned = Following::start(config.clone()).await;
    config.schema.on_breaking_change = BreakingChange::Refuse;
    let shop = Following::start(config).await;
    let before = shop.version();

    let without_price = prices_sdl("").replace("price: String", "cost: String");
    prices.set_sdl(without_price);
    shop.is_troubled_by("operations", "page.graphql:").await;
    let reason = shop.status.report().last_error.unwrap().reason;
    assert!(reason.contains("1 of 1 recorded operations would break") && reason.contains("\"price\""), "{reason}");
    assert_eq!(shop.version(), before);
    warned.answers("{ product { cost } }").await;
    assert_eq!(warned.status.report().broken_operations.len(), 1);

    // Clients have moved on: what was refused is served now.
    fs::write(&operation, "query Page { product { title } }").unwrap();
    shop.answers("{ product { cost } }").await;
    shop.is_in_order().await;
}

#[tokio::test]
async fn the_first_schema_is_served_whatever_it_breaks_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("page.graphql"), format!("query Page {PAGE}")).unwrap();
    let (products, prices) = shop().await;
    prices.set_sdl(prices_sdl("").replace("price: String", "cost: String"));
    let mut config = polling(&products, &prices);
    config.schema.operations = Some(folder.path().to_owned());
    config.schema.on_breaking_change = BreakingChange::Refuse;
    let shop = Following::start(config).await;
    let report = shop.status.report();
    assert!(report.is_in_order && report.broken_operations.len() == 1, "{report:?}");
    assert!(report.broken_operations[0].contains("page.graphql"), "{report:?}");
    prices.set_sdl(prices_sdl("").replace("price: String", "price: String cost: String"));
    shop.answers("{ product { price } }").await;
    assert_eq!(shop.status.report().broken_operations.len(), 0);
}

#[tokio::test]
async fn what_is_used_most_is_planned_before_a_new_schema_is_served() {
    let (products, prices) = shop().await;
    let mut config = polling(&products, &prices);
    config.schema.watch = false;
    config.schema.max_warmed_operations = 1;
    let shop = Following::start(config).await;
    for _ in 0..3 {
        shop.query("{ product { price } }").await;
    }
    shop.query(PAGE).await;
    let sdl =
        |subgraph: &Subgraph, sdl: String| SubgraphSdl { name: subgraph.name.to_owned(), url: subgraph.url(), sdl };
    let without = |what: &str| {
        let prices_sdl = prices_sdl("").replace(what, "cost: String");
        let supergraph = compose(&[sdl(&products, products_sdl("")), sdl(&prices, prices_sdl)]).unwrap();
        Arc::new(selvedge_gateway::schema::ServedSchema::from_supergraph_sdl(&supergraph).unwrap())
    };
    let warmed = shop.gateway.replace_schema(without("shop: String")).await;
    assert_eq!((warmed.planned, warmed.refused, warmed.left), (1, 0, 1));
    // Only what is planned is known to be in use: the one that was asked most.
    let warmed = shop.gateway.replace_schema(without("price: String")).await;
    assert_eq!((warmed.planned, warmed.refused, warmed.left), (0, 1, 0));
}

#[tokio::test]
async fn a_source_that_is_not_watched_is_read_once() {
    let (products, prices) = shop().await;
    let mut config = polling(&products, &prices);
    config.schema.watch = false;
    let shop = Following::start(config).await;
    products.set_sdl(products_sdl("colour: String"));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(shop.query("{ product { colour } }").await.get("errors").is_some());
    assert!(!shop.status.report().is_watched);
}
