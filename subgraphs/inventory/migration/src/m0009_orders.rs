//! Carts, orders with their lines and where these lie, the saga that places them, payments, fulfillments and returns;
//! and the books of the test payment provider.

use sea_orm_migration::{
    prelude::{
        ConnectionTrait, DbErr, DeriveMigrationName, Expr, ExprTrait, ForeignKey, ForeignKeyAction,
        ForeignKeyCreateStatement, Index, MigrationTrait, SchemaManager, Table, TableCreateStatement, async_trait,
    },
    schema::{
        big_integer, big_integer_null, big_pk_auto, integer, json_binary, json_binary_null, text, text_null, text_uniq,
        timestamp_with_time_zone, timestamp_with_time_zone_null,
    },
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: [&str; 14] = [
    "cart",
    "cart_line",
    "customer_order",
    "order_line",
    "order_allocation",
    "order_saga",
    "order_payment",
    "order_entry",
    "fulfillment",
    "fulfillment_line",
    "order_return",
    "payment_notice",
    "test_payment",
    "test_refund",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            cart(),
            cart_line(),
            customer_order(),
            order_line(),
            order_allocation(),
            order_saga(),
            order_payment(),
            order_entry(),
            fulfillment(),
            fulfillment_line(),
            order_return(),
            payment_notice(),
            test_payment(),
            test_refund(),
        ] {
            manager.create_table(table).await?;
        }
        manager.get_connection().execute_unprepared(INDEXES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES.into_iter().rev() {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// In order: pruning of carts; the lists of a customer and of staff, with and without a status; the proof of the ledger;
/// the worker; rows by their order; the late answers of the test provider; pruning of notices.
const INDEXES: &str = "
CREATE INDEX cart_by_age ON cart (updated_at);
CREATE INDEX customer_order_by_actor ON customer_order (actor, number);
CREATE INDEX customer_order_by_status ON customer_order (status, number);
CREATE INDEX order_allocation_by_variant ON order_allocation (variant_id);
CREATE INDEX order_saga_due ON order_saga (next_attempt_at) WHERE step <> 'DONE';
CREATE INDEX order_payment_by_order ON order_payment (order_id);
CREATE INDEX order_entry_by_order ON order_entry (order_id, revision);
CREATE INDEX fulfillment_by_order ON fulfillment (order_id);
CREATE INDEX order_return_by_order ON order_return (order_id);
CREATE INDEX payment_notice_by_age ON payment_notice (received_at);
CREATE INDEX test_payment_by_order ON test_payment (order_id);
CREATE INDEX test_payment_to_tell ON test_payment (settles_at) WHERE notices > 0;
CREATE INDEX test_refund_by_payment ON test_refund (payment_key);
";

fn of(table: &'static str, (column, parent): (&'static str, &'static str)) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, column).to(parent, "id").on_delete(ForeignKeyAction::Cascade).take()
}

fn cart() -> TableCreateStatement {
    Table::create()
        .table("cart")
        .col(text("id").primary_key())
        .col(text("actor"))
        .col(text("channel"))
        .col(text("status"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("status").is_in(["OPEN", "ORDERED"]))
        .take()
}

fn cart_line() -> TableCreateStatement {
    Table::create()
        .table("cart_line")
        .col(text("id").primary_key())
        .col(text("cart_id"))
        .col(text("variant_id"))
        .col(integer("quantity"))
        .check(Expr::col("quantity").gt(0))
        .foreign_key(&mut of("cart_line", ("cart_id", "cart")))
        .foreign_key(&mut of("cart_line", ("variant_id", "variant")))
        .index(Index::create().unique().col("cart_id").col("variant_id"))
        .take()
}

fn customer_order() -> TableCreateStatement {
    Table::create()
        .table("customer_order")
        .col(big_pk_auto("number"))
        .col(text_uniq("id"))
        .col(text("cart_id"))
        .col(text("actor"))
        .col(text("channel"))
        .col(text("status"))
        .col(text("financial_status"))
        .col(text("fulfillment_status"))
        .col(text("currency"))
        .col(big_integer("subtotal_minor"))
        .col(big_integer("total_minor"))
        .col(big_integer("authorized_minor"))
        .col(big_integer("captured_minor"))
        .col(big_integer("refunded_minor"))
        .col(text_null("email"))
        .col(json_binary_null("shipping"))
        .col(text_null("pickup_location_id"))
        .col(text_null("reservation_id"))
        .col(text_null("failure_code"))
        .col(text_null("cancel_reason"))
        .col(timestamp_with_time_zone_null("cancelled_at"))
        .col(big_integer("revision"))
        .col(text("correlation_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("status").is_in(["PENDING", "PLACED", "COMPLETED", "CANCELLED", "FAILED"]))
        .check(Expr::col("authorized_minor").gte(0))
        .check(Expr::col("captured_minor").lte(Expr::col("total_minor")))
        .check(Expr::col("refunded_minor").lte(Expr::col("captured_minor")))
        .take()
}

fn order_line() -> TableCreateStatement {
    Table::create()
        .table("order_line")
        .col(text("id").primary_key())
        .col(text("order_id"))
        .col(integer("position"))
        .col(text("variant_id"))
        .col(text("sku"))
        .col(text("title"))
        .col(integer("quantity"))
        .col(big_integer("unit_price_minor"))
        .col(integer("fulfilled_quantity"))
        .col(integer("cancelled_quantity"))
        .col(integer("returned_quantity"))
        .check(Expr::col("quantity").gt(0))
        .check(Expr::col("fulfilled_quantity").gte(0))
        .check(Expr::col("cancelled_quantity").gte(0))
        .check(Expr::cust("fulfilled_quantity + cancelled_quantity <= quantity"))
        .check(Expr::cust("returned_quantity >= 0 AND returned_quantity <= fulfilled_quantity"))
        .foreign_key(&mut of("order_line", ("order_id", "customer_order")))
        .index(Index::create().unique().col("order_id").col("position"))
        .take()
}

fn order_allocation() -> TableCreateStatement {
    Table::create()
        .table("order_allocation")
        .col(text("id").primary_key())
        .col(text("order_id"))
        .col(text("line_id"))
        .col(text("variant_id"))
        .col(text("location_id"))
        .col(integer("quantity"))
        .check(Expr::col("quantity").gt(0))
        .foreign_key(&mut of("order_allocation", ("line_id", "order_line")))
        .index(Index::create().unique().col("order_id").col("line_id").col("location_id"))
        .take()
}

fn order_saga() -> TableCreateStatement {
    Table::create()
        .table("order_saga")
        .col(text("order_id").primary_key())
        .col(text("step"))
        .col(integer("attempts"))
        .col(timestamp_with_time_zone("next_attempt_at"))
        .col(timestamp_with_time_zone("deadline_at"))
        .col(text_null("lease_owner"))
        .col(big_integer("lease_token"))
        .col(timestamp_with_time_zone_null("leased_until"))
        .col(text_null("payment_method"))
        .col(big_integer_null("expected_total_minor"))
        .col(json_binary("reservation_ids"))
        .foreign_key(&mut of("order_saga", ("order_id", "customer_order")))
        .take()
}

fn order_payment() -> TableCreateStatement {
    Table::create()
        .table("order_payment")
        .col(text("id").primary_key())
        .col(text("order_id"))
        .col(text("kind"))
        .col(text("status"))
        .col(big_integer("amount_minor"))
        .col(text("currency"))
        .col(text_null("reason"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("kind").is_in(["CHARGE", "REFUND"]))
        .check(Expr::col("amount_minor").gt(0))
        .foreign_key(&mut of("order_payment", ("order_id", "customer_order")))
        .take()
}

fn order_entry() -> TableCreateStatement {
    Table::create()
        .table("order_entry")
        .col(text("id").primary_key())
        .col(text("order_id"))
        .col(big_integer("revision"))
        .col(text("kind"))
        .col(text_null("detail"))
        .col(timestamp_with_time_zone("occurred_at"))
        .foreign_key(&mut of("order_entry", ("order_id", "customer_order")))
        .take()
}

fn fulfillment() -> TableCreateStatement {
    Table::create()
        .table("fulfillment")
        .col(text("id").primary_key())
        .col(text("order_id"))
        .col(text("location_id"))
        .col(text("status"))
        .col(text_null("tracking_number"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("status").is_in(["SENT", "READY_FOR_PICKUP", "PICKED_UP", "CANCELLED"]))
        .foreign_key(&mut of("fulfillment", ("order_id", "customer_order")))
        .take()
}

fn fulfillment_line() -> TableCreateStatement {
    Table::create()
        .table("fulfillment_line")
        .col(text("fulfillment_id"))
        .col(text("line_id"))
        .col(text("variant_id"))
        .col(integer("quantity"))
        .check(Expr::col("quantity").gt(0))
        .foreign_key(&mut of("fulfillment_line", ("fulfillment_id", "fulfillment")))
        .primary_key(Index::create().col("fulfillment_id").col("line_id"))
        .take()
}

fn order_return() -> TableCreateStatement {
    Table::create()
        .table("order_return")
        .col(text("id").primary_key())
        .col(text("order_id"))
        .col(text("line_id"))
        .col(text("location_id"))
        .col(integer("quantity"))
        .col(text("disposition"))
        .col(timestamp_with_time_zone("created_at"))
        .check(Expr::col("quantity").gt(0))
        .foreign_key(&mut of("order_return", ("order_id", "customer_order")))
        .take()
}

fn payment_notice() -> TableCreateStatement {
    Table::create()
        .table("payment_notice")
        .col(text("id").primary_key())
        .col(timestamp_with_time_zone("received_at"))
        .take()
}

/// The books of the test provider reference nothing of ours: they stand for somebody else's.
fn test_payment() -> TableCreateStatement {
    Table::create()
        .table("test_payment")
        .col(text("key").primary_key())
        .col(text("order_id"))
        .col(text("state"))
        .col(text_null("reason"))
        .col(big_integer("amount_minor"))
        .col(text("currency"))
        .col(big_integer("captured_minor"))
        .col(integer("calls"))
        .col(text("behaviour"))
        .col(timestamp_with_time_zone("settles_at"))
        .col(integer("notices"))
        .check(Expr::col("captured_minor").lte(Expr::col("amount_minor")))
        .take()
}

fn test_refund() -> TableCreateStatement {
    Table::create()
        .table("test_refund")
        .col(text("key").primary_key())
        .col(text("payment_key"))
        .col(big_integer("amount_minor"))
        .check(Expr::col("amount_minor").gt(0))
        .take()
}
