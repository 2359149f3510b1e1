//! Aliases and conditions of clients that get in the way of what entity fetches need.

use serde_json::{Value, json};

use crate::support::{entities, prepared, representations, run, shop};

#[tokio::test]
async fn an_alias_that_hides_a_key() {
    let query = "{ products { id: title isWishlisted } }";
    let text = prepared(&shop(), query).plan_text();
    let outcome = run(&shop(), query, Value::Null, |subgraph: &str, body: &Value| match subgraph {
        "inventory" => {
            // What the client calls like the key is asked for under another name.
            let asked = body["query"].as_str().unwrap();
            let hidden = asked.split([' ', '{', '}']).find(|word| word.ends_with(':') && *word != "id:");
            let hidden = hidden.unwrap_or_else(|| panic!("{asked}")).trim_end_matches(':').to_owned();
            let mut product = json!({ "__typename": "Product", "id": "1" });
            product[hidden] = json!("t");
            json!({ "data": { "products": [product] } })
        }
        _ => {
            assert_eq!(representations(body), [json!({ "__typename": "Product", "id": "1" })]);
            entities(body, |_| json!({ "__typename": "Product", "isWishlisted": true }))
        }
    })
    .await;
    assert_eq!(outcome.text, r#"{"data":{"products":[{"id":"t","isWishlisted":true}]}}"#, "{text}");
}

#[tokio::test]
async fn a_condition_on_a_field_that_another_needs() {
    let query = "query($x: Boolean!) { products { price @include(if: $x) shipping } }";
    let text = prepared(&shop(), query).plan_text();
    for (x, expected) in [
        (true, r#"{"data":{"products":[{"price":5,"shipping":9}]}}"#),
        (false, r#"{"data":{"products":[{"shipping":9}]}}"#),
    ] {
        let outcome = run(&shop(), query, json!({ "x": x }), move |subgraph: &str, body: &Value| match subgraph {
            "inventory" => {
                let mut product = json!({ "__typename": "Product", "id": "1", "weight": 2.5 });
                let asked = body["query"].as_str().unwrap();
                // Answers as a subgraph would: under each key that is asked for and not skipped.
                for (at, _) in asked.match_indices("price") {
                    let before = asked[..at].trim_end();
                    let key = match before.strip_suffix(':') {
                        Some(before) => before.rsplit([' ', '{']).next().unwrap(),
                        None => "price",
                    };
                    let skipped = asked[at + "price".len()..].starts_with(" @include") && !x;
                    if !skipped {
                        product[key] = json!(5);
                    }
                }
                json!({ "data": { "products": [product] } })
            }
            _ => {
                let expected = json!({ "__typename": "Product", "id": "1", "price": 5, "weight": 2.5 });
                assert_eq!(representations(body), [expected]);
                entities(body, |_| json!({ "__typename": "Product", "shipping": 9 }))
            }
        })
        .await;
        assert_eq!(outcome.text, expected, "{text}");
    }
}

#[tokio::test]
async fn entities_by_alias_reach_their_own_places() {
    let query = "{ a: product(id: 1) { isWishlisted } b: product(id: 2) { isWishlisted w: isWishlisted } }";
    let outcome = run(&shop(), query, Value::Null, |subgraph: &str, body: &Value| match subgraph {
        "inventory" => json!({ "data": {
            "a": { "__typename": "Product", "id": "1" }, "b": { "__typename": "Product", "id": "2" } } }),
        _ => {
            let mut data = serde_json::Map::new();
            let answer = |entity: &Value| {
                let wished = entity["id"] == "2";
                json!({ "__typename": "Product", "isWishlisted": wished, "w": wished })
            };
            for (index, (name, list)) in body["variables"].as_object().unwrap().iter().enumerate() {
                let key = if name == "representations" { "_entities".to_owned() } else { format!("_e{index}") };
                data.insert(key, list.as_array().unwrap().iter().map(answer).collect());
            }
            json!({ "data": data })
        }
    })
    .await;
    assert_eq!(outcome.text, r#"{"data":{"a":{"isWishlisted":false},"b":{"isWishlisted":true,"w":true}}}"#);
    assert_eq!(outcome.log.to("preferences").len(), 1);
}

#[tokio::test]
async fn an_alias_that_is_the_name_of_the_field() {
    let query = "{ products { id title } products: products { title: title isWishlisted } }";
    let text = prepared(&shop(), query).plan_text();
    let outcome = run(&shop(), query, Value::Null, |subgraph: &str, body: &Value| match subgraph {
        "inventory" => {
            let asked = body["query"].as_str().unwrap();
            assert_eq!(asked.matches("products").count(), 1, "{asked}");
            json!({ "data": { "products": [{ "__typename": "Product", "id": "1", "title": "t" }] } })
        }
        _ => entities(body, |_| json!({ "__typename": "Product", "isWishlisted": true })),
    })
    .await;
    assert_eq!(outcome.text, r#"{"data":{"products":[{"id":"1","title":"t","isWishlisted":true}]}}"#, "{text}");
}

#[tokio::test]
async fn a_field_stands_where_it_is_first_selected_for_these_variables() {
    let query = "query($x: Boolean!, $y: Boolean!) {
        products { title @include(if: $x) id ... @skip(if: $y) { price } title price }
    }";
    for (variables, expected) in [
        (json!({ "x": true, "y": true }), r#"{"title":"t","id":"1","price":5}"#),
        (json!({ "x": false, "y": true }), r#"{"id":"1","title":"t","price":5}"#),
        (json!({ "x": false, "y": false }), r#"{"id":"1","price":5,"title":"t"}"#),
    ] {
        let outcome = run(
            &shop(),
            query,
            variables,
            |_: &str, _: &Value| json!({ "data": { "products": [{ "id": "1", "title": "t", "price": 5 }] } }),
        )
        .await;
        assert_eq!(outcome.text, format!(r#"{{"data":{{"products":[{expected}]}}}}"#));
    }
}

#[tokio::test]
async fn an_alias_that_hides_a_key_wherever_it_stands() {
    for (query, expected) in [
        ("{ products { isWishlisted id: title } }", r#"{"isWishlisted":true,"id":"t"}"#),
        ("{ products { id: title isWishlisted } }", r#"{"id":"t","isWishlisted":true}"#),
        ("{ products { isWishlisted ... { id: title } key: id } }", r#"{"isWishlisted":true,"id":"t","key":"1"}"#),
    ] {
        let text = prepared(&shop(), query).plan_text();
        let outcome = run(&shop(), query, Value::Null, |subgraph: &str, body: &Value| match subgraph {
            "inventory" => {
                // Answers each key that is asked for by its field.
                let asked = body["query"].as_str().unwrap();
                let mut words = asked.split([' ', '{', '}']).filter(|word| !word.is_empty());
                let mut product = json!({});
                while let Some(word) = words.next() {
                    let key = word.trim_end_matches(':');
                    let field = if word.ends_with(':') { words.next().unwrap() } else { word };
                    let value = json!({ "__typename": "Product", "id": "1", "title": "t" })[field].clone();
                    if !value.is_null() {
                        product[key] = value;
                    }
                }
                json!({ "data": { "products": [product] } })
            }
            _ => {
                assert_eq!(representations(body), [json!({ "__typename": "Product", "id": "1" })]);
                entities(body, |_| json!({ "__typename": "Product", "isWishlisted": true }))
            }
        })
        .await;
        assert_eq!(outcome.text, format!(r#"{{"data":{{"products":[{expected}]}}}}"#), "{text}");
    }
}
