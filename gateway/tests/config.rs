//! Configuration: what is refused, and how the message helps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

use std::collections::BTreeMap;

use selvedge_gateway::config::{Config, ConfigError, Mode, SECRET_MIN_BYTES, json_schema, load};

fn message(yaml: &str) -> String {
    load(&format!("mode: development\n{yaml}"), &BTreeMap::new()).unwrap_err().to_string()
}

fn with_variable(name: &str, value: &str) -> Result<Config, ConfigError> {
    load("mode: development", &BTreeMap::from([(name.to_owned(), value.to_owned())]))
}

#[test]
fn nothing_at_all_is_a_development_configuration() {
    let config = load("mode: development", &BTreeMap::new()).unwrap();
    assert_eq!(config.server.listen, "127.0.0.1:4000");
    assert_eq!(config.admin.listen, "127.0.0.1:4100");
    assert!(config.introspection_enabled() && config.playground_enabled());
    assert_eq!(config, Config::development());
}

#[test]
fn unknown_keys_are_named_in_full_with_the_nearest_right_one() {
    assert_eq!(
        message("server: { lisen: '127.0.0.1:1' }"),
        "unknown configuration key `server.lisen`; did you mean `server.listen`?"
    );
    assert_eq!(message("sever: {}"), "unknown configuration key `sever`; did you mean `server`?");
    assert_eq!(
        message("subgraphs: { by_name: { inventory: { timeout: 5 } } }"),
        "unknown configuration key `subgraphs.by_name.inventory.timeout`; did you mean `subgraphs.by_name.inventory.timeout_ms`?"
    );
    assert_eq!(message("jwt: { zzz: 1 }"), "unknown configuration key `jwt.zzz`");
    assert_eq!(
        message("schema: { subgraphs: [{ name: a, url: 'http://a', sdl: x }] }"),
        "unknown configuration key `schema.subgraphs.0.sdl`; did you mean `schema.subgraphs.0.sdl_file`?"
    );
}

#[test]
fn wrong_values_say_what_is_wanted() {
    assert_eq!(
        message("limits: { max_depth: deep }"),
        "configuration key `limits.max_depth` must be an integer, not \"deep\""
    );
    assert_eq!(message("limits: { max_depth: 0 }"), "configuration key `limits.max_depth` must be at least 1, not 0");
    assert_eq!(message("server: 7"), "configuration key `server` must be a section with keys, not 7");
    assert_eq!(
        message("subgraphs: { default: { http_version: http3 } }"),
        "configuration key `subgraphs.default.http_version` must be one of \"auto\", \"http1\", \"http2\", not \"http3\""
    );
    assert_eq!(
        message("server: { listen: nowhere }"),
        "configuration key `server.listen` must be an address and port like 127.0.0.1:4000, not `nowhere`"
    );
    assert_eq!(
        message("identity: { lifetime_s: 500 }"),
        "configuration key `identity.lifetime_s` must be at most 120, not 500"
    );
    assert!(message("server: [").starts_with("the configuration is not valid YAML: "));
}

#[test]
fn subscriptions_of_a_subgraph_may_go_their_own_way() {
    let of = |entry: &str| format!("subgraphs: {{ by_name: {{ a: {{ subscription: {entry} }} }} }}");
    let yaml = format!("mode: development\n{}", of("{ protocol: sse, path: /live }"));
    let config = load(&yaml, &BTreeMap::new()).unwrap();
    assert_eq!(config.subgraphs.for_subgraph("a").subscription.path.as_deref(), Some("/live"));
    assert_eq!(
        message(&of("{ protocol: carrier-pigeon }")),
        "configuration key `subgraphs.by_name.a.subscription.protocol` must be one of \"graphql-transport-ws\", \
         \"graphql-ws\", \"sse\", \"multipart\", not \"carrier-pigeon\""
    );
    assert_eq!(
        message(&of("{ url: 'ws://a', path: /live }")),
        "configuration key `subgraphs.by_name.a.subscription.url` must be absent when there is a `path`; keep one of the two"
    );
    assert!(message(&of("{ url: 'ftp://a' }")).starts_with(
        "configuration key `subgraphs.by_name.a.subscription.url` must be a URL like http://127.0.0.1:4001/graphql"
    ));
    assert_eq!(
        message("subgraphs: { default: { subscription: { url: 'ws://a' } } }"),
        "configuration key `subgraphs.default.subscription.url` must stand in the entry of one subgraph, not in that for all"
    );
}

#[test]
fn a_schema_has_one_source() {
    assert_eq!(
        message("schema: { supergraph_file: a.graphql, subgraphs: [{ name: a, url: 'http://a' }] }"),
        "configuration key `schema.subgraphs` must be absent when `schema.supergraph_file` is set; keep one of the two"
    );
    assert_eq!(
        message("schema: { supergraph_file: a.graphql, supergraph_url: 'http://a/b' }"),
        "configuration key `schema.supergraph_url` must be absent when `schema.supergraph_file` is set; keep one of the two"
    );
    assert!(
        message("schema: { supergraph_url: 'a/b' }").starts_with("configuration key `schema.supergraph_url` must be")
    );
    assert_eq!(
        message("schema: { subgraphs: [{ name: a, url: 'http://a' }, { name: a, url: 'http://b' }] }"),
        "configuration key `schema.subgraphs.1.name` is `a`, which another subgraph has as well"
    );
    assert_eq!(
        message("schema: { supergraph_headers: { 'not a name': x } }"),
        "configuration key `schema.supergraph_headers.not a name` is not the name of a header"
    );
    assert_eq!(
        message("schema: { on_breaking_change: ignore }"),
        "configuration key `schema.on_breaking_change` must be one of \"warn\", \"refuse\", not \"ignore\""
    );
    let secret =
        load("mode: development\nschema: { supergraph_headers: { x-key: sesame } }", &BTreeMap::new()).unwrap();
    assert!(!format!("{secret:?}").contains("sesame"));
}

#[test]
fn every_key_can_be_set_by_environment() {
    assert_eq!(with_variable("SELVEDGE_SERVER__LISTEN", "0.0.0.0:80").unwrap().server.listen, "0.0.0.0:80");
    assert_eq!(with_variable("SELVEDGE_LIMITS__MAX_DEPTH", "7").unwrap().limits.max_depth, 7);
    assert_eq!(with_variable("SELVEDGE_INTROSPECTION__ENABLED", "false").unwrap().introspection.enabled, Some(false));
    assert_eq!(with_variable("SELVEDGE_JWT__ISSUERS", "a, b").unwrap().jwt.issuers, ["a", "b"]);
    let by_name = with_variable("SELVEDGE_SUBGRAPHS__BY_NAME__INVENTORY__TIMEOUT_MS", "9").unwrap();
    assert_eq!(by_name.subgraphs.for_subgraph("inventory").timeout_ms, 9);
    assert_eq!(by_name.subgraphs.for_subgraph("preferences").timeout_ms, 5_000);
    assert_eq!(with_variable("SELVEDGE_DATA", "ignored").unwrap(), Config::development());
    assert_eq!(
        with_variable("SELVEDGE_SERVER__LISEN", "x").unwrap_err().to_string(),
        "unknown configuration key `server.lisen` (from the environment variable SELVEDGE_SERVER__LISEN); did you mean `server.listen`?"
    );
    assert_eq!(
        with_variable("SELVEDGE_LIMITS__MAX_DEPTH", "deep").unwrap_err().to_string(),
        "configuration key `limits.max_depth` (from the environment variable SELVEDGE_LIMITS__MAX_DEPTH) must be an integer, not \"deep\""
    );
}

#[test]
fn production_has_no_secret_of_its_own() {
    let missing = load("", &BTreeMap::new()).unwrap().identity.require().unwrap_err().to_string();
    assert_eq!(
        missing,
        "configuration key `identity.secret` is required by subgraphs in production mode; set it in selvedge.yaml or as SELVEDGE_IDENTITY_SECRET"
    );
    let secret = "x".repeat(SECRET_MIN_BYTES);
    let environment = BTreeMap::from([("SELVEDGE_IDENTITY_SECRET".to_owned(), secret.clone())]);
    let config = load("", &environment).unwrap();
    assert!(config.identity.require().is_ok() && config.mode.is_none() && !config.is_development());
    assert!(!config.introspection_enabled() && !config.playground_enabled() && !config.jwt.has_keys());
    assert!(!format!("{config:?}").contains(&secret), "secrets are not printed");
    let short = load("identity: { secret: short }", &BTreeMap::new()).unwrap_err().to_string();
    assert_eq!(short, "configuration key `identity.secret` has 5 bytes, it needs at least 32");
}

#[test]
fn a_gateway_shows_its_schema_only_where_nothing_else_is_configured() {
    let shows = |yaml: &str| {
        let config = load(yaml, &BTreeMap::new()).unwrap();
        assert_eq!(config.introspection_enabled(), config.playground_enabled(), "{yaml}");
        config.introspection_enabled()
    };
    assert!(shows(""));
    assert!(shows("server: { listen: '[::1]:4000' }"));
    assert!(shows("mode: development"));
    assert!(!shows("mode: production"));
    assert!(!shows("server: { listen: '0.0.0.0:4000' }"));
    assert!(!shows("jwt: { jwks_file: keys.json }"));
    let secret = "x".repeat(SECRET_MIN_BYTES);
    assert!(!shows(&format!("identity: {{ secret: {secret} }}")));
    assert!(!shows(&format!("jwt: {{ secret: {secret} }}")));
    let mode = BTreeMap::from([("SELVEDGE_MODE".to_owned(), "production".to_owned())]);
    assert_eq!(load("", &mode).unwrap().mode, Some(Mode::Production));
    let wrong = BTreeMap::from([("SELVEDGE_MODE".to_owned(), "prod".to_owned())]);
    let wrong = load("", &wrong).unwrap_err().to_string();
    assert!(wrong.contains("must be one of \"development\", \"production\", not \"prod\""), "{wrong}");
}

#[test]
fn the_schema_of_the_configuration_describes_every_key() {
    let schema = json_schema::<Config>();
    let described = schema.pointer("/properties/server/properties/listen/description").unwrap();
    assert_eq!(described, "Address and port to listen on.");
}

#[test]
fn a_second_level_of_the_cache_needs_the_first_and_an_address() {
    let of = |more: &str| message(&format!("cache: {{ enabled: true, redis: {{ {more} }} }}"));
    assert!(of("url: 'http://a'").contains("cache.redis.url"), "{}", of("url: 'http://a'"));
    assert!(of("url: 'redis://a', timeout_ms: 0").contains("cache.redis.timeout_ms"));
    assert!(of("url: 'redis://a', max_age_s: 3601").contains("cache.redis.max_age_s"));
    assert!(of("url: 'redis://a', prefx: b").contains("did you mean `cache.redis.prefix`"));
    assert!(message("cache: { redis: { url: 'redis://a' } }").contains("`cache.enabled` is not on"));
    let config = load(
        "{ mode: development, cache: { enabled: true } }",
        &BTreeMap::from([("SELVEDGE_CACHE__REDIS__URL".to_owned(), "redis://a".to_owned())]),
    );
    assert_eq!(config.unwrap().cache.redis.unwrap().url, "redis://a");
}
