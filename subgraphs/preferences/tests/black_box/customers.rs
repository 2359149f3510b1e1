//! Who may see a customer, and how a profile changes.

use std::sync::Arc;

use serde_json::json;

use crate::{
    engines::{Engine, on_both_engines},
    shop::{Shop, anonymous, customer, with_scope},
};

on_both_engines!(
    a_customer_is_created_on_first_use,
    only_the_customer_and_staff_may_see_a_customer,
    a_profile_is_changed_published_and_guarded,
    bad_values_and_anonymous_callers_are_told_what_to_do,
);

async fn a_customer_is_created_on_first_use(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let query = "{ me { id displayName createdAt consent { personalisation updatedAt }
        styleProfile { version sizes { garment size } styles colors brands } wishlist { totalCount } } }";
    let me = shop.ask(&customer("anna"), query, json!({})).await;
    assert_eq!(
        me["me"],
        json!({
            "id": "anna", "displayName": null, "createdAt": "2026-11-20T10:00:00+00:00",
            "consent": { "personalisation": false, "updatedAt": null },
            "styleProfile": { "version": 0, "sizes": [], "styles": [], "colors": [], "brands": [] },
            "wishlist": { "totalCount": 0 },
        })
    );
    shop.clock.advance(chrono::TimeDelta::seconds(30));
    assert_eq!(shop.ask(&customer("anna"), query, json!({})).await, me);
    assert_eq!(shop.ask(&anonymous(), query, json!({})).await["me"], json!(null));
    let service = with_scope("service:recommendation", "service");
    assert_eq!(shop.ask(&service, query, json!({})).await["me"], json!(null));
}

async fn only_the_customer_and_staff_may_see_a_customer(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    shop.ask(&customer("anna"), "{ me { id } }", json!({})).await;
    let query = r#"{ customer(id: "anna") { id } }"#;
    for identity in [customer("anna"), with_scope("staff", "customers:read")] {
        assert_eq!(shop.ask(&identity, query, json!({})).await["customer"]["id"], "anna");
    }
    for (identity, code) in [(customer("bert"), "FORBIDDEN"), (anonymous(), "UNAUTHENTICATED")] {
        let refused = shop.respond(&identity, query, json!({})).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], code);
        assert_eq!(refused["data"]["customer"], json!(null));
    }
    let staff = with_scope("staff", "customers:read");
    let unknown = shop.ask(&staff, r#"{ customer(id: "nobody") { id } }"#, json!({})).await;
    assert_eq!(unknown["customer"], json!(null));
}

const UPDATE: &str = "mutation($input: StyleProfileInput!) { updateStyleProfile(input: $input) {
    customer { displayName styleProfile { version sizes { garment size } styles } } userErrors { field code } } }";

async fn a_profile_is_changed_published_and_guarded(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let anna = customer("anna");
    let input = json!({ "sizes": [{ "garment": "jeans", "size": "32/34" }], "styles": ["retro"], "displayName": "Anna",
        "expectedVersion": 0 });
    let changed = shop.ask(&anna, UPDATE, json!({ "input": input })).await;
    let expected = json!({ "displayName": "Anna", "styleProfile":
        { "version": 1, "sizes": [{ "garment": "jeans", "size": "32/34" }], "styles": ["retro"] } });
    assert_eq!(changed["updateStyleProfile"], json!({ "customer": expected, "userErrors": [] }));

    let stale = shop.ask(&anna, UPDATE, json!({ "input": { "styles": [], "expectedVersion": 0 } })).await;
    let conflict = json!([{ "field": ["input", "expectedVersion"], "code": "VERSION_CONFLICT" }]);
    assert_eq!(stale["updateStyleProfile"], json!({ "customer": null, "userErrors": conflict }));

    let cleared = shop.ask(&anna, UPDATE, json!({ "input": { "displayName": null } })).await;
    assert_eq!(cleared["updateStyleProfile"]["customer"]["displayName"], json!(null));
    assert_eq!(cleared["updateStyleProfile"]["customer"]["styleProfile"]["styles"], json!(["retro"]));

    let events = shop.events(2).await;
    let first = &events[0];
    assert_eq!(first.event_type, "com.selvedge.preferences.profile_changed.v1");
    assert_eq!((first.subject.as_str(), first.correlationid.as_str()), ("anna", "request-of-anna"));
    assert_eq!(
        first.data,
        json!({ "customerId": "anna", "sizes": [{ "garment": "jeans", "size": "32/34" }], "styles": ["retro"],
            "colors": [], "brands": [], "revision": first.revision })
    );
    assert!(events[1].revision > first.revision);
}

async fn bad_values_and_anonymous_callers_are_told_what_to_do(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let input = json!({ "sizes": [{ "garment": " ", "size": "M" }], "styles": ["ok", ""] });
    let refused = shop.ask(&customer("anna"), UPDATE, json!({ "input": input })).await;
    let expected = json!([
        { "field": ["input", "sizes", "0", "garment"], "code": "INVALID_PROFILE" },
        { "field": ["input", "styles", "1"], "code": "INVALID_PROFILE" },
    ]);
    assert_eq!(refused["updateStyleProfile"], json!({ "customer": null, "userErrors": expected }));
    let refused = shop.ask(&anonymous(), UPDATE, json!({ "input": {} })).await;
    assert_eq!(refused["updateStyleProfile"]["userErrors"], json!([{ "field": null, "code": "NOT_SIGNED_IN" }]));
}
