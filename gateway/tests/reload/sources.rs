//! Where a schema can come from: files, addresses, running subgraphs.

use std::{
    fs,
    io::Write,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use selvedge_gateway::{
    config::Config,
    reload::{Reloader, SchemaSource, SchemaText, SupergraphFile},
    schema::{SubgraphSdl, compose},
};
use serde_json::Value;

use crate::reload_support::{Following, Subgraph, config, prices_sdl, products_sdl};

fn sdls(products: &str, prices: &str) -> [SubgraphSdl; 2] {
    let sdl = |name: &str, sdl: String| SubgraphSdl { name: name.to_owned(), url: format!("http://{name}.test/"), sdl };
    [sdl("products", products_sdl(products)), sdl("prices", prices_sdl(prices))]
}

fn supergraph(more: &str) -> String {
    compose(&sdls(more, "")).unwrap()
}

/// An address with a supergraph, as a registry or a static file server has it.
#[derive(Clone, Default)]
struct Registry(Arc<Mutex<Shelf>>);

#[derive(Default)]
struct Shelf {
    text: String,
    has_tag: bool,
    status: StatusCode,
    /// What the requests were answered with, and their keys.
    answers: Vec<(StatusCode, Option<String>)>,
}

impl Registry {
    async fn start(text: String, has_tag: bool) -> (Self, String) {
        let registry = Self::default();
        registry.0.lock().unwrap().text = text;
        registry.0.lock().unwrap().has_tag = has_tag;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/supergraph", listener.local_addr().unwrap());
        let router = Router::new().route("/supergraph", get(answer)).with_state(registry.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (registry, url)
    }

    fn put(&self, text: String) {
        self.0.lock().unwrap().text = text;
    }

    fn set_status(&self, status: StatusCode) {
        self.0.lock().unwrap().status = status;
    }

    fn answered_with(&self, status: StatusCode) -> usize {
        self.0.lock().unwrap().answers.iter().filter(|(answered, _)| *answered == status).count()
    }
}

async fn answer(State(registry): State<Registry>, headers: HeaderMap) -> Response {
    let mut shelf = registry.0.lock().unwrap();
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let tag = format!("\"{}\"", shelf.text.len());
    let is_known = shelf.has_tag && text("if-none-match").as_deref() == Some(&tag);
    let status = if is_known && shelf.status == StatusCode::OK { StatusCode::NOT_MODIFIED } else { shelf.status };
    shelf.answers.push((status, text("x-registry-key")));
    let body = if status == StatusCode::OK { shelf.text.clone() } else { String::new() };
    if shelf.has_tag { (status, [(header::ETAG, tag)], body).into_response() } else { (status, body).into_response() }
}

#[tokio::test]
async fn all_sources_give_the_same_graph() {
    let products = Subgraph::start("products", products_sdl("")).await;
    let prices = Subgraph::start("prices", prices_sdl("")).await;
    let folder = tempfile::tempdir().unwrap();
    let listed = [&products, &prices].map(|subgraph| SubgraphSdl {
        name: subgraph.name.to_owned(),
        url: subgraph.url(),
        sdl: subgraph.sdl.lock().unwrap().clone(),
    });
    let text = compose(&listed).unwrap();
    let file = folder.path().join("supergraph.graphql");
    fs::write(&file, format!("# by hand\n\n{text}\n")).unwrap();
    let (_registry, url) = Registry::start(text, true).await;

    let mut of_file = config();
    of_file.schema.supergraph_file = Some(file);
    let mut of_url = config();
    of_url.schema.supergraph_url = Some(url);
    let mut of_running = config();
    of_running.schema.subgraphs = vec![products.entry(), prices.entry()];
    let mut of_sdl_files = of_running.clone();
    let mut mixed = of_running.clone();
    for (place, subgraph) in listed.iter().enumerate() {
        let path = folder.path().join(format!("{}.graphql", subgraph.name));
        fs::write(&path, &subgraph.sdl).unwrap();
        of_sdl_files.schema.subgraphs[place].sdl_file = Some(path.clone());
        mixed.schema.subgraphs[0].sdl_file.get_or_insert(path);
    }
    let mut graphs = Vec::new();
    for config in [of_file, of_url, of_running, of_sdl_files, mixed] {
        let shop = Following::start(config).await;
        let schema = shop.gateway.pipeline().schema();
        let answer = shop.query("{ shop product { id title price } }").await;
        assert_eq!(answer["data"]["product"]["price"], "prices.price", "{answer}");
        graphs.push((schema.version().to_owned(), schema.api_sdl().to_owned(), answer));
    }
    for graph in &graphs {
        assert_eq!(graph, &graphs[0]);
    }
}

fn following(file: &Path) -> Config {
    let mut config = config();
    config.schema.supergraph_file = Some(file.to_owned());
    config
}

fn serves(shop: &Following, field: &str) -> bool {
    shop.gateway.pipeline().schema().api_sdl().contains(&format!("{field}: String"))
}

async fn will_serve(shop: &Following, field: &str) {
    for _ in 0..500 {
        if serves(shop, field) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("`{field}` is not served: {:?}", shop.status.report());
}

#[tokio::test]
async fn a_file_is_followed_when_it_is_written_replaced_or_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    fs::write(&file, supergraph("")).unwrap();
    let shop = Following::start(following(&file)).await;
    // In place.
    fs::write(&file, supergraph("a: String")).unwrap();
    will_serve(&shop, "a").await;
    // As editors do: another file is renamed over it. It has the same size, and an older time.
    let new = folder.path().join(".supergraph.graphql.new");
    fs::write(&new, supergraph("b: String")).unwrap();
    let times = fs::FileTimes::new().set_modified(fs::metadata(&file).unwrap().modified().unwrap());
    fs::File::options().write(true).open(&new).unwrap().set_times(times).unwrap();
    fs::rename(&new, &file).unwrap();
    will_serve(&shop, "b").await;
    // Away: told, and served on.
    fs::remove_file(&file).unwrap();
    shop.is_troubled_by("read", "cannot read `").await;
    assert!(serves(&shop, "b"));
    fs::write(&file, supergraph("c: String")).unwrap();
    will_serve(&shop, "c").await;
    shop.is_in_order().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_swapped_symbolic_link_far_above_the_file_is_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (version, more) in [("..v1", ""), ("..v2", "a: String")] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("supergraph.graphql"), supergraph(more)).unwrap();
    }
    symlink("..v1", at("..data")).unwrap();
    symlink("..data/supergraph.graphql", at("supergraph.graphql")).unwrap();
    let shop = Following::start(following(&at("supergraph.graphql"))).await;
    // As Kubernetes updates a config map.
    symlink("..v2", at("..data_tmp")).unwrap();
    fs::rename(at("..data_tmp"), at("..data")).unwrap();
    fs::remove_dir_all(at("..v1")).unwrap();
    will_serve(&shop, "a").await;
}

#[tokio::test]
async fn a_file_that_is_being_written_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    fs::write(&file, supergraph("")).unwrap();
    let mut source = SupergraphFile::new(file.clone(), Duration::from_millis(1), Duration::from_millis(100));
    assert_eq!(source.look().await.unwrap(), Some(SchemaText::Supergraph(supergraph(""))));
    assert_eq!(source.look().await.unwrap(), None);

    let text = supergraph("a: String");
    let mut writer = fs::File::create(&file).unwrap();
    let whole = text.clone();
    let writing = tokio::spawn(async move {
        for part in whole.as_bytes().chunks(whole.len().div_ceil(8)) {
            writer.write_all(part).unwrap();
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    });
    assert_eq!(source.look().await.unwrap(), Some(SchemaText::Supergraph(text)));
    writing.await.unwrap();
    assert_eq!(source.look().await.unwrap(), None);
    // The same text again is no change, although the file is another.
    fs::write(&file, supergraph("a: String")).unwrap();
    assert!(source.look().await.unwrap().is_some());
}

#[tokio::test]
async fn an_address_is_asked_only_for_what_has_changed() {
    let (registry, url) = Registry::start(supergraph(""), true).await;
    let mut config = config();
    config.schema.supergraph_url = Some(url);
    config.schema.supergraph_headers.insert("x-registry-key".to_owned(), "key".into());
    let shop = Following::start(config).await;
    for _ in 0..500 {
        if registry.answered_with(StatusCode::NOT_MODIFIED) > 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(registry.answered_with(StatusCode::NOT_MODIFIED) > 3);
    assert_eq!(registry.answered_with(StatusCode::OK), 1);
    assert!(registry.0.lock().unwrap().answers.iter().all(|(_, key)| key.as_deref() == Some("key")));

    registry.put(supergraph("a: String"));
    will_serve(&shop, "a").await;
    assert_eq!(registry.answered_with(StatusCode::OK), 2);
    registry.set_status(StatusCode::BAD_GATEWAY);
    shop.is_troubled_by("read", "HTTP status 502").await;
    registry.put("type Query {".to_owned());
    registry.set_status(StatusCode::OK);
    shop.is_troubled_by("serve", "not a valid schema").await;
    assert!(serves(&shop, "a"));
    registry.put(supergraph("b: String"));
    will_serve(&shop, "b").await;
}

#[tokio::test]
async fn redirects_are_followed_and_keys_stay_with_their_server() {
    let (registry, target) = Registry::start(supergraph(""), true).await;
    let elsewhere = target.clone();
    let to = |place: String| get(move || async move { (StatusCode::FOUND, [(header::LOCATION, place)]) });
    let router = Router::new()
        .route("/latest", to("graphs/current".to_owned()))
        .route("/graphs/current", to(elsewhere))
        .route("/round", to("/round".to_owned()))
        .route("/tls", to("https://127.0.0.1:1/".to_owned()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let config = |path: &str| {
        let mut config = config();
        config.schema.supergraph_url = Some(format!("{own}{path}"));
        config.schema.supergraph_headers.insert("x-registry-key".to_owned(), "key".into());
        config.schema.start_timeout_ms = 0;
        config
    };
    let shop = Following::start(config("/latest")).await;
    registry.put(supergraph("a: String"));
    will_serve(&shop, "a").await;
    let answers = registry.0.lock().unwrap().answers.clone();
    assert!(answers.len() > 1 && answers.iter().all(|(_, key)| key.is_none()), "{answers:?}");
    for (path, why) in [("/round", "redirects too often"), ("/tls", "redirects to another scheme")] {
        let error = Reloader::from_config(&config(path)).unwrap().load().await.err().unwrap().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[tokio::test]
async fn an_address_without_tags_is_compared_by_its_text() {
    let (registry, url) = Registry::start(supergraph(""), false).await;
    let mut config = config();
    config.schema.supergraph_url = Some(url);
    let shop = Following::start(config).await;
    registry.put(supergraph("a: String"));
    will_serve(&shop, "a").await;
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!(shop.status.report().reloads, 1);
}

#[tokio::test]
async fn the_admin_address_tells_what_is_served_and_why_not_what_came_after() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    fs::write(&file, supergraph("")).unwrap();
    let shop = Following::start(following(&file)).await;
    fs::write(&file, "type Query { a: Int }").unwrap();
    shop.is_troubled_by("serve", "names no subgraph").await;
    let request = http::Request::get("/schema").body(axum::body::Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(shop.gateway.admin_router(), request).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let report: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(report["version"], shop.version());
    assert_eq!(report["subgraphs"][1]["name"], "products");
    assert_eq!(report["source"]["kind"], "supergraph_file");
    assert_eq!(report["source"]["location"], file.display().to_string());
    assert_eq!(report["source"]["isInOrder"], false);
    assert_eq!(report["source"]["lastError"]["stage"], "serve");
    for time in [&report["loadedAt"], &report["source"]["lastCheck"], &report["source"]["lastError"]["at"]] {
        assert!(chrono::DateTime::parse_from_rfc3339(time.as_str().unwrap()).is_ok(), "{report}");
    }
}

#[tokio::test]
async fn a_first_schema_that_cannot_be_had_or_served_is_an_error_that_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    let error = Reloader::from_config(&following(&file)).unwrap().load().await.err().unwrap().to_string();
    assert!(error.contains("supergraph.graphql") && error.contains("No such file"), "{error}");
    fs::write(&file, "type Query { a: Int }").unwrap();
    let error = Reloader::from_config(&following(&file)).unwrap().load().await.err().unwrap().to_string();
    assert!(error.contains("names no subgraph"), "{error}");
    let error = Reloader::from_config(&config()).err().unwrap().to_string();
    assert!(error.contains("`schema.supergraph_file`, `schema.supergraph_url` or `schema.subgraphs`"), "{error}");
}
