//! A client over HTTP.

use serde_json::{Value, json};

/// Someone who asks the gateway, signed in or not.
#[derive(Clone)]
pub struct Shopper {
    pub url: String,
    pub token: Option<String>,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub data: Value,
    pub errors: Vec<Value>,
    pub extensions: Value,
}

impl Answer {
    /// The codes of its errors.
    pub fn codes(&self) -> Vec<&str> {
        self.errors.iter().filter_map(|error| error["extensions"]["code"].as_str()).collect()
    }
}

impl Shopper {
    pub fn new(url: &str, token: Option<&str>) -> Self {
        Self { url: url.to_owned(), token: token.map(str::to_owned), http: reqwest::Client::new() }
    }

    /// A request with this shopper's token.
    pub fn request(&self, method: reqwest::Method, path_and_query: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path_and_query}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// A GET request with `parameters` in its address.
    pub fn get(&self, parameters: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let address = reqwest::Url::parse_with_params(&self.url, parameters).unwrap();
        self.request(reqwest::Method::GET, &format!("/graphql?{}", address.query().unwrap()))
    }

    /// The whole answer, with the plan.
    pub async fn answer(&self, query: &str, variables: Value) -> Answer {
        let body = json!({ "query": query, "variables": variables }).to_string();
        self.send(body).await
    }

    /// The answer to a body that need not be a request.
    pub async fn send(&self, body: impl Into<String>) -> Answer {
        let request = self.request(reqwest::Method::POST, "/graphql").body(body.into());
        read(request.header("content-type", "application/json").header("x-selvedge-debug", "plan")).await
    }

    /// The data of an answer without errors.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let answer = self.answer(query, variables).await;
        assert!(answer.errors.is_empty(), "{query}\n{:#?}", answer.errors);
        answer.data
    }
}

pub async fn read(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let mut body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("status {status}: {text}"));
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    Answer { status, data: body["data"].take(), errors, extensions: body["extensions"].take() }
}
