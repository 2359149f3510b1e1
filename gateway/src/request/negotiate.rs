//! Which type of answer the client prefers.

use http::{HeaderMap, HeaderValue, header::ACCEPT};

use super::RequestError;
use crate::operation::DeferForm;

/// A type of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/graphql-response+json`: the HTTP status says how the request went.
    GraphqlResponse,
    /// `application/json`: the status is 200 whenever the request was well formed.
    Json,
    /// `text/event-stream`: one event per response.
    EventStream,
    /// `multipart/mixed`: what is deferred follows in parts of its own.
    Multipart(DeferForm),
    /// `multipart/mixed;subscriptionSpec=1.0`: each response of a subscription is a part.
    MultipartSubscription,
}

impl MediaType {
    /// The value of `content-type`.
    #[must_use]
    pub const fn content_type(self) -> HeaderValue {
        match self {
            Self::GraphqlResponse => HeaderValue::from_static("application/graphql-response+json; charset=utf-8"),
            Self::Json => HeaderValue::from_static("application/json; charset=utf-8"),
            Self::EventStream => HeaderValue::from_static("text/event-stream; charset=utf-8"),
            Self::MultipartSubscription => {
                HeaderValue::from_static("multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0")
            }
            Self::Multipart(DeferForm::Fragments) => {
                HeaderValue::from_static("multipart/mixed; boundary=\"-\"; deferSpec=20220824")
            }
            Self::Multipart(DeferForm::Pending) => {
                HeaderValue::from_static("multipart/mixed; boundary=\"-\"; incrementalSpec=v0.2")
            }
        }
    }
}

/// How an operation with many responses is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamForm {
    /// Server-sent events.
    Events,
    /// Parts of `multipart/mixed`.
    Parts,
}

/// What the client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// For an operation with one response; one that streams when nothing else is accepted.
    pub single: MediaType,
    /// For an operation with many responses, if it can be answered.
    pub stream: Option<StreamForm>,
    /// In which form parts of a response may come later, where the client likes that no less than one JSON document.
    pub deferred: Option<DeferForm>,
}

impl Accepted {
    /// Reads the `accept` headers; without one, it is `application/json`.
    ///
    /// # Errors
    ///
    /// When nothing that the client accepts can be had.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, RequestError> {
        if !headers.contains_key(ACCEPT) {
            return Ok(Self { single: MediaType::Json, stream: None, deferred: None });
        }
        let texts = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
        let mut ranges: Vec<(f32, MediaType)> = texts.flat_map(|text| text.split(',')).filter_map(range).collect();
        // Stable, so that equal weights keep the client's order.
        ranges.sort_by(|left, right| right.0.total_cmp(&left.0));
        let is_json = |kind: MediaType| matches!(kind, MediaType::GraphqlResponse | MediaType::Json);
        let json = ranges.iter().find(|(_, kind)| is_json(*kind));
        let multipart = ranges.iter().find_map(|&(weight, kind)| match kind {
            MediaType::Multipart(form) => Some((weight, form)),
            _ => None,
        });
        let deferred = multipart.filter(|(weight, _)| json.is_none_or(|(json, _)| weight >= json));
        let first = ranges.first().ok_or(RequestError::NotAcceptable)?;
        Ok(Self {
            single: json.unwrap_or(first).1,
            stream: ranges.iter().find_map(|(_, kind)| match kind {
                MediaType::EventStream => Some(StreamForm::Events),
                MediaType::MultipartSubscription => Some(StreamForm::Parts),
                _ => None,
            }),
            deferred: deferred.map(|(_, form)| form),
        })
    }
}

fn range(text: &str) -> Option<(f32, MediaType)> {
    let mut parts = text.split(';').map(str::trim);
    let kind = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => MediaType::GraphqlResponse,
        // Old clients do not know the newer type, so a wildcard means the older one.
        "application/json" | "application/*" | "*/*" => MediaType::Json,
        "text/event-stream" => MediaType::EventStream,
        "multipart/mixed" => parts_form(parts.clone())?,
        _ => return None,
    };
    let weight = parts.find_map(|parameter| parameter.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok())?;
    (weight > 0.0).then_some((weight, kind))
}

/// What the parameters of `multipart/mixed` ask for; `None` when it is not known here.
fn parts_form<'a>(mut parameters: impl Iterator<Item = &'a str>) -> Option<MediaType> {
    let specified = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        name.ends_with("spec").then(|| (name, value.trim().trim_matches('"')))
    });
    match specified.as_ref().map(|(name, value)| (name.as_str(), *value)) {
        None | Some(("incrementalspec", "v0.2")) => Some(MediaType::Multipart(DeferForm::Pending)),
        Some(("deferspec", "20220824")) => Some(MediaType::Multipart(DeferForm::Fragments)),
        Some(("subscriptionspec", "1.0")) => Some(MediaType::MultipartSubscription),
        // Another version.
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(text: &'static str) -> Result<Accepted, RequestError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(text));
        Accepted::from_headers(&headers)
    }

    #[test]
    fn the_client_s_preference_decides() {
        let single = |text| accepted(text).unwrap().single;
        assert_eq!(single("application/graphql-response+json, application/json;q=0.9"), MediaType::GraphqlResponse);
        assert_eq!(single("application/json;q=0.5, application/graphql-response+json"), MediaType::GraphqlResponse);
        assert_eq!(single("application/json; charset=utf-8"), MediaType::Json);
        assert_eq!(single("*/*"), MediaType::Json);
        assert_eq!(single("text/event-stream"), MediaType::EventStream);
        assert_eq!(accepted("application/json, text/event-stream").unwrap().stream, Some(StreamForm::Events));
        assert_eq!(accepted("text/html"), Err(RequestError::NotAcceptable));
        assert_eq!(accepted("application/json;q=0"), Err(RequestError::NotAcceptable));
        assert_eq!(Accepted::from_headers(&HeaderMap::new()).unwrap().single, MediaType::Json);
    }

    #[test]
    fn subscriptions_are_streamed_in_the_form_that_is_liked_most() {
        let stream = |text| accepted(text).unwrap().stream;
        // As Apollo Client 4 and Apollo Kotlin ask.
        let apollo = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9";
        assert_eq!(stream(apollo), Some(StreamForm::Parts));
        assert_eq!(accepted(apollo).unwrap().single, MediaType::GraphqlResponse);
        assert_eq!(
            stream("multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\", application/json"),
            Some(StreamForm::Parts)
        );
        assert_eq!(stream("text/event-stream, multipart/mixed;subscriptionSpec=1.0"), Some(StreamForm::Events));
        assert_eq!(stream("text/event-stream;q=0.5, multipart/mixed;subscriptionSpec=1.0"), Some(StreamForm::Parts));
        assert_eq!(stream("multipart/mixed;subscriptionSpec=2.0, */*"), None);
        assert_eq!(stream("multipart/mixed, */*"), None);
        let only = accepted("multipart/mixed;subscriptionSpec=1.0").unwrap();
        assert_eq!((only.single, only.deferred), (MediaType::MultipartSubscription, None));
    }

    #[test]
    fn parts_come_in_the_form_that_is_asked_for() {
        let deferred = |text| accepted(text).unwrap().deferred;
        // As Apollo Client 4 asks.
        let older = "multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json;q=0.9";
        assert_eq!(deferred(older), Some(DeferForm::Fragments));
        assert_eq!(accepted(older).unwrap().single, MediaType::GraphqlResponse);
        let newer = "multipart/mixed;incrementalSpec=v0.2,application/json";
        assert_eq!(deferred(newer), Some(DeferForm::Pending));
        assert_eq!(deferred("application/json, multipart/mixed"), Some(DeferForm::Pending));
        assert_eq!(deferred("multipart/mixed; deferSpec=\"20220824\", multipart/mixed"), Some(DeferForm::Fragments));
        assert_eq!(deferred("multipart/mixed;subscriptionSpec=1.0, application/json"), None);
        assert_eq!(deferred("multipart/mixed;deferSpec=19990101, */*"), None);
        assert_eq!(deferred("application/json, multipart/mixed;q=0.5"), None);
        assert_eq!(deferred("application/json, multipart/mixed;q=0"), None);
        assert_eq!(deferred("*/*"), None);
        let only = accepted("multipart/mixed;deferSpec=20220824").unwrap();
        assert_eq!(only.single, MediaType::Multipart(DeferForm::Fragments));
        assert_eq!(accepted("multipart/mixed;deferSpec=1"), Err(RequestError::NotAcceptable));
    }
}
