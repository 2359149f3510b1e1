//! Tells clients and the caches on the way how long an answer stays true.

use axum::response::Response;
use http::{
    HeaderValue,
    header::{AGE, CACHE_CONTROL, VARY},
};

use crate::{error::GraphqlResponse, freshness::Freshness};

/// How long all of `responses` stay true: the least of them. What has errors, or does not say, may be kept by nobody.
#[must_use]
pub fn freshness_of<'r>(responses: impl IntoIterator<Item = &'r GraphqlResponse>) -> Option<Freshness> {
    let mut all = Some(Freshness::ETERNAL);
    for response in responses {
        let one = response.freshness.filter(|_| response.errors.is_empty() && response.data.is_some());
        all = all.zip(one).map(|(all, one)| all.and(one));
    }
    all
}

/// Sets `cache-control`, `age` and `vary`.
#[must_use]
pub fn with_freshness(mut response: Response, freshness: Option<Freshness>) -> Response {
    let control = freshness.map_or_else(|| "no-store".to_owned(), |freshness| freshness.cache_control());
    let is_kept = control != "no-store";
    let headers = response.headers_mut();
    if let Ok(control) = HeaderValue::from_str(&control) {
        headers.insert(CACHE_CONTROL, control);
    }
    let Some(freshness) = freshness.filter(|_| is_kept) else { return response };
    headers.insert(AGE, HeaderValue::from(freshness.age.as_secs()));
    // What everyone may have is the same for everyone, but not in every form.
    let vary = if freshness.is_private { "accept, authorization" } else { "accept" };
    headers.append(VARY, HeaderValue::from_static(vary));
    response
}
