//! The devices on which users signed in.

use groupchat_domain::accounts::{KeyHash, KnownDeviceRepository};
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::model::tx::ModelTx;

impl KnownDeviceRepository for ModelTx<'_> {
    fn owner(&mut self, device: &KeyHash, since: Timestamp) -> Result<Option<UserId>, StorageFault> {
        let known = self.read()?.known_devices.get(device.as_bytes());
        Ok(known.filter(|(_, at)| *at >= since).map(|(user, _)| *user))
    }

    fn remember(
        &mut self,
        user: UserId,
        device: &KeyHash,
        at: Timestamp,
        keep: u32,
    ) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let is_anothers =
            tables.known_devices.get(device.as_bytes()).is_some_and(|(owner, _)| *owner != user);
        if is_anothers || !tables.users.contains(&user) {
            return Err(self.fail("nobody has signed in on it"));
        }
        tables.known_devices.put(*device.as_bytes(), (user, at));
        let theirs = tables.known_devices.iter().filter(|(_, (owner, _))| *owner == user);
        let mut theirs: Vec<_> = theirs.map(|(hash, (_, at))| (*at, *hash)).collect();
        // The latest first, and by hash those of the same moment.
        theirs.sort_by(|(one, first), (other, second)| other.cmp(one).then_with(|| first.cmp(second)));
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        tables.known_devices.remove_all(theirs.into_iter().skip(keep).map(|(_, hash)| hash));
        Ok(())
    }

    fn forget(&mut self, user: UserId, except: Option<KeyHash>) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let theirs = tables.known_devices.iter().filter(|(_, (owner, _))| *owner == user);
        let kept = except.map(|device| *device.as_bytes());
        let theirs: Vec<_> = theirs.map(|(hash, _)| *hash).filter(|hash| Some(*hash) != kept).collect();
        tables.known_devices.remove_all(theirs);
        Ok(())
    }

    fn remove_old(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        let tables = self.write()?;
        let old = tables.known_devices.iter().filter(|(_, (_, at))| *at < before);
        let mut old: Vec<_> = old.map(|(hash, (_, at))| (*at, *hash)).collect();
        old.sort_unstable();
        old.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(tables.known_devices.remove_all(old.into_iter().map(|(_, hash)| hash)))
    }
}
