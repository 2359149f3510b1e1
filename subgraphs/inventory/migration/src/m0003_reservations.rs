//! Reservations with their lines, and the answers that were given under an idempotency key.

use sea_orm_migration::{
    prelude::{
        ConnectionTrait, DbErr, DeriveMigrationName, Expr, ExprTrait, ForeignKey, ForeignKeyAction, Index,
        MigrationTrait, SchemaManager, Table, TableCreateStatement, async_trait,
    },
    schema::{integer, json_binary_null, text, text_null, timestamp_with_time_zone},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [reservation(), reservation_line(), idempotency()] {
            manager.create_table(table).await?;
        }
        manager.get_connection().execute_unprepared(INDEXES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["idempotency", "reservation_line", "reservation"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// The expirer reads the first, pruning the second, erasing or joining by variant the third.
const INDEXES: &str = "
CREATE INDEX reservation_due ON reservation (expires_at) WHERE status = 'ACTIVE';
CREATE INDEX idempotency_by_age ON idempotency (created_at);
CREATE INDEX reservation_line_by_variant ON reservation_line (variant_id);
";

fn reservation() -> TableCreateStatement {
    Table::create()
        .table("reservation")
        .col(text("id").primary_key())
        .col(text("status"))
        .col(text_null("reference"))
        .col(text("actor"))
        .col(text("correlation_id"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("status").is_in(["ACTIVE", "RELEASED", "EXPIRED", "COMMITTED"]))
        .take()
}

fn reservation_line() -> TableCreateStatement {
    Table::create()
        .table("reservation_line")
        .col(text("id").primary_key())
        .col(text("reservation_id"))
        .col(integer("position"))
        .col(text("variant_id"))
        .col(text("location_id"))
        .col(integer("quantity"))
        .check(Expr::col("quantity").gt(0))
        .foreign_key(
            ForeignKey::create()
                .from("reservation_line", "reservation_id")
                .to("reservation", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .index(Index::create().unique().col("reservation_id").col("position"))
        .take()
}

fn idempotency() -> TableCreateStatement {
    Table::create()
        .table("idempotency")
        .col(text("scope"))
        .col(text("key"))
        .col(text("request_hash"))
        .col(json_binary_null("response"))
        .col(timestamp_with_time_zone("created_at"))
        .primary_key(Index::create().col("scope").col("key"))
        .take()
}
