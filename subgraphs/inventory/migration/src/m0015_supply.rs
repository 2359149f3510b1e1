//! Suppliers, purchase orders, inbound shipments and receipts; how variants sell beyond their stock, and what was
//! promised of what is on its way.

use sea_orm_migration::{
    prelude::{
        ConnectionTrait, DbErr, DeriveMigrationName, Expr, ExprTrait, ForeignKey, ForeignKeyAction,
        ForeignKeyCreateStatement, Index, MigrationTrait, SchemaManager, Table, TableCreateStatement, async_trait,
    },
    schema::{
        big_integer, big_pk_auto, boolean, integer, integer_null, text, text_null, text_uniq, timestamp_with_time_zone,
        timestamp_with_time_zone_null,
    },
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: [&str; 10] = [
    "supplier",
    "purchase_order",
    "purchase_order_line",
    "inbound_shipment",
    "inbound_line",
    "inbound_receipt",
    "sell_policy",
    "order_promise",
    "promise_part",
    "promise_entry",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            supplier(),
            purchase_order(),
            purchase_order_line(),
            inbound_shipment(),
            inbound_line(),
            inbound_receipt(),
            sell_policy(),
            order_promise(),
            promise_part(),
            promise_entry(),
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

/// In order: the lists of purchase orders and shipments, with each of their filters; lines by their owners; what can be
/// promised; the proof of the ledger; who waits; what was promised of a line.
const INDEXES: &str = "
CREATE INDEX purchase_order_by_created ON purchase_order (created_at, id);
CREATE INDEX purchase_order_by_status ON purchase_order (status, created_at, id);
CREATE INDEX purchase_order_by_supplier ON purchase_order (supplier_id, created_at, id);
CREATE INDEX inbound_shipment_by_expected ON inbound_shipment (expected_at, id);
CREATE INDEX inbound_shipment_by_status ON inbound_shipment (status, expected_at, id);
CREATE INDEX inbound_shipment_by_purchase ON inbound_shipment (purchase_order_id, expected_at, id);
CREATE INDEX inbound_line_by_purchase ON inbound_line (purchase_order_id);
CREATE INDEX inbound_line_by_shipment ON inbound_line (shipment_id);
CREATE INDEX inbound_line_open ON inbound_line (variant_id, expected_at, id) WHERE open_quantity > 0;
CREATE INDEX inbound_receipt_by_line ON inbound_receipt (line_id);
CREATE INDEX order_promise_waiting ON order_promise (variant_id, sequence) WHERE waiting_quantity > 0;
CREATE INDEX order_promise_by_order ON order_promise (order_id);
CREATE INDEX promise_part_by_line ON promise_part (line_id);
CREATE INDEX promise_entry_by_promise ON promise_entry (order_line_id);
";

fn of(table: &'static str, (column, parent): (&'static str, &'static str)) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, column).to(parent, "id").on_delete(ForeignKeyAction::Cascade).take()
}

fn supplier() -> TableCreateStatement {
    Table::create()
        .table("supplier")
        .col(text("id").primary_key())
        .col(text_uniq("code"))
        .col(text("name"))
        .col(text_null("contact_name"))
        .col(text_null("email"))
        .col(text_null("phone"))
        .col(integer("lead_time_days"))
        .col(text("currency"))
        .col(boolean("archived"))
        .col(big_integer("revision"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("lead_time_days").gte(0))
        .take()
}

fn purchase_order() -> TableCreateStatement {
    Table::create()
        .table("purchase_order")
        .col(text("id").primary_key())
        .col(text_uniq("number"))
        .col(text("supplier_id"))
        .col(text("status"))
        .col(text("currency"))
        .col(timestamp_with_time_zone_null("expected_at"))
        .col(text_null("note"))
        .col(big_integer("revision"))
        .col(timestamp_with_time_zone_null("ordered_at"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("status").is_in(["DRAFT", "ORDERED", "PARTIALLY_RECEIVED", "RECEIVED", "CANCELLED"]))
        .foreign_key(ForeignKey::create().from("purchase_order", "supplier_id").to("supplier", "id"))
        .take()
}

fn purchase_order_line() -> TableCreateStatement {
    Table::create()
        .table("purchase_order_line")
        .col(text("id").primary_key())
        .col(text("purchase_order_id"))
        .col(integer("position"))
        .col(text("variant_id"))
        .col(text("location_id"))
        .col(integer("quantity"))
        .col(big_integer("unit_cost_minor"))
        .check(Expr::col("quantity").gt(0))
        .check(Expr::col("unit_cost_minor").gte(0))
        .foreign_key(&mut of("purchase_order_line", ("purchase_order_id", "purchase_order")))
        .index(Index::create().unique().col("purchase_order_id").col("position"))
        .take()
}

fn inbound_shipment() -> TableCreateStatement {
    Table::create()
        .table("inbound_shipment")
        .col(text("id").primary_key())
        .col(text_null("purchase_order_id"))
        .col(text_null("supplier_id"))
        .col(text_null("reference"))
        .col(text_null("carrier"))
        .col(text_null("tracking_number"))
        .col(text("status"))
        .col(timestamp_with_time_zone("expected_at"))
        .col(timestamp_with_time_zone_null("arrived_at"))
        .col(big_integer("revision"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("status").is_in(["PENDING", "IN_TRANSIT", "ARRIVED", "CLOSED", "CANCELLED"]))
        .foreign_key(&mut of("inbound_shipment", ("purchase_order_id", "purchase_order")))
        .take()
}

/// What is on its way. A line without a shipment is ordered and not yet sent. The checks are what keeps anybody from
/// promising more than is coming, whatever the code above does.
fn inbound_line() -> TableCreateStatement {
    Table::create()
        .table("inbound_line")
        .col(text("id").primary_key())
        .col(text_null("purchase_order_id"))
        .col(text_null("purchase_order_line_id"))
        .col(text_null("shipment_id"))
        .col(text("variant_id"))
        .col(text("location_id"))
        .col(integer("quantity"))
        .col(integer("accepted_quantity"))
        .col(integer("rejected_quantity"))
        .col(integer("damaged_quantity"))
        .col(integer("cut_quantity"))
        .col(integer("open_quantity"))
        .col(integer("promised_quantity"))
        .col(timestamp_with_time_zone("expected_at"))
        .col(timestamp_with_time_zone("created_at"))
        .check(Expr::cust("accepted_quantity >= 0 AND rejected_quantity >= 0 AND damaged_quantity >= 0"))
        .check(Expr::cust("cut_quantity >= 0 AND open_quantity >= 0"))
        .check(Expr::cust(
            "open_quantity = quantity - accepted_quantity - rejected_quantity - damaged_quantity - cut_quantity",
        ))
        .check(Expr::cust("promised_quantity >= 0 AND promised_quantity <= open_quantity"))
        .foreign_key(&mut of("inbound_line", ("variant_id", "variant")))
        .take()
}

fn inbound_receipt() -> TableCreateStatement {
    Table::create()
        .table("inbound_receipt")
        .col(text("id").primary_key())
        .col(text("line_id"))
        .col(integer("accepted_quantity"))
        .col(integer("rejected_quantity"))
        .col(integer("damaged_quantity"))
        .col(text("actor"))
        .col(text_null("reference"))
        .col(timestamp_with_time_zone("received_at"))
        .check(Expr::cust("accepted_quantity + rejected_quantity + damaged_quantity > 0"))
        .foreign_key(&mut of("inbound_receipt", ("line_id", "inbound_line")))
        .take()
}

/// Of variants whose policy says more than its name.
fn sell_policy() -> TableCreateStatement {
    Table::create()
        .table("sell_policy")
        .col(text("variant_id").primary_key())
        .col(timestamp_with_time_zone_null("starts_at"))
        .col(timestamp_with_time_zone_null("ends_at"))
        .col(integer_null("promise_limit"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("promise_limit").gte(0))
        .foreign_key(&mut of("sell_policy", ("variant_id", "variant")))
        .take()
}

/// Numbered in the order in which the promises were made.
fn order_promise() -> TableCreateStatement {
    Table::create()
        .table("order_promise")
        .col(big_pk_auto("sequence"))
        .col(text("order_id"))
        .col(text_uniq("order_line_id"))
        .col(text("variant_id"))
        .col(text("channel"))
        .col(text_null("pickup_location_id"))
        .col(integer("quantity"))
        .col(integer("waiting_quantity"))
        .col(timestamp_with_time_zone_null("expected_at"))
        .col(timestamp_with_time_zone("first_expected_at"))
        .col(timestamp_with_time_zone("promised_at"))
        .col(big_integer("revision"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::cust("quantity > 0 AND waiting_quantity >= 0 AND waiting_quantity <= quantity"))
        .foreign_key(&mut of("order_promise", ("order_line_id", "order_line")))
        .take()
}

fn promise_part() -> TableCreateStatement {
    Table::create()
        .table("promise_part")
        .col(text("order_line_id"))
        .col(text("line_id"))
        .col(integer("quantity"))
        .check(Expr::col("quantity").gt(0))
        .foreign_key(&mut of("promise_part", ("order_line_id", "order_line")))
        .foreign_key(ForeignKey::create().from("promise_part", "line_id").to("inbound_line", "id"))
        .primary_key(Index::create().col("order_line_id").col("line_id"))
        .take()
}

/// How a promise moved, was kept or given up.
fn promise_entry() -> TableCreateStatement {
    Table::create()
        .table("promise_entry")
        .col(text("id").primary_key())
        .col(text("order_line_id"))
        .col(big_integer("revision"))
        .col(text("kind"))
        .col(integer("waiting_quantity"))
        .col(timestamp_with_time_zone_null("from_at"))
        .col(timestamp_with_time_zone_null("to_at"))
        .col(text("reason"))
        .col(timestamp_with_time_zone("occurred_at"))
        .check(Expr::col("kind").is_in(["MADE", "MOVED", "KEPT", "GIVEN_UP"]))
        .foreign_key(&mut of("promise_entry", ("order_line_id", "order_line")))
        .take()
}
