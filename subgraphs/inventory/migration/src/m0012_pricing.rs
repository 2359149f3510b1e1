//! Prices that hold from some quantity on, and promotions.

use sea_orm_migration::{
    prelude::{
        ColumnDef, ConnectionTrait, DbErr, DeriveMigrationName, Expr, ExprTrait, ForeignKey, ForeignKeyAction, Index,
        MigrationTrait, SchemaManager, Table, TableCreateStatement, async_trait,
    },
    schema::{big_integer, boolean, integer, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [price_tier(), promotion(), promotion_target()] {
            manager.create_table(table).await?;
        }
        manager.get_connection().execute_unprepared(INDEXES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["promotion_target", "promotion", "price_tier"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Of promotions only those are asked for that may hold; what is over or switched off is in no index but its key's.
const INDEXES: &str = "
CREATE INDEX price_tier_by_variant ON price_tier (variant_id, minimum_quantity);
CREATE INDEX promotion_by_created ON promotion (created_at, id);
CREATE INDEX promotion_enabled ON promotion (ends_at, id) WHERE enabled;
CREATE INDEX promotion_target_by_what ON promotion_target (target_id, kind);
";

fn id() -> ColumnDef {
    text("id").primary_key().take()
}

fn price_tier() -> TableCreateStatement {
    Table::create()
        .table("price_tier")
        .col(id())
        .col(text("variant_id"))
        .col(integer("minimum_quantity"))
        .col(big_integer("unit_price_minor"))
        .col(timestamp_with_time_zone_null("starts_at"))
        .col(timestamp_with_time_zone_null("ends_at"))
        .foreign_key(
            &mut ForeignKey::create()
                .from("price_tier", "variant_id")
                .to("variant", "id")
                .on_delete(ForeignKeyAction::Cascade)
                .take(),
        )
        .check(Expr::col("minimum_quantity").gte(1))
        .check(Expr::col("unit_price_minor").gte(0))
        .take()
}

fn promotion() -> TableCreateStatement {
    Table::create()
        .table("promotion")
        .col(id())
        .col(text("title"))
        // Upper case; absent for a promotion that needs none.
        .col(text_null("code").unique_key())
        .col(text("kind"))
        // Basis points of a percentage, else minor units.
        .col(big_integer("value"))
        // Of a fixed amount or price.
        .col(text_null("currency"))
        .col(integer("priority"))
        .col(boolean("combinable"))
        .col(boolean("enabled"))
        .col(timestamp_with_time_zone_null("starts_at"))
        .col(timestamp_with_time_zone_null("ends_at"))
        .col(big_integer("revision"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("kind").is_in(["PERCENTAGE", "FIXED_AMOUNT", "FIXED_PRICE"]))
        .check(Expr::col("value").gte(0))
        .take()
}

/// What a promotion holds for; any of them will do.
fn promotion_target() -> TableCreateStatement {
    Table::create()
        .table("promotion_target")
        .col(text("promotion_id"))
        .col(text("kind"))
        // The id of a product, variant or collection, the name of a category, empty for everything.
        .col(text("target_id"))
        .primary_key(Index::create().col("promotion_id").col("kind").col("target_id"))
        .foreign_key(
            &mut ForeignKey::create()
                .from("promotion_target", "promotion_id")
                .to("promotion", "id")
                .on_delete(ForeignKeyAction::Cascade)
                .take(),
        )
        .check(Expr::col("kind").is_in(["ALL", "PRODUCT", "VARIANT", "COLLECTION", "CATEGORY"]))
        .take()
}
