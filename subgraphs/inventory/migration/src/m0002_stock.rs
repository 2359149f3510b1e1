//! Locations, stock levels with the checks that no command can get around, and the append-only ledger.

use sea_orm_migration::{
    prelude::{
        ConnectionTrait, DbErr, DeriveMigrationName, Expr, ExprTrait, ForeignKey, ForeignKeyAction, Index,
        MigrationTrait, SchemaManager, Table, TableCreateStatement, async_trait,
    },
    schema::{big_integer, big_pk_auto, boolean, integer, text, text_null, text_uniq, timestamp_with_time_zone},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [location(), stock_level(), stock_event()] {
            manager.create_table(table).await?;
        }
        manager
            .get_connection()
            .execute_unprepared("CREATE INDEX stock_level_by_location ON stock_level (location_id);")
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["stock_event", "stock_level", "location"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn location() -> TableCreateStatement {
    Table::create()
        .table("location")
        .col(text("id").primary_key())
        .col(text_uniq("code"))
        .col(text("name"))
        .col(text("kind"))
        .col(text("city"))
        .col(text("country_code"))
        .col(integer("priority"))
        .col(boolean("active"))
        .check(Expr::col("kind").is_in(["WAREHOUSE", "STORE"]))
        .take()
}

fn stock_level() -> TableCreateStatement {
    Table::create()
        .table("stock_level")
        .col(text("id").primary_key())
        .col(text("variant_id"))
        .col(text("location_id"))
        .col(integer("on_hand"))
        .col(integer("committed"))
        .col(integer("safety_stock"))
        .col(integer("incoming"))
        .col(big_integer("version"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("on_hand").gte(0))
        .check(Expr::col("committed").gte(0))
        .check(Expr::col("committed").lte(Expr::col("on_hand")))
        .check(Expr::col("safety_stock").gte(0))
        .check(Expr::col("incoming").gte(0))
        .foreign_key(
            ForeignKey::create()
                .from("stock_level", "variant_id")
                .to("variant", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(ForeignKey::create().from("stock_level", "location_id").to("location", "id"))
        .index(Index::create().unique().col("variant_id").col("location_id"))
        .take()
}

/// The ledger outlives what it speaks of, so it references nothing. One version per level, once: two writers that read
/// the same level cannot both append.
fn stock_event() -> TableCreateStatement {
    Table::create()
        .table("stock_event")
        .col(big_pk_auto("seq"))
        .col(text_uniq("id"))
        .col(text("variant_id"))
        .col(text("location_id"))
        .col(big_integer("version"))
        .col(text("kind"))
        .col(integer("on_hand_delta"))
        .col(integer("committed_delta"))
        .col(integer("safety_stock_delta"))
        .col(integer("incoming_delta"))
        .col(text("reason"))
        .col(text("actor"))
        .col(text_null("reference"))
        .col(text_null("reservation_id"))
        .col(text("correlation_id"))
        .col(text_null("idempotency_key"))
        .col(timestamp_with_time_zone("occurred_at"))
        .index(Index::create().unique().col("variant_id").col("location_id").col("version"))
        .take()
}
