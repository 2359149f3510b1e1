//! Tells the subgraph which request an operation belongs to.

use bytes::Bytes;
use memchr::memmem;

/// `body`, a GraphQL request in JSON, with `extensions.correlationId`: the headers of a shared connection tell that of
/// its first operation alone. A body with extensions of its own stays as it is.
pub(super) fn with_correlation(body: &Bytes, correlation: Option<&str>) -> Bytes {
    let Some(correlation) = correlation else { return body.clone() };
    let trimmed = body.trim_ascii_end();
    let (Some(open), None) = (trimmed.strip_suffix(b"}"), memmem::find(body, b"\"extensions\"")) else {
        return body.clone();
    };
    let id = serde_json::Value::from(correlation);
    let comma = if open.trim_ascii_end().ends_with(b"{") { "" } else { "," };
    let addition = format!("{comma}\"extensions\":{{\"correlationId\":{id}}}}}");
    Bytes::from([open, addition.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_correlation_id_goes_along() {
        let with = |body: &'static str, id: Option<&str>| {
            String::from_utf8(with_correlation(&Bytes::from_static(body.as_bytes()), id).to_vec()).unwrap()
        };
        assert_eq!(with(r#"{"query":"{a}"}"#, Some("c")), r#"{"query":"{a}","extensions":{"correlationId":"c"}}"#);
        assert_eq!(with("{}", Some("c\"")), r#"{"extensions":{"correlationId":"c\""}}"#);
        assert_eq!(with(r#"{"query":"{a}"}"#, None), r#"{"query":"{a}"}"#);
        assert_eq!(with(r#"{"extensions":{}}"#, Some("c")), r#"{"extensions":{}}"#);
        assert_eq!(with("nonsense", Some("c")), "nonsense");
    }
}
