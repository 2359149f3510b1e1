//! Requests made to hurt: each gets an answer in little time, and the gateway goes on.

use std::time::Duration;

use reqwest::{Client, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::Gateway;

/// Far more than any of them needs, on a busy machine.
const WITHIN: Duration = Duration::from_secs(10);

struct Asked {
    status: StatusCode,
    answer: Value,
}

async fn send(gateway: &Gateway, body: impl Into<reqwest::Body>) -> Asked {
    let request = Client::new().post(&gateway.url).timeout(WITHIN).header(CONTENT_TYPE, "application/json");
    let request = request.header("accept", "application/graphql-response+json").body(body);
    let response = request.send().await.unwrap();
    let status = response.status();
    Asked { status, answer: serde_json::from_slice(&response.bytes().await.unwrap()).unwrap() }
}

async fn ask(gateway: &Gateway, query: &str) -> Asked {
    send(gateway, json!({ "query": query }).to_string()).await
}

fn message(asked: &Asked) -> &str {
    asked.answer["errors"][0]["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn documents_that_nest_or_repeat_without_end_are_refused() {
    let gateway = Gateway::start().await;
    let open = |text: &str| text.repeat(200_000 / text.len());
    for hostile in
        ["{", "{a", "{a(b:[", "{a(b:{c:", "query($a:[", "{...{", "{a@b(c:[", "fragment f on a{", "\"\"\"", "#", "("]
    {
        let asked = ask(&gateway, &open(hostile)).await;
        assert_eq!(asked.status, StatusCode::BAD_REQUEST, "{hostile}");
        assert!(message(&asked).starts_with("Syntax Error: "), "{hostile}: {}", message(&asked));
    }
    for hostile in [
        format!("{{ {} }}", "__typename ".repeat(50_000)),
        format!("{{ {} }}", "__typename @skip(if: true) ".repeat(3_000)),
        format!("{{ __typename {} }}", "@a ".repeat(10_000)),
        format!("query({}) {{ __typename }}", "$a: Int ".repeat(3_000)),
        format!("{{ __typename(a: [{}]) }}", "1 ".repeat(10_000)),
        format!("{{ ...a }} {}", "fragment a on Query { ...a } ".repeat(2_000)),
        format!("{{ {} }}", (0..3_000).map(|n| format!("a{n}: __typename ")).collect::<String>()),
        format!("{{ __schema {{ {} }} }}", "types { fields { type { ".repeat(40) + "name" + &"} } }".repeat(40)),
    ] {
        let asked = ask(&gateway, &hostile).await;
        assert!(asked.status == StatusCode::BAD_REQUEST || asked.answer["data"].is_object(), "{}", asked.answer);
    }
    assert_eq!(ask(&gateway, "{ __typename }").await.answer, json!({ "data": { "__typename": "Query" } }));
}

#[tokio::test]
async fn unusual_characters_mean_what_the_specifications_say() {
    let gateway = Gateway::start().await;
    let right = json!({ "data": { "a": "Query" } });
    for query in [
        "\u{FEFF}{ a: __typename }",
        "{\u{FEFF} a\u{FEFF}:,,, __typename \t\r\n }",
        "# \u{0} \u{7F} é 😀 \"\"\" {\n{ a: __typename } # end",
        "\"described\" query A { a: __typename }",
    ] {
        assert_eq!(ask(&gateway, query).await.answer, right, "{query:?}");
    }
    let named = |name: &str| format!("{{ a: __typename b: __type(name: {name}) {{ name }} }}");
    for name in ["\"😀\u{0}\"", r#""\u{1F600}\uD83D\uDE00""#, "\"\"\"\n \\\"\"\" \u{0} \"\"\"", r#""\b\f\n\r\t\/\\\"""#]
    {
        let asked = ask(&gateway, &named(name)).await;
        assert_eq!(asked.answer["data"]["b"], Value::Null, "{name:?}: {}", asked.answer);
    }
    for name in [r#""\uD83D""#, r#""\uDE00\uD83D""#, r#""\u{110000}""#, r#""\x41""#, "\"a\nb\"", "'a'", "“a”"] {
        let asked = ask(&gateway, &named(name)).await;
        assert_eq!(asked.status, StatusCode::BAD_REQUEST, "{name:?}");
        assert!(message(&asked).starts_with("Syntax Error: "), "{name:?}: {}", message(&asked));
    }
    assert_eq!(ask(&gateway, "{ a\u{0} }").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(ask(&gateway, "{ é }").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn bodies_that_are_not_what_they_say_are_refused() {
    let gateway = Gateway::start().await;
    for body in [
        "".into(),
        "\u{FEFF}{\"query\":\"{ __typename }\"}".into(),
        "[".repeat(100_000),
        "{\"query\":".repeat(50_000),
        format!("{{\"query\":\"{{__typename}}\",\"variables\":{}", "{\"a\":".repeat(100_000)),
        "{\"query\":\"{ __typename }\"} {}".into(),
        "{\"query\":\"\\uD83D\"}".into(),
        "{\"query\":\"{ __typename }\",\"variables\":{\"a\":1e999}}".into(),
        "null".into(),
    ] {
        let asked = send(&gateway, body.clone()).await;
        assert_eq!(asked.status, StatusCode::BAD_REQUEST, "{:.60}: {}", body, asked.answer);
        assert!(asked.answer.get("data").is_none(), "{}", asked.answer);
    }
    for body in [&b"{\"query\":\"\xFF\"}"[..], b"\x00", b"{\"query\":\"\xED\xA0\xBD\"}"] {
        assert_eq!(send(&gateway, body).await.status, StatusCode::BAD_REQUEST);
    }
    let long = json!({ "query": "{ __typename }", "variables": { "a": "a".repeat(2_000_000) } }).to_string();
    assert_eq!(send(&gateway, long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let wide: Vec<u32> = (0..100_000).collect();
    let wide = json!({ "query": "{ __typename }", "variables": { "a": wide } }).to_string();
    assert_eq!(send(&gateway, wide).await.status, StatusCode::OK);
}
