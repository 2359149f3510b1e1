//! Entities and what they are known by: one key, several, nested, of lists, not resolvable.

use serde_json::json;

use crate::world::World;

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable", "@external", "@requires", "@provides"])"#;

fn shelf() -> World {
    let warehouse = format!(
        r#"{LINK}
        type Query {{ parts: [Part!]! }}
        type Part @key(fields: "maker {{ code }} number") {{ maker: Maker! number: Int! weight: Int }}
        type Maker {{ code: String! @shareable }}"#
    );
    let register = format!(
        r#"{LINK}
        type Part @key(fields: "maker {{ code }} number") @key(fields: "serial") {{
          maker: Maker! @shareable number: Int! @shareable serial: ID!
        }}
        type Maker {{ code: String! @shareable }}"#
    );
    let repairs = format!(
        r#"{LINK}
        type Part @key(fields: "serial") {{ serial: ID! repairs: [Repair!]! }}
        type Repair @key(fields: "day part {{ serial }}") {{ day: String! part: Part! note(lang: String): String }}"#
    );
    let part = |number: u32| {
        json!({ "__typename": "Part", "number": number, "maker": { "code": "m" },
        "weight": number * 2, "serial": format!("s{number}"), "repairs": [{ "$": format!("r{number}") }] })
    };
    let repair = |number: u32| {
        json!({ "__typename": "Repair", "day": format!("d{number}"), "note": "n",
        "part": { "$": format!("p{number}") } })
    };
    World::new(
        &[("warehouse", &warehouse), ("register", &register), ("repairs", &repairs)],
        json!({
            "Query": { "parts": [{ "$": "p1" }, { "$": "p2" }, { "$": "p1" }] },
            "p1": part(1), "p2": part(2), "r1": repair(1), "r2": repair(2),
        }),
    )
}

#[tokio::test]
async fn a_nested_key_leads_to_another_key_and_from_there_on() {
    let answer = shelf().check("{ parts { weight repairs { note(lang: \"en\") part { weight number } } } }").await;
    assert_eq!(answer.requests_to("warehouse"), 2, "{}", answer.plan);
    assert_eq!(answer.requests_to("register"), 2, "{}", answer.plan);
    assert_eq!(answer.requests_to("repairs"), 1, "{}", answer.plan);
}

#[tokio::test]
async fn aliases_of_key_fields_do_not_hide_the_keys() {
    shelf()
        .check("{ parts { number: weight maker: __typename serial: number repairs { day: note part: day } } }")
        .await;
}
