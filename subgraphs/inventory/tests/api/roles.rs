//! Who may ask what: every field of the schema, asked as every role, beside the table.

use std::collections::BTreeSet;

use selvedge_inventory::{
    graphql::access::{Access, FIELDS, ROLES, SCOPE_READ, SCOPE_WRITE, access_of, allows},
    projection::{PROJECTIONS, catch_up},
};
use selvedge_kit::identity::Identity;
use serde_json::{Value, json};

use crate::shop::{Shop, staff};

on_each_engine!(every_field_is_denied_and_given_as_the_table_says, the_table_names_fields_that_there_are);

const SCHEMA: &str = "{ __schema { queryType { name } mutationType { name } subscriptionType { name } types { name kind
    enumValues { name } inputFields { name defaultValue type { ...T } }
    fields { name args { name defaultValue type { ...T } } type { ...T } } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// What is not of the shop: what the gateway asks to join subgraphs. It finds by key what a query gives to the same caller.
const FEDERATION: [&str; 2] = ["_entities", "_service"];

struct Schema(Value);

impl Schema {
    async fn read(shop: &Shop) -> Self {
        Self(shop.data(SCHEMA, json!({})).await["__schema"].take())
    }

    fn named(&self, name: &str) -> &Value {
        self.0["types"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
    }

    fn fields(&self, parent: &str) -> Vec<&Value> {
        let fields = self.named(parent)["fields"].as_array().unwrap().iter();
        fields.filter(|field| !FEDERATION.contains(&field["name"].as_str().unwrap())).collect()
    }

    /// Arguments that are well formed; what they name need not exist.
    fn arguments(&self, of: &Value) -> String {
        let required = of.as_array().unwrap().iter().filter(|one| is_required(one));
        let one = |one: &Value| format!("{}: {}", one["name"].as_str().unwrap(), self.literal(&one["type"]));
        required.map(one).collect::<Vec<_>>().join(", ")
    }

    fn literal(&self, kind: &Value) -> String {
        let name = kind["name"].as_str().unwrap_or_default();
        match kind["kind"].as_str().unwrap() {
            "NON_NULL" => self.literal(&kind["ofType"]),
            "LIST" => format!("[{}]", self.literal(&kind["ofType"])),
            "ENUM" => self.named(name)["enumValues"][0]["name"].as_str().unwrap().to_owned(),
            "INPUT_OBJECT" => format!("{{{}}}", self.arguments(&self.named(name)["inputFields"])),
            _ => match name {
                "Int" | "Float" => "1".to_owned(),
                "Boolean" => "true".to_owned(),
                "DateTime" => "\"2026-01-01T00:00:00Z\"".to_owned(),
                _ => "\"none\"".to_owned(),
            },
        }
    }

    /// The smallest selection of a field, with what goes before it.
    fn selection(&self, field: &Value) -> String {
        let mut kind = &field["type"];
        while !kind["ofType"].is_null() {
            kind = &kind["ofType"];
        }
        let arguments = self.arguments(&field["args"]);
        let arguments = if arguments.is_empty() { arguments } else { format!("({arguments})") };
        let below = if matches!(kind["kind"].as_str().unwrap(), "OBJECT" | "UNION") { " { __typename }" } else { "" };
        format!("{}{arguments}{below}", field["name"].as_str().unwrap())
    }
}

fn is_required(argument: &Value) -> bool {
    argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null()
}

fn callers() -> Vec<Identity> {
    let singles = [SCOPE_READ, SCOPE_WRITE, "none:at-all"];
    let one_scope = ROLES.iter().chain(&singles).map(|scope| staff(&[*scope]));
    std::iter::once(Identity::default()).chain(one_scope).collect()
}

/// What the table says: the code of the refusal, or that there is none.
fn expected(access: Access, identity: &Identity) -> Option<&'static str> {
    match (allows(access, identity), identity.subject.is_some()) {
        (true, _) => None,
        (false, true) => Some("FORBIDDEN"),
        (false, false) => Some("UNAUTHENTICATED"),
    }
}

async fn every_field_is_denied_and_given_as_the_table_says(shop: Shop) {
    let schema = Schema::read(&shop).await;
    for projection in PROJECTIONS {
        // Else reading one waits for it.
        catch_up(&shop.store, projection).await.unwrap();
    }
    let made =
        "mutation { collectionCreate(idempotencyKey: \"c\", input: { handle: \"made\", title: \"T\", sort: MANUAL }) {
        userErrors { code } } }";
    shop.data_for(staff(&["admin"]), made, json!({})).await;
    let mut asked = 0;
    for (kind, parent) in [("query", "queryType"), ("mutation", "mutationType")] {
        let parent = schema.0[parent]["name"].as_str().unwrap();
        for field in schema.fields(parent) {
            let name = format!("{parent}.{}", field["name"].as_str().unwrap());
            let access = access_of(&name).unwrap_or_else(|| panic!("`{name}` has no line in graphql/access.rs"));
            let query = format!("{kind} {{ {} }}", schema.selection(field));
            for identity in callers() {
                let refusals = shop.refusals(identity.clone(), &query).await;
                assert_eq!(refusals, Vec::from_iter(expected(access, &identity)), "{query} as {:?}", identity.scopes);
                asked += 1;
            }
        }
    }
    for field in schema.fields(schema.0["subscriptionType"]["name"].as_str().unwrap()) {
        let name = format!("Subscription.{}", field["name"].as_str().unwrap());
        assert!(access_of(&name).is_some(), "`{name}` has no line in graphql/access.rs");
    }
    assert!(asked > 100, "{asked}");
    // Below the roots, through the first variant and its first level.
    for (name, access) in FIELDS {
        let (parent, field) = name.split_once('.').unwrap();
        let ways = [
            ("ProductVariant", "{ variant(sku: \"SKU-01-1\") { # } }"),
            ("Product", "{ product(id: \"p01\") { # } }"),
            ("Collection", "{ collection(handle: \"made\") { # } }"),
            ("InventoryLevel", "{ variant(sku: \"SKU-01-1\") { levels(first: 1) { nodes { # } } } }"),
        ];
        let Some((_, way)) = ways.iter().find(|(known, _)| *known == parent) else { continue };
        let field = schema.fields(parent).into_iter().find(|one| one["name"] == field).unwrap();
        let query = way.replace('#', &schema.selection(field));
        for identity in callers() {
            let refusals = shop.refusals(identity.clone(), &query).await;
            assert_eq!(refusals, Vec::from_iter(expected(*access, &identity)), "{query} as {:?}", identity.scopes);
        }
    }
}

async fn the_table_names_fields_that_there_are(shop: Shop) {
    let schema = Schema::read(&shop).await;
    let mut seen = BTreeSet::new();
    for (name, access) in FIELDS {
        let (parent, field) = name.split_once('.').unwrap();
        assert!(schema.fields(parent).iter().any(|one| one["name"] == field), "there is no `{name}`");
        assert!(seen.insert(name), "`{name}` has two lines");
        if let Access::AnyOf(scopes) = access {
            assert!(scopes.contains(&"admin"), "admins may do everything: `{name}`");
            assert!(!scopes.contains(&"customer"), "customers have what everyone has: `{name}`");
        }
    }
}
