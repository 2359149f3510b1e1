//! Reading a product file row by row.

use std::{collections::HashSet, io::BufRead, path::Path};

use chrono::{DateTime, Utc};
use csv::StringRecord;

use super::{
    columns::{Column, Header},
    opening::{self, DecimalSign, describe},
    product::{LONGEST, ProductReader, Row},
    report::{ImportError, RejectedRow},
};
use crate::catalog::{draft::ProductDraft, slug::slug};

/// What a file does not say.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// ISO 4217; Shopify's prices carry no currency.
    pub currency_code: String,
    /// The location that gets the quantities of the product file.
    pub location_code: String,
    /// When the products count as added.
    pub imported_at: DateTime<Utc>,
}

/// What a product file holds.
#[derive(Debug, Default)]
pub struct ProductReading {
    /// Products with at least one good variant.
    pub products: Vec<ProductDraft>,
    /// Rows below the header.
    pub rows: u64,
    /// Rows that were left out.
    pub rejected: Vec<RejectedRow>,
}

/// Reads the product file at `path`; `progress` is told how many bytes have been read.
///
/// # Errors
///
/// When the file cannot be read, is no product file, or has no rows.
pub fn read_products(
    path: &Path,
    options: &ImportOptions,
    mut progress: impl FnMut(u64),
) -> Result<ProductReading, ImportError> {
    let name = path.display().to_string();
    read_from(opening::open(path)?, &name, options, &mut progress)
}

fn read_from(
    source: impl BufRead,
    name: &str,
    options: &ImportOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<ProductReading, ImportError> {
    let unreadable = |error: csv::Error| ImportError::Unreadable { file: name.to_owned(), reason: describe(&error) };
    let (mut csv, decimal_sign) = opening::csv(source, name)?;
    let header = Header::new(csv.headers().map_err(unreadable)?);
    header.require_products(name)?;

    let mut grouping = Grouping::new(&header, options, decimal_sign);
    let mut record = StringRecord::new();
    loop {
        let line = csv.position().line();
        match csv.read_record(&mut record) {
            Ok(false) => break,
            // The position before the read is that of a skipped blank line where there is one.
            Ok(true) => grouping.take(record.position().map_or(line, csv::Position::line), &record),
            Err(error) if error.is_io_error() => return Err(unreadable(error)),
            Err(error) => grouping.refuse(line, None, describe(&error)),
        }
        progress(csv.position().byte());
    }
    let reading = grouping.finish();
    if reading.rows == 0 { Err(ImportError::Empty { file: name.to_owned() }) } else { Ok(reading) }
}

/// Gathers the rows of one product, which follow each other, and turns them into a draft when the next one begins.
struct Grouping<'a> {
    reader: ProductReader<'a>,
    reading: ProductReading,
    handles: HashSet<String>,
    current: String,
    rows: Vec<Row>,
}

impl<'a> Grouping<'a> {
    fn new(header: &'a Header, options: &'a ImportOptions, decimal_sign: DecimalSign) -> Self {
        Self {
            reader: ProductReader { header, options, decimal_sign, skus: HashSet::new(), rejected: Vec::new() },
            reading: ProductReading::default(),
            handles: HashSet::new(),
            current: String::new(),
            rows: Vec::new(),
        }
    }

    fn refuse(&mut self, line: u64, handle: Option<String>, reason: String) {
        self.reading.rows += 1;
        self.reader.rejected.push(RejectedRow { line, handle, reason });
    }

    fn take(&mut self, line: u64, record: &StringRecord) {
        if record.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        if record.iter().any(|cell| cell.contains('\0')) {
            self.refuse(line, None, "a cell contains the character U+0000; save the file as UTF-8".to_owned());
            return;
        }
        let header = self.reader.header;
        let handle = match header.cell(record, Column::Handle) {
            Some(handle) => handle.to_owned(),
            // A new product that was written by hand has a title and no handle yet.
            None => header.cell(record, Column::Title).map(slug).unwrap_or_default(),
        };
        if handle.is_empty() {
            let column = header.spelled(Column::Handle);
            self.refuse(line, None, format!("column `{column}` is blank, and there is no title to make one from"));
            return;
        }
        if handle.chars().count() > LONGEST {
            let column = header.spelled(Column::Handle);
            self.refuse(line, None, format!("column `{column}` is longer than {LONGEST} characters"));
            return;
        }
        if handle != self.current {
            self.close();
            if self.handles.contains(&handle) {
                let reason = "rows of one product must follow each other; this handle was there before".to_owned();
                self.refuse(line, Some(handle), reason);
                return;
            }
            self.current.clone_from(&handle);
            self.handles.insert(handle);
        }
        self.reading.rows += 1;
        self.rows.push(Row { line, record: record.clone() });
    }

    fn close(&mut self) {
        let rank = i32::try_from(self.reading.products.len()).unwrap_or(i32::MAX);
        if !self.rows.is_empty() {
            self.reading.products.extend(self.reader.product(&self.current, &self.rows, rank));
            self.rows.clear();
        }
        self.current.clear();
    }

    fn finish(mut self) -> ProductReading {
        self.close();
        self.reading.rejected = self.reader.rejected;
        self.reading.rejected.sort_by_key(|row| row.line);
        self.reading
    }
}

#[cfg(test)]
mod tests {
    use super::{ImportOptions, ProductReading, read_from};
    use crate::catalog::draft::StockPolicy;

    fn read(csv: &str) -> ProductReading {
        let options = ImportOptions {
            currency_code: "EUR".to_owned(),
            location_code: "MAIN".to_owned(),
            imported_at: chrono::DateTime::UNIX_EPOCH,
        };
        read_from(csv.as_bytes(), "test.csv", &options, &mut |_| {}).unwrap()
    }

    const HEADER: &str = "Handle,Title,Vendor,Tags,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,\
                          Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,Image Src\n";

    #[test]
    fn rows_of_one_handle_become_one_product() {
        let reading = read(&format!(
            "{HEADER}tee,Blue Tee,Acme,\"men, summer\",Size,S,Color,Blue,T-S,3,deny,20.00,25,https://x/1.jpg\n\
             tee,,,,,M,,Blue,T-M,,continue,20.00,,https://x/2.jpg\ntee,,,,,,,,,,,,,https://x/3.jpg\n"
        ));
        assert_eq!(reading.rejected, []);
        let [product] = reading.products.as_slice() else { panic!("{:?}", reading.products) };
        assert_eq!((product.category.as_str(), product.gender.as_deref()), ("T-Shirts", Some("men")));
        assert_eq!(product.images.len(), 3);
        assert_eq!(product.options[0].values, ["S", "M"]);
        let [small, medium] = product.variants.as_slice() else { panic!("{:?}", product.variants) };
        assert_eq!((small.price_minor, small.compare_at_minor), (2_000, Some(2_500)));
        assert_eq!((small.size.as_deref(), small.color.as_deref()), (Some("S"), Some("Blue")));
        assert_eq!(small.levels[0].on_hand, 3);
        assert_eq!(medium.levels, [], "no quantity is not the same as zero");
        assert_eq!(medium.stock_policy, StockPolicy::Backorder);
    }

    #[test]
    fn bad_rows_are_reported_and_the_rest_is_kept() {
        let reading = read(&format!(
            "{HEADER}tee,Tee,A,,Size,S,,,T-S,3,deny,20,,\ntee,,,,,M,,,T-M,3,deny,twenty,,\ntee,,,,,L,,,T-S,3,deny,20,,\n\
             tee,,,,,S,,,T-X,3,deny,20,,\n,,,,,,,,,,,5,,\ncap,,A,,Size,One,,,C,1,deny,9,,\nhat,Hat,A,,Size,One,,,H,many,deny,9,,\n"
        ));
        let report: Vec<String> = reading.rejected.iter().map(|row| format!("{}: {}", row.line, row.reason)).collect();
        insta::assert_debug_snapshot!(report);
        assert_eq!(reading.products.len(), 1);
        assert_eq!(reading.products[0].variants.len(), 1);
    }

    #[test]
    fn a_product_without_options_has_one_variant_named_after_it() {
        let reading = read(&format!("{HEADER}bag,Leather Bag,A,,Title,Default Title,,,,1,deny,30,,\n"));
        let variant = &reading.products[0].variants[0];
        assert_eq!((variant.sku.as_str(), variant.title.as_str()), ("bag", "Leather Bag"));
        assert_eq!(reading.products[0].options, []);
    }

    #[test]
    fn the_newer_column_names_are_understood() {
        let reading = read(
            "Title,URL handle,Status,SKU,Option1 name,Option1 value,Price,Inventory quantity,Continue selling when out of stock,Product image URL\n\
             Wool Coat,wool-coat,Draft,WC-1,Size,M,199.95,4,DENY,https://x/c.jpg\n",
        );
        let product = &reading.products[0];
        assert!(!product.published);
        assert_eq!((product.variants[0].sku.as_str(), product.variants[0].price_minor), ("WC-1", 19_995));
        assert_eq!(product.variants[0].levels[0].on_hand, 4);
    }

    #[test]
    fn a_spreadsheet_may_separate_by_semicolons_or_tabs() {
        for separator in [";", "\t"] {
            let row = "tee,Tee,A,,Size,S,,,T-S,3,deny,20.50,,\n";
            let reading = read(&format!("\u{feff}{HEADER}{row}").replace(',', separator).replace('\n', "\r\n"));
            assert_eq!(reading.products[0].variants[0].price_minor, 2_050, "{:?}", reading.rejected);
        }
        let header = HEADER.replace(',', ";");
        let reading = read(&format!(
            "{header}tee;Tee;A;;Size;S;;;T-S;3;deny;20,5;1200,00;\ntee;;;;;M;;;T-M;3;deny;1.234,50;;\n\
             tee;;;;;L;;;T-L;3;deny;1,234;;\n"
        ));
        let [small] = reading.products[0].variants.as_slice() else { panic!("{:?}", reading.products) };
        assert_eq!((small.price_minor, small.compare_at_minor), (2_050, Some(120_000)));
        let reasons: Vec<&str> = reading.rejected.iter().map(|row| row.reason.as_str()).collect();
        let both = "column `Variant Price` is `1.234,50`; expected a price such as 49.90";
        assert_eq!(reasons, [both, "column `Variant Price` is `1.234`, but EUR has 2 decimals"]);
    }

    #[test]
    fn what_is_no_text_is_refused_with_what_to_do() {
        let refused = |bytes: &[u8]| {
            let options = ImportOptions {
                currency_code: "EUR".to_owned(),
                location_code: "MAIN".to_owned(),
                imported_at: chrono::DateTime::UNIX_EPOCH,
            };
            read_from(bytes, "x.csv", &options, &mut |_| {}).unwrap_err().to_string()
        };
        assert_eq!(refused(b""), "`x.csv` is empty");
        assert_eq!(refused(b"\xef\xbb\xbf\r\n"), "`x.csv` is empty");
        assert_eq!(refused(b"%PDF-1.7\n"), "cannot read `x.csv`: it is a PDF document; export the products as CSV");
        let workbook = "cannot read `x.csv`: it is a spreadsheet or an archive; save it as CSV (UTF-8)";
        assert_eq!(refused(b"PK\x03\x04\x00"), workbook);
        let utf16 = "cannot read `x.csv`: it is not UTF-8; save it as CSV (UTF-8)";
        assert_eq!(refused(b"\xff\xfeH\0a\0"), utf16);
        assert_eq!(refused(b"Handle,Title,Variant Price,Gr\xf6\xdfe\na,b,1,2\n"), utf16);
    }

    #[test]
    fn what_a_spreadsheet_has_spoilt_is_reported() {
        let long = "x".repeat(256);
        let reading = read(&format!(
            "{HEADER}tee,Tee,A,,Size,S,,,1.23E+12,3,deny,20,,\n{long},Tee,A,,Size,S,,,B,3,deny,20,,\n\
             hat,{long},A,,Size,S,,,C,3,deny,20,,\ncap,C\0p,A,,Size,S,,,D,3,deny,20,,\nbag,Bag,A,,Size,{long},,,E,3,deny,20,,\n"
        ));
        let report: Vec<&str> = reading.rejected.iter().map(|row| row.reason.as_str()).collect();
        assert_eq!(
            report,
            [
                "SKU `1.23E+12` was made a number by a spreadsheet; format the column as text",
                "column `Handle` is longer than 255 characters",
                "column `Title` is longer than 255 characters",
                "a cell contains the character U+0000; save the file as UTF-8",
                "column `Option1 Value` is longer than 255 characters",
            ]
        );
    }

    #[test]
    fn a_file_of_something_else_is_refused_with_its_columns() {
        let options = ImportOptions {
            currency_code: "EUR".to_owned(),
            location_code: "MAIN".to_owned(),
            imported_at: chrono::DateTime::UNIX_EPOCH,
        };
        let error = read_from(&b"a,b\n1,2\n"[..], "x.csv", &options, &mut |_| {}).unwrap_err();
        assert_eq!(error.to_string(), "`x.csv` has no column `Handle`; its columns are: a, b");
    }
}
