//! The part of JSON Schema (draft 2020-12) that the schemas of events use. A keyword that is not known here is itself
//! a violation, so that no rule is passed over in silence.

use chrono::DateTime;
use serde_json::Value;

/// What of `value` does not keep to `schema`; each begins with the place.
pub(super) fn violations_of(value: &Value, schema: &Value, place: &str) -> Vec<String> {
    let Value::Object(rules) = schema else {
        return vec![format!("{place}: its schema is not an object")];
    };
    let mut found = Vec::new();
    for (keyword, rule) in rules {
        match keyword.as_str() {
            "properties" => found.extend(properties(value, rule, place)),
            "items" => found.extend(items(value, rule, place)),
            "required" => found.extend(missing(value, rule).map(|name| format!("{place}.{name}: missing"))),
            "$schema" | "$id" | "title" | "description" => {}
            _ => match holds(value, keyword, rule) {
                Some(true) => {}
                Some(false) => found.push(format!("{place}: {value} breaks `{keyword}` {rule}")),
                None => found.push(format!("{place}: the keyword `{keyword}` is not known here")),
            },
        }
    }
    found
}

fn properties(value: &Value, rule: &Value, place: &str) -> Vec<String> {
    let (Value::Object(object), Value::Object(properties)) = (value, rule) else { return Vec::new() };
    let given = properties.iter().filter_map(|(name, schema)| Some((name, schema, object.get(name)?)));
    given.flat_map(|(name, schema, value)| violations_of(value, schema, &format!("{place}.{name}"))).collect()
}

fn items(value: &Value, rule: &Value, place: &str) -> Vec<String> {
    let items = value.as_array().into_iter().flatten().enumerate();
    items.flat_map(|(index, item)| violations_of(item, rule, &format!("{place}[{index}]"))).collect()
}

fn missing<'a>(value: &'a Value, rule: &'a Value) -> impl Iterator<Item = &'a str> {
    let names = rule.as_array().into_iter().flatten().filter_map(Value::as_str);
    names.filter(move |name| value.is_object() && value.get(name).is_none())
}

/// Whether one simple rule holds; `None` when the keyword is not known.
fn holds(value: &Value, keyword: &str, rule: &Value) -> Option<bool> {
    Some(match keyword {
        "type" => match rule {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(|kind| is_of_type(value, kind)),
            _ => rule.as_str().is_some_and(|kind| is_of_type(value, kind)),
        },
        "enum" => rule.as_array().is_some_and(|allowed| allowed.contains(value)),
        "minimum" => value.as_i64().zip(rule.as_i64()).is_none_or(|(value, least)| value >= least),
        "minLength" => {
            let length = value.as_str().map(|text| text.chars().count() as u64);
            length.zip(rule.as_u64()).is_none_or(|(length, least)| length >= least)
        }
        "format" if rule == "date-time" => value.as_str().is_none_or(|text| DateTime::parse_from_rfc3339(text).is_ok()),
        "pattern" if rule == "^[A-Z]{3}$" => {
            value.as_str().is_none_or(|text| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()))
        }
        "additionalProperties" => rule == &Value::Bool(true),
        _ => return None,
    })
}

fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_rule_is_checked() {
        let schema = json!({
            "type": "object",
            "properties": {
                "sku": {"type": "string", "minLength": 1},
                "state": {"enum": ["A", "B"]},
                "at": {"type": ["string", "null"], "format": "date-time"},
                "revision": {"type": "integer", "minimum": 0},
                "currency": {"pattern": "^[A-Z]{3}$"},
                "tags": {"type": "array", "items": {"type": "string"}}
            },
            "required": ["sku"]
        });
        let good =
            json!({"sku": "s", "state": "A", "at": null, "revision": 0, "currency": "EUR", "tags": ["x"], "new": 1});
        assert!(violations_of(&good, &schema, "data").is_empty());
        let bad = json!({"state": "C", "at": "today", "revision": -1, "currency": "eur", "tags": ["x", 1]});
        assert_eq!(
            violations_of(&bad, &schema, "data"),
            [
                "data.state: \"C\" breaks `enum` [\"A\",\"B\"]",
                "data.at: \"today\" breaks `format` \"date-time\"",
                "data.revision: -1 breaks `minimum` 0",
                "data.currency: \"eur\" breaks `pattern` \"^[A-Z]{3}$\"",
                "data.tags[1]: 1 breaks `type` \"string\"",
                "data.sku: missing",
            ]
        );
        assert_eq!(
            violations_of(&json!(7), &json!({"maximum": 9}), "data"),
            ["data: the keyword `maximum` is not known here"]
        );
    }
}
