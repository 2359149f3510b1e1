//! Codes in carts, and what made the price of an order line lower.

use sea_orm_migration::{
    prelude::{
        ConnectionTrait, DbErr, DeriveMigrationName, Expr, ExprTrait, ForeignKey, ForeignKeyAction, Index,
        MigrationTrait, SchemaManager, Table, TableCreateStatement, async_trait,
    },
    schema::{big_integer, integer, integer_null, json_binary, text, text_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let codes = json_binary("codes").default("[]").take();
        manager.alter_table(Table::alter().table("cart").add_column(codes).take()).await?;
        let base = big_integer("base_price_minor").default(0).take();
        manager.alter_table(Table::alter().table("order_line").add_column(base).take()).await?;
        // Until now every line cost the base price.
        let connection = manager.get_connection();
        connection.execute_unprepared("UPDATE order_line SET base_price_minor = unit_price_minor").await?;
        manager.create_table(order_line_discount()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("order_line_discount").to_owned()).await?;
        manager.alter_table(Table::alter().table("order_line").drop_column("base_price_minor").take()).await?;
        manager.alter_table(Table::alter().table("cart").drop_column("codes").take()).await
    }
}

/// A promotion may be taken away; what it took off stays known.
fn order_line_discount() -> TableCreateStatement {
    Table::create()
        .table("order_line_discount")
        .col(text("line_id"))
        .col(integer("position"))
        .col(text("kind"))
        .col(text_null("promotion_id"))
        .col(text_null("title"))
        .col(text_null("code"))
        // Of a tier.
        .col(integer_null("minimum_quantity"))
        // Off each piece.
        .col(big_integer("amount_minor"))
        .primary_key(Index::create().col("line_id").col("position"))
        .foreign_key(
            &mut ForeignKey::create()
                .from("order_line_discount", "line_id")
                .to("order_line", "id")
                .on_delete(ForeignKeyAction::Cascade)
                .take(),
        )
        .check(Expr::col("kind").is_in(["TIER", "PROMOTION"]))
        .check(Expr::col("amount_minor").gt(0))
        .take()
}
