//! Leaves, checked against the schema and written as the specification's result coercion says.

use super::Leaf;
use crate::schema::ApiSchema;

/// Writes the raw JSON `raw` as a leaf; the error is the message for the client, and nothing is written then.
pub(super) fn write_leaf(out: &mut Vec<u8>, raw: &[u8], leaf: &Leaf, api: &ApiSchema) -> Result<(), String> {
    let is_text = raw.first() == Some(&b'"');
    let is_number = matches!(raw.first(), Some(b'-' | b'0'..=b'9'));
    let is_truth = matches!(raw, b"true" | b"false");
    match leaf {
        Leaf::Int => write_int(out, raw, is_number)?,
        Leaf::Float if is_number => out.extend_from_slice(raw),
        Leaf::Float => return Err(format!("Float cannot represent non numeric value: {}", shown(raw))),
        Leaf::String if is_text => out.extend_from_slice(raw),
        Leaf::String if is_number || is_truth => write_quoted(out, raw),
        Leaf::String => return Err(format!("String cannot represent value: {}", shown(raw))),
        Leaf::Boolean if is_truth => out.extend_from_slice(raw),
        Leaf::Boolean => return Err(format!("Boolean cannot represent a non boolean value: {}", shown(raw))),
        Leaf::Id if is_text => out.extend_from_slice(raw),
        Leaf::Id if is_number && raw.iter().all(|byte| matches!(byte, b'-' | b'0'..=b'9')) => write_quoted(out, raw),
        Leaf::Id => return Err(format!("ID cannot represent value: {}", shown(raw))),
        Leaf::Enum(name) => {
            let value = raw.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
            let value = value.and_then(|value| std::str::from_utf8(value).ok());
            let is_known = value.zip(api.get(name)).is_some_and(|(value, ty)| ty.enum_values.contains_key(value));
            if !is_known {
                // The value itself may be inaccessible, so the message keeps it to itself.
                return Err(format!("Enum \"{name}\" cannot represent the value."));
            }
            out.extend_from_slice(raw);
        }
        Leaf::Custom => out.extend_from_slice(raw),
    }
    Ok(())
}

fn write_int(out: &mut Vec<u8>, raw: &[u8], is_number: bool) -> Result<(), String> {
    let text = std::str::from_utf8(raw).unwrap_or_default();
    if !is_number {
        return Err(format!("Int cannot represent non-integer value: {}", shown(raw)));
    }
    if text.parse::<i32>().is_ok() {
        out.extend_from_slice(raw);
        return Ok(());
    }
    let number = text.parse::<f64>().unwrap_or(f64::NAN);
    if number.fract() != 0.0 {
        return Err(format!("Int cannot represent non-integer value: {}", shown(raw)));
    }
    if number < f64::from(i32::MIN) || number > f64::from(i32::MAX) {
        return Err(format!("Int cannot represent non 32-bit signed integer value: {}", shown(raw)));
    }
    out.extend_from_slice(format!("{number:.0}").as_bytes());
    Ok(())
}

fn write_quoted(out: &mut Vec<u8>, raw: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(raw);
    out.push(b'"');
}

fn shown(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ServedSchema, SubgraphSdl, compose};

    fn written(raw: &str, leaf: &Leaf) -> Result<String, String> {
        let sdl = include_str!("../../tests/fixtures/shop/inventory.graphql");
        let subgraph = SubgraphSdl { name: "inventory".to_owned(), url: String::new(), sdl: sdl.to_owned() };
        let sdl = compose(&[subgraph]).unwrap();
        let schema = ServedSchema::from_supergraph_sdl(&sdl).unwrap();
        let mut out = Vec::new();
        write_leaf(&mut out, raw.as_bytes(), leaf, schema.api())?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn coerces_as_the_specification_says() {
        assert_eq!(written("3.0", &Leaf::Int).unwrap(), "3");
        assert_eq!(written("-2147483648", &Leaf::Int).unwrap(), "-2147483648");
        assert!(written("2147483648", &Leaf::Int).unwrap_err().contains("32-bit"));
        assert!(written("1.5", &Leaf::Int).is_err());
        assert!(written("\"1\"", &Leaf::Int).is_err());
        assert_eq!(written("1e3", &Leaf::Float).unwrap(), "1e3");
        assert_eq!(written("5", &Leaf::Id).unwrap(), "\"5\"");
        assert!(written("5.5", &Leaf::Id).is_err());
        assert_eq!(written("true", &Leaf::String).unwrap(), "\"true\"");
        assert!(written("1", &Leaf::Boolean).is_err());
        assert_eq!(written("{\"a\":1}", &Leaf::Custom).unwrap(), "{\"a\":1}");
        assert_eq!(written("\"IN_STOCK\"", &Leaf::Enum("StockState".into())).unwrap(), "\"IN_STOCK\"");
        assert!(written("\"NOPE\"", &Leaf::Enum("StockState".into())).is_err());
    }
}
