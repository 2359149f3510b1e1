//! Products, their options and images, and their variants.

use sea_orm_migration::{
    prelude::{
        ColumnDef, ConnectionTrait, DbErr, DeriveMigrationName, Expr, ExprTrait, ForeignKey, ForeignKeyAction,
        ForeignKeyCreateStatement, Index, MigrationTrait, SchemaManager, Table, TableCreateStatement, async_trait,
    },
    schema::{
        big_integer, big_integer_null, integer, json_binary, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null,
    },
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [product(), product_option(), product_image(), variant()] {
            manager.create_table(table).await?;
        }
        manager.get_connection().execute_unprepared(INDEXES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["variant", "product_image", "product_option", "product"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Filters of the product list are by these columns; the partial index holds only what can be bought.
const INDEXES: &str = "
CREATE INDEX product_by_rank ON product (featured_rank, id);
CREATE INDEX product_by_created ON product (created_at, id);
CREATE INDEX product_by_title ON product (title, id);
CREATE INDEX product_by_price ON product (price_min, id);
CREATE INDEX product_by_category ON product (category, featured_rank);
CREATE INDEX product_by_vendor ON product (vendor);
CREATE INDEX variant_by_product ON variant (product_id, position);
CREATE INDEX variant_by_size ON variant (size, product_id);
CREATE INDEX variant_by_color ON variant (color, product_id);
CREATE INDEX variant_available ON variant (product_id) WHERE badge_available > 0;
";

fn id() -> ColumnDef {
    text("id").primary_key().take()
}

fn product() -> TableCreateStatement {
    Table::create()
        .table("product")
        .col(id())
        .col(text("handle").unique_key())
        .col(text("title"))
        .col(text("description"))
        .col(text("vendor"))
        .col(text("category"))
        .col(text_null("gender"))
        .col(text_null("material"))
        .col(text_null("style"))
        .col(text_null("occasion"))
        .col(json_binary("tags"))
        .col(text("status"))
        .col(integer("featured_rank"))
        .col(text("currency"))
        .col(big_integer("price_min"))
        .col(big_integer("price_max"))
        .col(big_integer("revision"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("price_min").lte(Expr::col("price_max")))
        .take()
}

fn product_option() -> TableCreateStatement {
    Table::create()
        .table("product_option")
        .col(id())
        .col(text("product_id"))
        .col(integer("position"))
        .col(text("name"))
        .col(json_binary("option_values"))
        .foreign_key(&mut of_product("product_option"))
        .index(Index::create().unique().col("product_id").col("position"))
        .take()
}

fn product_image() -> TableCreateStatement {
    Table::create()
        .table("product_image")
        .col(id())
        .col(text("product_id"))
        .col(integer("position"))
        .col(text("url"))
        .col(text_null("alt_text"))
        .foreign_key(&mut of_product("product_image"))
        .index(Index::create().unique().col("product_id").col("position"))
        .take()
}

fn variant() -> TableCreateStatement {
    Table::create()
        .table("variant")
        .col(id())
        .col(text("product_id"))
        .col(text("sku").unique_key())
        .col(text("title"))
        .col(text_null("barcode"))
        .col(text_null("size"))
        .col(text_null("color"))
        .col(json_binary("options"))
        .col(big_integer("price_minor"))
        .col(big_integer_null("compare_at_minor"))
        .col(text("currency"))
        .col(integer("position"))
        .col(text("stock_policy"))
        .col(timestamp_with_time_zone_null("expected_at"))
        .col(text("badge_state").default("OUT_OF_STOCK"))
        .col(integer("badge_available").default(0))
        .col(big_integer("badge_revision").default(0))
        .foreign_key(&mut of_product("variant"))
        .check(Expr::col("price_minor").gte(0))
        .check(Expr::col("badge_available").gte(0))
        .check(Expr::col("stock_policy").is_in(["DENY", "BACKORDER", "PREORDER"]))
        .take()
}

fn of_product(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, "product_id").to("product", "id").on_delete(ForeignKeyAction::Cascade).take()
}
