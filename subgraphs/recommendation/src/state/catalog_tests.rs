use super::*;
use crate::{
    domain::{StockState, Variant},
    vectors::FlatIndex,
};

fn catalog() -> Catalog {
    Catalog::new(Box::new(FlatIndex::new(4)), 4)
}

fn product(id: &str, title: &str) -> Arc<Product> {
    Arc::new(Product {
        id: id.into(),
        title: title.into(),
        description: String::new(),
        vendor: "V".into(),
        category: "Shirts".into(),
        gender: None,
        material: None,
        style: None,
        occasion: None,
        tags: vec![],
        created_at: DateTime::UNIX_EPOCH,
        variants: vec![Variant { sku: format!("{id}-M").into(), size: Some("M".into()), color: None }],
    })
}

fn badge(available: i64, revision: i64) -> Badge {
    let state = if available > 0 { StockState::InStock } else { StockState::OutOfStock };
    Badge { state, available, revision }
}

fn title(catalog: &Catalog, id: &str) -> Option<String> {
    catalog.product(id).map(|product| product.title.clone())
}

const UNIT: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

#[test]
fn the_higher_revision_of_a_badge_wins_whatever_comes_first() {
    let mut catalog = catalog();
    let sku: Sku = "a-M".into();
    assert_eq!(catalog.change_badge(&sku, "a", badge(0, 7)), BadgeOutcome::UnknownProduct);
    catalog.load_product(product("a", "A"), &[(sku.clone(), badge(5, 6))], &UNIT);
    assert!(!catalog.is_available("a", None), "the snapshot is older than the event");
    assert_eq!(catalog.change_badge(&sku, "a", badge(3, 8)), BadgeOutcome::Applied);
    assert_eq!(catalog.change_badge(&sku, "a", badge(0, 8)), BadgeOutcome::Stale);
    assert!(catalog.is_available("a", None));
}

#[test]
fn events_outrank_snapshots_and_each_other_by_revision() {
    let mut catalog = catalog();
    assert!(catalog.load_product(product("a", "snapshot"), &[], &UNIT));
    assert!(catalog.change_product(product("a", "second"), 2, &UNIT));
    assert!(!catalog.change_product(product("a", "first"), 1, &UNIT));
    assert!(!catalog.load_product(product("a", "late snapshot"), &[], &UNIT));
    assert_eq!(title(&catalog, "a").as_deref(), Some("second"));
}

#[test]
fn deleted_stays_deleted_until_something_newer_comes() {
    let mut catalog = catalog();
    catalog.change_product(product("a", "A"), 1, &UNIT);
    assert!(catalog.delete_product(&"a".into(), 2));
    assert!(!catalog.load_product(product("a", "late snapshot"), &[("a-M".into(), badge(5, 9))], &UNIT));
    assert!(!catalog.change_product(product("a", "late event"), 1, &UNIT));
    assert!(catalog.is_empty() && catalog.newest().next().is_none());
    assert!(catalog.change_product(product("a", "again"), 3, &UNIT));
    assert_eq!(title(&catalog, "a").as_deref(), Some("again"));
}

#[test]
fn a_reused_row_is_not_mistaken_for_its_former_product() {
    let mut catalog = catalog();
    catalog.change_product(product("a", "A"), 1, &UNIT);
    let row = catalog.row_of("a").unwrap();
    let (_, writes) = catalog.search_snapshot();
    catalog.delete_product(&"a".into(), 2);
    catalog.change_product(product("b", "B"), 1, &UNIT);
    assert_eq!(catalog.row_of("b"), Some(row));
    assert_eq!(catalog.product_in(row, writes), None);
    assert_eq!(catalog.product_in(row, catalog.search_snapshot().1).map(|id| &**id), Some("b"));
}

#[test]
fn a_changed_product_keeps_the_stock_of_its_variants() {
    let mut catalog = catalog();
    catalog.load_product(product("a", "A"), &[("a-M".into(), badge(5, 1))], &UNIT);
    catalog.change_product(product("a", "renamed"), 1, &UNIT);
    assert!(catalog.is_available("a", None) && catalog.has_all_badges("a"));
}
