//! Requests to join groups.

use groupchat_domain::admissions::{CountedRequests, JoinRequest, JoinRequestRepository};
use groupchat_domain::groups::MemberQuery;
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::paging::NamePosition;
use groupchat_domain::storage::StorageFault;

use crate::model::accounts::matches;
use crate::model::names::{ListedName, list};
use crate::model::state::{Named, Tables};
use crate::model::tx::{ModelTx, each_once};

impl Tables {
    /// A request of a user who is not deleted.
    fn join_request(&self, group: GroupId, user: UserId) -> Option<JoinRequest> {
        let request = self.join_requests.get(&(group, user))?;
        Some(JoinRequest { user: self.user(user)?.as_ref(), ..request.clone() })
    }

    /// Removes all requests to join a group; whether there were any.
    pub(crate) fn remove_join_requests(&mut self, group: GroupId) -> bool {
        let keys = self.join_requests.iter().map(|(key, _)| *key);
        let picked: Vec<_> = keys.filter(|(of, _)| *of == group).collect();
        self.join_requests.remove_all(picked) > 0
    }
}

impl JoinRequestRepository for ModelTx<'_> {
    fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<JoinRequest>, StorageFault> {
        Ok(self.read()?.join_request(group, user))
    }

    fn find_many(
        &mut self,
        requests: &[(GroupId, UserId)],
    ) -> Result<Vec<(GroupId, JoinRequest)>, StorageFault> {
        let tables = self.read()?;
        let there = each_once(requests).filter(|(group, _)| tables.group(*group).is_some());
        Ok(there.filter_map(|(group, user)| Some((group, tables.join_request(group, user)?))).collect())
    }

    fn list(&mut self, query: &MemberQuery) -> Result<Vec<NamePosition<JoinRequest>>, StorageFault> {
        let tables = self.read()?;
        let asking = tables.join_requests.iter().map(|(key, _)| *key).filter(|(of, _)| *of == query.group);
        let found = asking.filter_map(|(group, id)| {
            let user = tables.user(id).filter(|user| matches(user, query.search.as_ref()))?;
            let (key, entry) = (user.username.key().into_string(), tables.join_request(group, id)?);
            Some(ListedName { of: Named::User(id), key, entry })
        });
        Ok(list(tables, found, query.after.as_ref(), query.limit))
    }

    fn count(&mut self, of: CountedRequests, most: u32) -> Result<u32, StorageFault> {
        let is_counted = |(group, user): (GroupId, UserId)| match of {
            CountedRequests::To(to) => group == to,
            CountedRequests::Of(by) => user == by,
        };
        let count = self.read()?.join_requests.iter().filter(|(key, _)| is_counted(**key)).count();
        Ok(u32::try_from(count).unwrap_or(most).min(most))
    }

    fn insert(&mut self, group: GroupId, request: &JoinRequest) -> Result<(), StorageFault> {
        self.write()?.join_requests.put((group, request.user.id), request.clone());
        Ok(())
    }

    fn remove(&mut self, group: GroupId, user: UserId) -> Result<bool, StorageFault> {
        Ok(self.write()?.join_requests.remove(&(group, user)).is_some())
    }

    fn remove_all(&mut self, group: GroupId) -> Result<(), StorageFault> {
        self.write()?.remove_join_requests(group);
        Ok(())
    }

    fn groups_of(&mut self, user: UserId, limit: i64) -> Result<Vec<GroupId>, StorageFault> {
        let keys = self.read()?.join_requests.iter().map(|(key, _)| *key);
        let groups = keys.filter(|(_, of)| *of == user).map(|(group, _)| group);
        Ok(groups.take(usize::try_from(limit).unwrap_or(0)).collect())
    }
}
