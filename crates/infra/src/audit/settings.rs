//! Which settings the server had.

use diesel::prelude::*;
use groupchat_domain::audit::{DifferentSetting, KnownSetting, SettingRepository};
use groupchat_domain::storage::StorageFault;

use crate::connection::on_backend;
use crate::rows::known_settings::Row;
use crate::schema::known_settings;
use crate::tx::DbTx;

impl SettingRepository for DbTx<'_> {
    fn known(&mut self) -> Result<Vec<KnownSetting>, StorageFault> {
        let rows = known_settings::table.order(known_settings::name);
        let rows: Vec<Row> = on_backend!(self, |connection| rows.load(connection))?;
        Ok(rows.into_iter().map(|Row { name, digest }| KnownSetting { name, digest }).collect())
    }

    fn note(&mut self, setting: &DifferentSetting) -> Result<bool, StorageFault> {
        let KnownSetting { name, digest } = &setting.now;
        let noted = match &setting.known {
            Some(known) => {
                let known = known_settings::table.find(name).filter(known_settings::digest.eq(known));
                let update = diesel::update(known).set(known_settings::digest.eq(digest));
                on_backend!(self, |connection| update.execute(connection))?
            }
            None => {
                let row = Row { name: name.clone(), digest: digest.clone() };
                let insert = diesel::insert_into(known_settings::table).values(row);
                let insert = insert.on_conflict_do_nothing();
                on_backend!(self, |connection| insert.execute(connection))?
            }
        };
        Ok(noted > 0)
    }
}
