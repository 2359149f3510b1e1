//! What a cart takes, and whose it is.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use selvedge_inventory::{
    command::{
        Caller,
        order::{CART_LINES_MAX, CART_QUANTITY_MAX, CartLine, NewCart},
    },
    domain::ErrorCode,
    entity::cart_line,
};

use super::desk::{cart, checkout};
use crate::warehouse::{NEAR, Warehouse, new_key, shopper};

on_each_engine!(pieces_are_added_set_and_taken_out, what_cannot_be_in_a_cart_is_refused, a_cart_is_its_makers);

fn ann() -> Caller {
    Caller { actor: "ann".to_owned(), ..shopper() }
}

fn lines(lines: &[(&str, i32)]) -> Vec<CartLine> {
    lines.iter().map(|(sku, quantity)| CartLine { sku: (*sku).to_owned(), quantity: *quantity }).collect()
}

async fn content(warehouse: &Warehouse, id: &str) -> Vec<(String, i32)> {
    let own = cart_line::Entity::find().filter(cart_line::Column::CartId.eq(id)).order_by_asc(cart_line::Column::Id);
    let rows = own.all(warehouse.store.reader()).await.unwrap();
    rows.into_iter().map(|row| (row.variant_id.replace("variant-", ""), row.quantity)).collect()
}

async fn pieces_are_added_set_and_taken_out(warehouse: Warehouse) {
    let orders = warehouse.orders();
    let id = cart(&orders, &ann(), &[("SKU-1", 2), ("SKU-0", 1), ("SKU-1", 1)]).await;
    assert_eq!(content(&warehouse, &id).await, [("SKU-1".to_owned(), 3), ("SKU-0".to_owned(), 1)]);
    let key = new_key();
    for _ in 0..2 {
        let more = lines(&[("SKU-0", 4), ("SKU-2", 1)]);
        orders.add_to_cart(&ann(), (&id, &more), &key).await.unwrap().unwrap();
    }
    let set = lines(&[("SKU-1", 0), ("SKU-2", 9), ("SKU-3", 0)]);
    orders.set_in_cart(&ann(), (&id, &set), &new_key()).await.unwrap().unwrap();
    assert_eq!(content(&warehouse, &id).await, [("SKU-0".to_owned(), 5), ("SKU-2".to_owned(), 9)]);
}

async fn what_cannot_be_in_a_cart_is_refused(warehouse: Warehouse) {
    let orders = warehouse.orders();
    let id = cart(&orders, &ann(), &[("SKU-0", 1)]).await;
    let refused = async |wanted: &[(&str, i32)]| {
        let answer = orders.add_to_cart(&ann(), (&id, &lines(wanted)), &new_key()).await.unwrap();
        let errors = answer.unwrap_err();
        (errors[0].code, errors[0].field.clone().unwrap().join("."))
    };
    let at = |code, field: &str| (code, field.to_owned());
    assert_eq!(refused(&[("SKU-1", 1), ("SKU-X", 1)]).await, at(ErrorCode::UnknownSku, "lines.1.sku"));
    assert_eq!(refused(&[("SKU-1", 0)]).await, at(ErrorCode::InvalidQuantity, "lines.0.quantity"));
    assert_eq!(refused(&[("SKU-0", CART_QUANTITY_MAX)]).await, at(ErrorCode::InvalidQuantity, "lines.0.quantity"));
    warehouse.sql("UPDATE product SET status = 'DRAFT'").await.unwrap();
    assert_eq!(refused(&[("SKU-1", 1)]).await, at(ErrorCode::UnknownSku, "lines.0.sku"));
    assert_eq!(content(&warehouse, &id).await, [("SKU-0".to_owned(), 1)]);
    assert_eq!(CART_LINES_MAX, 100);
}

async fn a_cart_is_its_makers(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 5).await;
    let orders = warehouse.orders();
    let bob = Caller { actor: "bob".to_owned(), ..shopper() };
    let of_ann = cart(&orders, &ann(), &[("SKU-0", 1)]).await;
    for stranger in [&bob, &shopper()] {
        let refused = orders.add_to_cart(stranger, (&of_ann, &lines(&[("SKU-0", 1)])), &new_key()).await.unwrap();
        assert_eq!(refused.unwrap_err()[0].code, ErrorCode::CartNotFound);
        let refused = orders.check_out(stranger, &checkout(&of_ann, "tok_succeed"), &new_key()).await.unwrap();
        assert_eq!(refused.unwrap_err()[0].code, ErrorCode::CartNotFound);
    }
    // Who signs in at the till goes on with the cart that they began before; the order is theirs.
    let anonymous = cart(&orders, &shopper(), &[("SKU-0", 1)]).await;
    let order = orders.check_out(&bob, &checkout(&anonymous, "tok_succeed"), &new_key()).await.unwrap().unwrap();
    assert_eq!(warehouse.rested(&order).await.actor, "bob");
    let empty = NewCart { channel: "online".to_owned(), lines: Vec::new() };
    let empty = orders.create_cart(&bob, &empty, &new_key()).await.unwrap().unwrap();
    let refused = orders.check_out(&bob, &checkout(&empty, "tok_succeed"), &new_key()).await.unwrap().unwrap_err();
    assert_eq!(refused[0].code, ErrorCode::CartNotOpen);
}
