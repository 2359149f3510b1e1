//! Alerts of stock that runs out, what could not be sold, and who waits for it.

use sea_orm_migration::{
    prelude::{
        ConnectionTrait, DbErr, DeriveMigrationName, Expr, ExprTrait, ForeignKey, ForeignKeyAction, Index,
        MigrationTrait, SchemaManager, Table, TableCreateStatement, async_trait,
    },
    schema::{
        big_integer, big_pk_auto, binary, integer, integer_null, json_binary, text, text_null, text_uniq,
        timestamp_with_time_zone, timestamp_with_time_zone_null,
    },
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: [&str; 7] = [
    "waitlist_notice",
    "waitlist_variant",
    "waitlist_entry",
    "waitlist_customer",
    "sale_attempt",
    "stock_alert_threshold",
    "stock_alert",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            stock_alert(),
            stock_alert_threshold(),
            sale_attempt(),
            waitlist_customer(),
            waitlist_entry(),
            waitlist_variant(),
            waitlist_notice(),
        ];
        for table in tables {
            manager.create_table(table).await?;
        }
        manager.get_connection().execute_unprepared(INDEXES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// The first of each table keeps a promise: one open alert per place, one waiting entry per customer.
const INDEXES: &str = "
CREATE UNIQUE INDEX stock_alert_open ON stock_alert (variant_id, kind, location_id, channel) WHERE resolved_at IS NULL;
CREATE INDEX stock_alert_by_time ON stock_alert (raised_at, id);
CREATE INDEX stock_alert_open_by_time ON stock_alert (raised_at, id) WHERE resolved_at IS NULL;
CREATE INDEX stock_alert_open_in_order ON stock_alert (kind, id) WHERE resolved_at IS NULL;
CREATE INDEX stock_alert_of_kind ON stock_alert (kind, raised_at, id);
CREATE INDEX stock_alert_of_sku ON stock_alert (sku, raised_at, id);
CREATE INDEX stock_alert_at_location ON stock_alert (location_id, raised_at, id) WHERE location_id <> '';
CREATE INDEX stock_alert_changed ON stock_alert (changed_at, id);
CREATE INDEX stock_alert_of_variant ON stock_alert (variant_id, kind, resolved_at);
CREATE INDEX sale_attempt_by_window ON sale_attempt (window_start, id);
CREATE INDEX sale_attempt_of_sku ON sale_attempt (sku, window_start, id);
CREATE UNIQUE INDEX waitlist_entry_waiting ON waitlist_entry (customer_token, variant_id, channel)
  WHERE status = 'WAITING';
CREATE INDEX waitlist_entry_in_order ON waitlist_entry (variant_id, seq) WHERE status = 'WAITING';
CREATE INDEX waitlist_entry_offered ON waitlist_entry (variant_id, offer_expires_at) WHERE status = 'NOTIFIED';
CREATE INDEX waitlist_entry_of_customer ON waitlist_entry (customer_token, seq);
CREATE INDEX waitlist_variant_due ON waitlist_variant (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX waitlist_notice_due ON waitlist_notice (next_attempt_at, seq) WHERE status = 'PENDING';
CREATE INDEX waitlist_notice_in_order ON waitlist_notice (variant_id, seq) WHERE status = 'PENDING';
";

/// History outlives what it speaks of, so that it references nothing. A key takes no null: no location is the empty text, and
/// so is no channel.
fn stock_alert() -> TableCreateStatement {
    Table::create()
        .table("stock_alert")
        .col(text("id").primary_key())
        .col(text("kind"))
        .col(text("severity"))
        .col(text("variant_id"))
        .col(text("product_id"))
        .col(text("sku"))
        .col(text("location_id").default(""))
        .col(text("channel").default(""))
        .col(integer_null("threshold"))
        .col(integer_null("available"))
        .col(json_binary("facts"))
        .col(integer("occurrences"))
        .col(big_integer("revision"))
        .col(timestamp_with_time_zone("raised_at"))
        .col(timestamp_with_time_zone("changed_at"))
        .col(timestamp_with_time_zone_null("resolved_at"))
        .col(timestamp_with_time_zone_null("acknowledged_at"))
        .col(text_null("acknowledged_by"))
        .col(text_null("note"))
        .take()
}

/// The row without a location is of the variant over all locations.
fn stock_alert_threshold() -> TableCreateStatement {
    Table::create()
        .table("stock_alert_threshold")
        .col(text("variant_id"))
        .col(text("location_id").default(""))
        .col(integer("threshold"))
        .col(text("updated_by"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("threshold").gte(0))
        .primary_key(Index::create().col("variant_id").col("location_id"))
        .foreign_key(
            ForeignKey::create()
                .from("stock_alert_threshold", "variant_id")
                .to("variant", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

/// What could not be sold of a variant through a channel within one window of time.
fn sale_attempt() -> TableCreateStatement {
    Table::create()
        .table("sale_attempt")
        .col(text("id").primary_key())
        .col(text("variant_id"))
        .col(text("product_id"))
        .col(text("sku"))
        .col(text("channel").default(""))
        .col(timestamp_with_time_zone("window_start"))
        .col(big_integer("attempts"))
        .col(big_integer("units_wanted"))
        .col(big_integer("units_missed"))
        // A sketch from which the number of different shoppers is estimated; nobody can be read out of it.
        .col(binary("shoppers"))
        .col(timestamp_with_time_zone("last_at"))
        .take()
}

/// Who waits. Everything else knows a customer by the token; when this row goes, so does what it refers to.
fn waitlist_customer() -> TableCreateStatement {
    Table::create()
        .table("waitlist_customer")
        .col(text("token").primary_key())
        .col(text_uniq("customer_id"))
        .col(timestamp_with_time_zone("created_at"))
        .take()
}

fn waitlist_entry() -> TableCreateStatement {
    Table::create()
        .table("waitlist_entry")
        // The order of joining.
        .col(big_pk_auto("seq"))
        .col(text_uniq("id"))
        .col(text("customer_token"))
        .col(text("variant_id"))
        .col(text("channel").default(""))
        .col(integer("quantity"))
        .col(text("status"))
        .col(timestamp_with_time_zone("joined_at"))
        .col(timestamp_with_time_zone_null("notified_at"))
        .col(integer_null("offered"))
        .col(timestamp_with_time_zone_null("offer_expires_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .check(Expr::col("quantity").gte(1))
        .check(Expr::col("status").is_in(["WAITING", "NOTIFIED", "SERVED", "LAPSED", "LEFT"]))
        .foreign_key(
            ForeignKey::create()
                .from("waitlist_entry", "customer_token")
                .to("waitlist_customer", "token")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .from("waitlist_entry", "variant_id")
                .to("variant", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

/// When the queue of a variant has to be looked at next; whoever looks holds this row.
fn waitlist_variant() -> TableCreateStatement {
    Table::create()
        .table("waitlist_variant")
        .col(text("variant_id").primary_key())
        .col(timestamp_with_time_zone_null("due_at"))
        .foreign_key(
            ForeignKey::create()
                .from("waitlist_variant", "variant_id")
                .to("variant", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

/// What has to be told to whom; written in the transaction that decided it.
fn waitlist_notice() -> TableCreateStatement {
    Table::create()
        .table("waitlist_notice")
        .col(text("entry_id").primary_key())
        .col(big_integer("seq"))
        .col(text("variant_id"))
        .col(text("status"))
        .col(integer("attempts"))
        .col(timestamp_with_time_zone("next_attempt_at"))
        .col(timestamp_with_time_zone_null("leased_until"))
        .col(big_integer("lease_token"))
        .col(text_null("last_error"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("settled_at"))
        .check(Expr::col("status").is_in(["PENDING", "DELIVERED", "DEAD"]))
        .foreign_key(
            ForeignKey::create()
                .from("waitlist_notice", "entry_id")
                .to("waitlist_entry", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}
