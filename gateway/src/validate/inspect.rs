//! Values of variables as messages show them, in the manner of graphql-js: short, whatever they hold.

use std::fmt::Write;

use serde_json::{Number, Value};

/// How deep lists and objects are shown.
const MAX_DEPTH: usize = 2;
/// How many items of a list are shown.
const MAX_ITEMS: usize = 10;
/// How long it may get, in bytes; texts can be of any length.
const MAX_LENGTH: usize = 400;

/// A value for a message.
pub(super) fn inspected(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 1);
    if out.len() > MAX_LENGTH {
        let end = (0..=MAX_LENGTH).rev().find(|&end| out.is_char_boundary(end)).unwrap_or_default();
        out.truncate(end);
        out.push('…');
    }
    out
}

fn write(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Number(number) => write_number(out, number),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Array(_) if depth > MAX_DEPTH => out.push_str("[Array]"),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().take(MAX_ITEMS).enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write(out, item, depth + 1);
            }
            let more = items.len().saturating_sub(MAX_ITEMS);
            if more > 0 {
                let _ = write!(out, ", ... {more} more item{}", if more > 1 { "s" } else { "" });
            }
            out.push(']');
        }
        Value::Object(fields) if fields.is_empty() => out.push_str("{}"),
        Value::Object(_) if depth > MAX_DEPTH => out.push_str("[Object]"),
        Value::Object(fields) => {
            out.push_str("{ ");
            for (index, (name, field)) in fields.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                let _ = write!(out, "{name}: ");
                write(out, field, depth + 1);
                if out.len() > MAX_LENGTH {
                    break;
                }
            }
            out.push_str(" }");
        }
        Value::String(text) => {
            // The rest would be cut off.
            let end = text.char_indices().nth(MAX_LENGTH).map_or(text.len(), |(end, _)| end);
            let _ = write!(out, "{}", Value::from(text.get(..end).unwrap_or_default()));
        }
        Value::Null | Value::Bool(_) => {
            let _ = write!(out, "{value}");
        }
    }
}

/// As JavaScript writes it.
fn write_number(out: &mut String, number: &Number) {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        let _ = write!(out, "{number}");
        return;
    };
    let size = float.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{float:e}");
        out.push_str(&if size < 1.0 { text } else { text.replace('e', "e+") });
    } else {
        let _ = write!(out, "{}", if float == 0.0 { 0.0 } else { float });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_shown_as_graphql_js_shows_them() {
        for (value, shown) in [
            (json!("a\n\"b\""), r#""a\n\"b\"""#),
            (json!([]), "[]"),
            (json!({}), "{}"),
            (json!({ "a": [1, [2], {}], "b": null }), "{ a: [1, [Array], {}], b: null }"),
            (json!([[[1]]]), "[[[Array]]]"),
            (json!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ... 1 more item]"),
            (json!([1.5, 2.0, 1e300, 1e-7, -0.0, 1e20]), "[1.5, 2, 1e+300, 1e-7, 0, 100000000000000000000]"),
        ] {
            assert_eq!(inspected(&value), shown);
        }
        assert!(inspected(&json!("é".repeat(1_000_000))).len() < 500);
        let wide: serde_json::Map<String, Value> = (0..100_000).map(|n| (n.to_string(), json!(n))).collect();
        assert!(inspected(&Value::Object(wide)).len() < 500);
    }
}
