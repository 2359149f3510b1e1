//! Reading an inventory file: quantities per SKU and location.

use std::path::Path;

use csv::StringRecord;

use super::{
    columns::Header,
    opening::{self, describe},
    report::{ImportError, RejectedRow},
};
use crate::catalog::{
    draft::{LevelDraft, LocationDraft, LocationKind},
    slug::slug,
};

/// What an inventory file holds.
#[derive(Debug, Default)]
pub struct InventoryReading {
    /// The locations that it names.
    pub locations: Vec<LocationDraft>,
    /// SKU and level, in the order of the file.
    pub levels: Vec<(String, LevelDraft)>,
    /// Rows below the header.
    pub rows: u64,
    /// Rows that were left out.
    pub rejected: Vec<RejectedRow>,
}

/// Reads the inventory file at `path`: one row per variant and location, with a SKU.
///
/// # Errors
///
/// When the file cannot be read or is no inventory file.
pub fn read_inventory(path: &Path) -> Result<InventoryReading, ImportError> {
    let name = path.display().to_string();
    let unreadable = |reason: String| ImportError::Unreadable { file: name.clone(), reason };
    let (mut csv, _) = opening::csv(opening::open(path)?, &name)?;
    let header = Header::new(csv.headers().map_err(|error| unreadable(describe(&error)))?);
    header.require(&name, "SKU", &["sku"])?;
    header.require(&name, "Location", &["location"])?;
    header.require(&name, "On hand", ON_HAND)?;

    let mut reading = InventoryReading::default();
    for record in csv.records() {
        reading.rows += 1;
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                if let Err(reason) = read_row(&mut reading, &header, &record) {
                    let handle = header.named(&record, "handle").map(str::to_owned);
                    reading.rejected.push(RejectedRow { line, handle, reason });
                }
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                reading.rejected.push(RejectedRow { line, handle: None, reason: describe(&error) });
            }
        }
    }
    Ok(reading)
}

/// Newer exports have a current and a new value; what counts is on hand, or what is available where that is all.
const ON_HAND: &[&str] = &["on hand", "on hand (new)", "on hand (current)", "available"];

fn read_row(reading: &mut InventoryReading, header: &Header, record: &StringRecord) -> Result<(), String> {
    let sku = header.named(record, "sku").ok_or("column `SKU` is blank; a level is found by its SKU")?;
    let location = header.named(record, "location").ok_or("column `Location` is blank")?;
    let number = |names: &[&str]| -> Result<Option<i32>, String> {
        let Some((name, text)) = names.iter().find_map(|name| Some((*name, header.named(record, name)?))) else {
            return Ok(None);
        };
        // A variant that is not stocked at a location says so in words.
        if text.eq_ignore_ascii_case("not stocked") {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| format!("column `{name}` is `{text}`; expected a whole number"))
    };
    let incoming = number(&["incoming", "incoming (not editable)"])?.unwrap_or(0).max(0);
    let Some(on_hand) = number(ON_HAND)? else { return Ok(()) };
    let code = slug(location).to_uppercase();
    if !reading.locations.iter().any(|known| known.code == code) {
        let priority = i32::try_from(reading.locations.len()).unwrap_or(i32::MAX - 1) + 1;
        reading.locations.push(LocationDraft {
            code: code.clone(),
            name: location.to_owned(),
            kind: LocationKind::Warehouse,
            city: String::new(),
            country_code: String::new(),
            priority,
        });
    }
    let level = LevelDraft { location_code: code, on_hand: on_hand.max(0), safety_stock: 0, incoming };
    reading.levels.push((sku.trim_start_matches('\'').to_owned(), level));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::read_inventory;

    #[test]
    fn levels_are_read_per_location() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "Handle,Title,SKU,Location,Incoming,Committed,Available,On hand").unwrap();
        writeln!(file, "tee,Tee,T-S,Main Street 1,5,1,2,3\ntee,Tee,T-S,Porto,,,not stocked,not stocked\ntee,Tee,,Porto,,,1,1\ntee,Tee,T-M,Porto,,,x,x").unwrap();
        let reading = read_inventory(file.path()).unwrap();
        assert_eq!(reading.levels.len(), 1);
        assert_eq!((reading.levels[0].1.on_hand, reading.levels[0].1.incoming), (3, 5));
        assert_eq!(reading.locations[0].code, "MAIN-STREET-1");
        let lines: Vec<u64> = reading.rejected.iter().map(|row| row.line).collect();
        assert_eq!(lines, [4, 5]);
    }
}
