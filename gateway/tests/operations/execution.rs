//! The executor, against subgraphs that answer from a script.

use serde_json::{Value, json};

use crate::support::{Reply, entities, representations, run, run_event, run_within, shop};

#[tokio::test]
async fn equal_entities_are_asked_for_once_and_reach_every_place() {
    let outcome =
        run(
            &shop(),
            "{ products { isWishlisted title } }",
            Value::Null,
            |subgraph: &str, body: &Value| match subgraph {
                "inventory" => json!({ "data": { "products": [
                { "__typename": "Product", "title": "a", "id": "1" },
                { "__typename": "Product", "title": "b", "id": "2" },
                { "__typename": "Product", "title": "a", "id": "1" },
            ] } }),
                _ => entities(body, |product| json!({ "__typename": "Product", "isWishlisted": product["id"] == "1" })),
            },
        )
        .await;
    assert_eq!(
        outcome.text,
        r#"{"data":{"products":[{"isWishlisted":true,"title":"a"},{"isWishlisted":false,"title":"b"},{"isWishlisted":true,"title":"a"}]}}"#
    );
    let sent = outcome.log.to("preferences");
    assert_eq!(sent.len(), 1);
    assert_eq!(
        representations(&sent[0]),
        [json!({ "__typename": "Product", "id": "1" }), json!({ "__typename": "Product", "id": "2" })]
    );
    assert_eq!(outcome.requests, [("inventory".to_owned(), 1), ("preferences".to_owned(), 1)]);
}

#[tokio::test]
async fn no_request_without_representations() {
    let outcome = run(
        &shop(),
        "{ products { isWishlisted } }",
        Value::Null,
        |_: &str, _: &Value| json!({ "data": { "products": [] } }),
    )
    .await;
    assert_eq!(outcome.text, r#"{"data":{"products":[]}}"#);
    assert_eq!(outcome.log.all().len(), 1);
}

#[tokio::test]
async fn a_failing_subgraph_gives_the_rest_and_an_error_that_names_it() {
    let query = "{ product(id: 1) { title shipping } me { name } }";
    let outcome = run(&shop(), query, Value::Null, |subgraph: &str, _: &Value| match subgraph {
        "inventory" => Reply::Json(json!({ "data": { "product": {
            "__typename": "Product", "id": "1", "title": "a", "price": 3, "weight": 1.5 } } })),
        _ => Reply::Fail,
    })
    .await;
    assert_eq!(outcome.response["data"], json!({ "product": { "title": "a", "shipping": null }, "me": null }));
    let mut errors = outcome.response["errors"].as_array().unwrap().clone();
    errors.sort_by_key(|error| error["path"].to_string());
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert_eq!(errors[0]["path"], json!(["me"]));
    assert_eq!(errors[1]["path"], json!(["product"]));
    for error in errors {
        assert_eq!(error["message"], "subgraph `preferences` could not be reached");
        assert_eq!(error["extensions"]["code"], "SUBGRAPH_REQUEST_FAILED");
        assert_eq!(error["extensions"]["serviceName"], "preferences");
    }
}

#[tokio::test]
async fn a_non_null_field_of_a_failing_subgraph_takes_its_parent_along_with_one_error() {
    let outcome = run(&shop(), "{ products { title isWishlisted } }", Value::Null, |subgraph: &str, _: &Value| {
        match subgraph {
            "inventory" => Reply::Json(json!({ "data": { "products": [
                { "__typename": "Product", "id": "1", "title": "a" }, { "__typename": "Product", "id": "2", "title": "b" },
            ] } })),
            _ => Reply::Raw("<html>"),
        }
    })
    .await;
    assert_eq!(outcome.response["data"], Value::Null);
    let errors = outcome.response["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["path"], json!(["products"]));
    assert_eq!(errors[0]["extensions"]["reason"], "SUBGRAPH_INVALID_RESPONSE");
}

#[tokio::test]
async fn requires_sends_what_it_needs() {
    let query = "query($c: String) { me { wishlist { shipping(country: $c) } } }";
    let outcome = run(&shop(), query, json!({ "c": "FR" }), |subgraph: &str, body: &Value| {
        match (subgraph, representations(body).is_empty()) {
            ("preferences", true) => {
                json!({ "data": { "me": { "wishlist": [{ "__typename": "Product", "id": "1" }] } } })
            }
            ("inventory", _) => entities(body, |_| json!({ "__typename": "Product", "price": 5, "weight": null })),
            _ => entities(body, |product| json!({ "__typename": "Product", "shipping": product["price"] })),
        }
    })
    .await;
    assert_eq!(outcome.text, r#"{"data":{"me":{"wishlist":[{"shipping":5}]}}}"#);
    let last = outcome.log.to("preferences").pop().unwrap();
    assert_eq!(last["variables"]["c"], "FR");
    assert_eq!(representations(&last), [json!({ "__typename": "Product", "id": "1", "price": 5, "weight": null })]);
}

#[tokio::test]
async fn what_could_not_be_fetched_is_not_required_of_others() {
    let outcome =
        run(&shop(), "{ me { wishlist { shipping } } }", Value::Null, |subgraph: &str, body: &Value| {
            match (subgraph, representations(body).is_empty()) {
                ("preferences", true) => {
                    Reply::Json(json!({ "data": { "me": { "wishlist": [{ "__typename": "Product", "id": "1" }] } } }))
                }
                _ => Reply::Fail,
            }
        })
        .await;
    assert_eq!(outcome.response["data"], json!({ "me": { "wishlist": [{ "shipping": null }] } }));
    assert_eq!(outcome.log.to("preferences").len(), 1);
    assert_eq!(outcome.response["errors"][0]["path"], json!(["me", "wishlist", 0]));
}

#[tokio::test]
async fn errors_of_an_entity_reach_every_path_that_shares_it() {
    let outcome = run(&shop(), "{ products { shipping } }", Value::Null, |subgraph: &str, _: &Value| match subgraph {
        "inventory" => {
            let product = json!({ "__typename": "Product", "id": "1", "price": 1, "weight": 2 });
            json!({ "data": { "products": [product.clone(), product] } })
        }
        _ => json!({
            "data": { "_entities": [{ "__typename": "Product", "shipping": null }] },
            "errors": [{ "message": "no carrier", "path": ["_entities", 0, "shipping"], "extensions": { "code": "NO_CARRIER" } }],
        }),
    })
    .await;
    let errors = outcome.response["errors"].as_array().unwrap();
    let paths: Vec<&Value> = errors.iter().map(|error| &error["path"]).collect();
    assert_eq!(paths, [&json!(["products", 0, "shipping"]), &json!(["products", 1, "shipping"])]);
    assert_eq!(errors[0]["extensions"], json!({ "code": "NO_CARRIER", "serviceName": "preferences" }));
    assert_eq!(outcome.response["data"], json!({ "products": [{ "shipping": null }, { "shipping": null }] }));
}

#[tokio::test]
async fn nested_entities_over_three_subgraphs() {
    let query = "{ feed(first: 1) { score product { title isWishlisted badge { available } } } }";
    let outcome = run(&shop(), query, Value::Null, |subgraph: &str, body: &Value| match subgraph {
        "recommendation" => json!({ "data": { "feed": [
            { "score": 0.5, "product": { "__typename": "Product", "id": "7", "title": "x" } } ] } }),
        "inventory" => entities(body, |_| json!({ "__typename": "Product", "badge": { "available": 2 } })),
        _ => entities(body, |_| json!({ "__typename": "Product", "isWishlisted": true })),
    })
    .await;
    assert_eq!(
        outcome.text,
        r#"{"data":{"feed":[{"score":0.5,"product":{"title":"x","isWishlisted":true,"badge":{"available":2}}}]}}"#
    );
    assert_eq!(outcome.log.all().len(), 3);
}

#[tokio::test]
async fn unions_interfaces_aliases_and_typenames() {
    let query = r#"{
      found: search(text: "x") { kind: __typename ... on Product { name: title isWishlisted } ... on Brand { name isFollowed } }
      node(id: 1) { __typename id ... on Brand { isFollowed } }
    }"#;
    let outcome = run(&shop(), query, Value::Null, |subgraph: &str, body: &Value| match subgraph {
        "inventory" => json!({ "data": {
            "found": [
                { "kind": "Brand", "__typename": "Brand", "id": "b", "name": "B" },
                // An alias that is called like a field has a name of its own towards subgraphs.
                { "kind": "Product", "__typename": "Product", "id": "p", "alias_name": "P" },
            ],
            "node": { "__typename": "Brand", "id": "b" },
        } }),
        _ => {
            let answer = |entity: &Value| match entity["__typename"].as_str().unwrap() {
                "Brand" => json!({ "__typename": "Brand", "isFollowed": true }),
                _ => json!({ "__typename": "Product", "isWishlisted": false }),
            };
            let variables = body["variables"].as_object().unwrap();
            if variables.len() == 1 && variables.contains_key("representations") {
                return entities(body, answer);
            }
            // A batch: one alias for each variable, in the same order.
            let lists = variables.values().map(|list| list.as_array().unwrap().iter().map(answer).collect::<Vec<_>>());
            let data: serde_json::Map<String, Value> =
                lists.enumerate().map(|(index, list)| (format!("_e{index}"), json!(list))).collect();
            json!({ "data": data })
        }
    })
    .await;
    assert_eq!(
        outcome.text,
        r#"{"data":{"found":[{"kind":"Brand","name":"B","isFollowed":true},{"kind":"Product","name":"P","isWishlisted":false}],"node":{"__typename":"Brand","id":"b","isFollowed":true}}}"#
    );
}

#[tokio::test]
async fn conditions_decide_on_fetches_and_fields() {
    let query = "query($a: Boolean!, $b: Boolean! = false) { products { id isWishlisted @include(if: $a) title @skip(if: $b) } }";
    let script = |subgraph: &str, body: &Value| match subgraph {
        "inventory" => {
            json!({ "data": { "products": [{ "__typename": "Product", "id": "1", "title": "t" }] } })
        }
        _ => entities(body, |_| json!({ "__typename": "Product", "isWishlisted": true })),
    };
    let without = run(&shop(), query, json!({ "a": false }), script).await;
    assert_eq!(without.text, r#"{"data":{"products":[{"id":"1","title":"t"}]}}"#);
    assert_eq!(without.log.all().len(), 1);
    let with = run(&shop(), query, json!({ "a": true, "b": true }), script).await;
    assert_eq!(with.text, r#"{"data":{"products":[{"id":"1","isWishlisted":true}]}}"#);
}

#[tokio::test]
async fn root_fields_of_a_mutation_run_in_order() {
    let query = "mutation { first: reserve(sku: \"a\") { isWishlisted } wish(productId: 1) { name } last: release(sku: \"b\") { title } }";
    let outcome = run(&shop(), query, Value::Null, |_: &str, body: &Value| {
        let text = body["query"].as_str().unwrap();
        if text.contains("reserve") {
            json!({ "data": { "first": { "__typename": "Product", "id": "1" } } })
        } else if text.contains("wish(") {
            json!({ "data": { "wish": { "name": "n" } } })
        } else if text.contains("release") {
            json!({ "data": { "last": { "title": "t" } } })
        } else {
            entities(body, |_| json!({ "__typename": "Product", "isWishlisted": true }))
        }
    })
    .await;
    assert_eq!(outcome.text, r#"{"data":{"first":{"isWishlisted":true},"wish":{"name":"n"},"last":{"title":"t"}}}"#);
    let order: Vec<String> = outcome.log.all().into_iter().map(|(subgraph, _)| subgraph).collect();
    assert_eq!(order, ["inventory", "preferences", "preferences", "inventory"]);
}

#[tokio::test]
async fn lists_of_lists_keep_their_nulls() {
    let outcome = run(&shop(), "{ shelves { isWishlisted } }", Value::Null, |subgraph: &str, body: &Value| {
        let product = |id: &str| json!({ "__typename": "Product", "id": id });
        match subgraph {
            "inventory" => json!({ "data": { "shelves": [[product("1"), null], [], [product("2")]] } }),
            _ => entities(body, |entity| json!({ "__typename": "Product", "isWishlisted": entity["id"] == "2" })),
        }
    })
    .await;
    assert_eq!(outcome.text, r#"{"data":{"shelves":[[{"isWishlisted":false},null],[],[{"isWishlisted":true}]]}}"#);
}

#[tokio::test]
async fn nulls_where_none_may_be_propagate_with_one_error() {
    let query = "{ product(id: 1) { title tags badge { available } } }";
    let cases = [
        (
            json!({ "title": "a", "tags": ["x", null], "badge": { "available": 1 } }),
            json!(["product", "tags", 1]),
            "tags",
        ),
        (json!({ "title": null, "tags": [], "badge": { "available": 1 } }), json!(["product", "title"]), "title"),
        (
            json!({ "title": "a", "tags": [], "badge": { "available": null } }),
            json!(["product", "badge", "available"]),
            "available",
        ),
    ];
    for (product, path, field) in cases {
        let answer = json!({ "data": { "product": product } });
        let outcome = run(&shop(), query, Value::Null, move |_: &str, _: &Value| answer.clone()).await;
        assert_eq!(outcome.response["data"], json!({ "product": null }));
        let errors = outcome.response["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0]["path"], path);
        let message = errors[0]["message"].as_str().unwrap();
        assert!(
            message.starts_with("Cannot return null for non-nullable field ") && message.contains(field),
            "{message}"
        );
    }
}

#[tokio::test]
async fn errors_of_subgraphs_explain_their_nulls() {
    let outcome = run(&shop(), "{ product(id: 1) { title } }", Value::Null, |_: &str, _: &Value| {
        json!({ "data": { "product": null }, "errors": [{ "message": "boom", "path": ["product", "title"], "locations": [{ "line": 1, "column": 1 }] }] })
    })
    .await;
    assert_eq!(
        outcome.response,
        json!({ "data": { "product": null }, "errors": [{ "message": "boom", "path": ["product", "title"],
            "extensions": { "code": "DOWNSTREAM_SERVICE_ERROR", "serviceName": "inventory" } }] })
    );
}

#[tokio::test]
async fn inaccessible_enum_values_and_custom_scalars() {
    let outcome = run(&shop(), "{ product(id: 1) { state id } settings }", Value::Null, |_: &str, _: &Value| {
        json!({ "data": { "product": { "state": "RECALLED", "id": 7 }, "settings": { "b": [1, { "a": null }], "a": "ü\n" } } })
    })
    .await;
    assert_eq!(outcome.response["data"]["product"], json!({ "state": null, "id": "7" }));
    assert!(outcome.text.contains(r#""settings":{"b":[1,{"a":null}],"a":"ü\n"}"#), "{}", outcome.text);
    assert_eq!(outcome.response["errors"][0]["path"], json!(["product", "state"]));
    assert!(!outcome.text.contains("RECALLED"));
}

#[tokio::test]
async fn the_clients_order_and_merged_selections() {
    let query = "query { ...A product(id: 1) { title } t: __typename } fragment A on Query { product(id: 1) { badge { sku } ... { badge { available } id } } }";
    let outcome = run(&shop(), query, Value::Null, |_: &str, _: &Value| {
        json!({ "data": { "product": { "id": "1", "title": "t", "badge": { "available": 1, "sku": "s" } } } })
    })
    .await;
    assert_eq!(
        outcome.text,
        r#"{"data":{"product":{"badge":{"sku":"s","available":1},"id":"1","title":"t"},"t":"Query"}}"#
    );
}

#[tokio::test]
async fn a_subgraph_that_hangs_ends_at_the_deadline() {
    let query = "{ product(id: 1) { title } me { name } }";
    let script = |subgraph: &str, _: &Value| match subgraph {
        "preferences" => Reply::Hang,
        _ => Reply::Json(json!({ "data": { "product": { "title": "t" } } })),
    };
    let limit = std::time::Duration::from_millis(200);
    let outcome = run_within(&shop(), query, Value::Null, (limit, script)).await;
    assert_eq!(outcome.response["data"], json!({ "product": { "title": "t" }, "me": null }));
    let message = outcome.response["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("subgraph `preferences` did not answer within "), "{message}");
}

#[tokio::test]
async fn events_of_a_subscription_are_completed_by_other_subgraphs() {
    let query = "subscription { badges(skus: [\"a\"]) { available product { title isWishlisted } } }";
    let event = json!({ "data": { "badges": { "available": 3, "product": { "__typename": "Product", "id": "1", "title": "t" } } } });
    let outcome = run_event(&shop(), query, event, |_: &str, body: &Value| {
        entities(body, |_| json!({ "__typename": "Product", "isWishlisted": true }))
    })
    .await;
    assert_eq!(outcome.text, r#"{"data":{"badges":{"available":3,"product":{"title":"t","isWishlisted":true}}}}"#);
    assert_eq!(outcome.log.all().len(), 1);
}

#[tokio::test]
async fn fetches_that_wait_for_nothing_run_at_the_same_time() {
    let barrier = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let seen = barrier.clone();
    let outcome = run(
        &shop(),
        "{ product(id: 1) { title } me { name } feed { score } }",
        Value::Null,
        move |subgraph: &str, _: &Value| {
            seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            match subgraph {
                "inventory" => json!({ "data": { "product": { "title": "t" } } }),
                "preferences" => json!({ "data": { "me": { "name": "n" } } }),
                _ => json!({ "data": { "feed": [{ "score": 1 }] } }),
            }
        },
    )
    .await;
    assert_eq!(outcome.text, r#"{"data":{"product":{"title":"t"},"me":{"name":"n"},"feed":[{"score":1}]}}"#);
    assert_eq!(barrier.load(std::sync::atomic::Ordering::SeqCst), 3);
}
