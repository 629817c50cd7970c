//! Users.

use groupchat_domain::accounts::{
    AccountRepository, Email, HashCost, LockStrength, NewBot, NewUser, PasswordHash, User, UserQuery,
    Username, UsernameKey,
};
use groupchat_domain::ids::UserId;
use groupchat_domain::paging::NamePosition;
use groupchat_domain::search::SearchText;
use groupchat_domain::storage::{StorageFault, Unique};
use groupchat_domain::time::Timestamp;

use crate::model::names::{ListedName, list};
use crate::model::state::{Named, UserRow};
use crate::model::tx::{ModelTx, each_once};

/// Whether a user's username or display name contains the text.
pub(super) fn matches(user: &User, search: Option<&SearchText>) -> bool {
    let Some(text) = search.map(SearchText::as_str) else { return true };
    let display_name = user.display_name.as_ref().map(|name| name.key());
    user.username.key().as_str().contains(text) || display_name.is_some_and(|key| key.contains(text))
}

impl ModelTx<'_> {
    /// Stores a person or a bot.
    fn insert_user(
        &mut self,
        name: &Username,
        password: Option<PasswordHash>,
        user: impl FnOnce(UserId) -> User,
    ) -> Result<Unique<UserId>, StorageFault> {
        let key = name.key().into_string();
        let tables = self.write()?;
        if tables.usernames.contains(&key) {
            return Ok(Unique::Taken);
        }
        let id = UserId::new(tables.user_ids.take());
        tables.users.put(id, UserRow { user: Some(user(id)), password, must_change_password: false });
        tables.usernames.put(key, id);
        Ok(Unique::Stored(id))
    }
}

impl AccountRepository for ModelTx<'_> {
    fn lock(&mut self, _: &[UserId], _: LockStrength) -> Result<(), StorageFault> {
        self.read().map(drop)
    }

    fn lock_admins(&mut self) -> Result<(), StorageFault> {
        self.read().map(drop)
    }

    fn find(&mut self, id: UserId) -> Result<Option<User>, StorageFault> {
        Ok(self.read()?.user(id).cloned())
    }

    fn find_many(&mut self, ids: &[UserId]) -> Result<Vec<User>, StorageFault> {
        let tables = self.read()?;
        Ok(each_once(ids).filter_map(|id| tables.user(id)).cloned().collect())
    }

    fn find_by_username(&mut self, name: &UsernameKey) -> Result<Option<User>, StorageFault> {
        let tables = self.read()?;
        Ok(tables.usernames.get(&name.as_str().to_owned()).and_then(|id| tables.user(*id)).cloned())
    }

    fn find_by_email(&mut self, email: &Email, most: u32) -> Result<Vec<User>, StorageFault> {
        let users = self.read()?.users.iter().filter_map(|(_, row)| row.user.as_ref());
        let has_email = |user: &&User| {
            user.email.as_ref().is_some_and(|own| own.as_str().eq_ignore_ascii_case(email.as_str()))
        };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Ok(users.filter(has_email).take(most).cloned().collect())
    }

    fn list(&mut self, query: &UserQuery) -> Result<Vec<NamePosition<User>>, StorageFault> {
        let tables = self.read()?;
        let users = tables.users.iter().filter_map(|(_, row)| row.user.as_ref());
        let found = users.filter(|user| matches(user, query.search.as_ref())).map(|user| ListedName {
            of: Named::User(user.id),
            key: user.username.key().into_string(),
            entry: user.clone(),
        });
        Ok(list(tables, found, query.after.as_ref(), query.limit))
    }

    fn insert(&mut self, user: &NewUser) -> Result<Unique<UserId>, StorageFault> {
        let password = Some(user.password.clone());
        self.insert_user(&user.username, password, |id| user.clone().into_user(id))
    }

    fn insert_bot(&mut self, bot: &NewBot) -> Result<Unique<UserId>, StorageFault> {
        self.insert_user(&bot.username, None, |id| bot.clone().into_user(id))
    }

    fn bots(&mut self, owner: UserId, after: Option<UserId>, most: i64) -> Result<Vec<User>, StorageFault> {
        let users = self.read()?.users.iter().filter_map(|(_, row)| row.user.as_ref());
        let bots = users.filter(|user| user.owner == Some(owner) && Some(user.id) > after);
        Ok(bots.take(usize::try_from(most).unwrap_or(usize::MAX)).cloned().collect())
    }

    fn update(&mut self, user: &User) -> Result<Unique<()>, StorageFault> {
        let tables = self.write()?;
        let Some(old_key) = tables.user(user.id).map(|user| user.username.key().into_string()) else {
            return Err(self.fail("there is no such user to change"));
        };
        let key = user.username.key().into_string();
        if tables.usernames.get(&key).is_some_and(|id| *id != user.id) {
            return Ok(Unique::Taken);
        }
        tables.users.change(&user.id, |row| row.user = Some(user.clone()));
        if key != old_key {
            tables.usernames.remove(&old_key);
            tables.usernames.put(key, user.id);
            tables.note_rename(Named::User(user.id), old_key);
        }
        Ok(Unique::Stored(()))
    }

    fn password(&mut self, id: UserId) -> Result<Option<PasswordHash>, StorageFault> {
        Ok(self.read()?.users.get(&id).and_then(|row| row.password.clone()))
    }

    fn highest_hash_cost(&mut self) -> Result<Option<HashCost>, StorageFault> {
        let hashes = self.read()?.users.iter().filter_map(|(_, row)| row.password.as_ref());
        Ok(hashes.filter_map(|hash| hash.as_str().get(4..6)?.parse().ok()).max().map(HashCost))
    }

    fn set_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if tables.user(id).is_some() {
            tables.users.change(&id, |row| {
                row.password = Some(hash.clone());
                row.must_change_password = false;
            });
        }
        Ok(())
    }

    fn set_temporary_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), StorageFault> {
        self.set_password(id, hash)?;
        let tables = self.write()?;
        if tables.user(id).is_some() {
            tables.users.change(&id, |row| row.must_change_password = true);
        }
        Ok(())
    }

    fn renew_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if tables.user(id).is_some() {
            tables.users.change(&id, |row| row.password = Some(hash.clone()));
        }
        Ok(())
    }

    fn mark_deleted(&mut self, id: UserId, _: Timestamp) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if let Some(key) = tables.user(id).map(|user| user.username.key().into_string()) {
            tables.usernames.remove(&key);
            let nobody = UserRow { user: None, password: None, must_change_password: false };
            tables.users.change(&id, |row| *row = nobody.clone());
            tables.forget_names(Named::User(id));
        }
        Ok(())
    }

    fn count_admins(&mut self) -> Result<u64, StorageFault> {
        let users = self.read()?.users.iter().filter_map(|(_, row)| row.user.as_ref());
        Ok(users.filter(|user| user.is_active_admin()).map(|_| 1).sum())
    }

    fn any_ever(&mut self) -> Result<bool, StorageFault> {
        Ok(!self.read()?.users.is_empty())
    }
}
