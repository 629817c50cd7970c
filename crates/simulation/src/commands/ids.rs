//! The ids of one backend, and those of the model. A database may skip ids, as when a command is undone; in the order
//! in which they were given out, they are those of the model.

use std::collections::BTreeMap;

use groupchat_domain::ids::{
    GroupId, InvitationId, InviteLinkId, MessageId, PasskeyId, RoleId, ServerInviteId, SessionId, UserId,
};
use groupchat_domain::permissions::ServerRole;
use groupchat_domain::scheduled::ScheduledId;

/// Ids that no backend gives out.
const NOWHERE: i64 = 1 << 40;

/// The ids of one kind: the model's and the backend's.
#[derive(Debug, Clone, Default)]
struct Mapping {
    to_backend: BTreeMap<i64, i64>,
    to_model: BTreeMap<i64, i64>,
}

impl Mapping {
    /// Takes the next id for the one that the backend gave out, unless it is known.
    fn learn(&mut self, backend: i64) {
        if !self.to_model.contains_key(&backend) {
            let model = self.to_backend.last_key_value().map_or(0, |(last, _)| *last) + 1;
            self.pair(model, backend);
        }
    }

    fn pair(&mut self, model: i64, backend: i64) {
        self.to_backend.insert(model, backend);
        self.to_model.insert(backend, model);
    }

    fn inverse(self) -> Self {
        Self { to_backend: self.to_model, to_model: self.to_backend }
    }

    fn on_backend(&self, model: i64) -> i64 {
        self.to_backend.get(&model).copied().unwrap_or(NOWHERE + model)
    }

    fn on_model(&self, backend: i64) -> i64 {
        self.to_model.get(&backend).copied().unwrap_or(backend - NOWHERE)
    }
}

macro_rules! kinds {
    ($($kind:ident: $id:ident, $learn:ident, $pair:ident, $canonical:ident;)+) => {
        /// The ids of one backend. On the model itself they are what they are.
        #[derive(Debug, Clone, Default)]
        pub struct Ids {
            is_other: bool,
            $($kind: Mapping,)+
        }

        impl Ids {
            /// The same with the model's ids and the backend's in each other's place.
            #[must_use]
            pub fn inverse(self) -> Self {
                Self { is_other: self.is_other, $($kind: self.$kind.inverse(),)+ }
            }

            $(
                /// The backend's id for one of the model.
                pub fn $kind(&self, model: i64) -> $id {
                    $id::new(if self.is_other { self.$kind.on_backend(model) } else { model })
                }

                /// The model's id for one of the backend.
                pub fn $canonical(&self, backend: $id) -> $id {
                    $id::new(if self.is_other { self.$kind.on_model(backend.get()) } else { backend.get() })
                }

                /// Learns an id that the backend has given out, after those that it gave out before.
                pub fn $learn(&mut self, backend: $id) {
                    self.$kind.learn(backend.get());
                }

                /// Learns which of the model's ids stands for one of the backend.
                pub fn $pair(&mut self, model: $id, backend: $id) {
                    self.$kind.pair(model.get(), backend.get());
                }
            )+
        }
    };
}

kinds! {
    user: UserId, learn_user, pair_user, canonical_user;
    session: SessionId, learn_session, pair_session, canonical_session;
    // Counted from the last built-in role on.
    own_role: RoleId, learn_own_role, pair_own_role, canonical_own_role;
    group: GroupId, learn_group, pair_group, canonical_group;
    invitation: InvitationId, learn_invitation, pair_invitation, canonical_invitation;
    invite_link: InviteLinkId, learn_invite_link, pair_invite_link, canonical_invite_link;
    server_invite: ServerInviteId, learn_server_invite, pair_server_invite, canonical_server_invite;
    passkey: PasskeyId, learn_passkey, pair_passkey, canonical_passkey;
    message: MessageId, learn_message, pair_message, canonical_message;
    scheduled: ScheduledId, learn_scheduled, pair_scheduled, canonical_scheduled;
}

/// Roles on the server are counted from here on; up to here they are built in, and the same on all backends.
const BUILT_IN: i64 = ServerRole::MEMBER.get();

impl Ids {
    /// The backend's id for a role on the server of the model.
    pub fn server_role(&self, model: i64) -> RoleId {
        let own = |model: i64| self.own_role(model - BUILT_IN).get() + BUILT_IN;
        RoleId::new(if model <= BUILT_IN { model } else { own(model) })
    }

    /// The model's id for a role on the server of the backend.
    pub fn canonical_server_role(&self, backend: RoleId) -> RoleId {
        let own = |backend: i64| self.canonical_own_role(RoleId::new(backend - BUILT_IN)).get() + BUILT_IN;
        RoleId::new(if backend.get() <= BUILT_IN { backend.get() } else { own(backend.get()) })
    }

    /// Learns the id of a role on the server that the backend has given out, after those that it gave out before.
    pub fn learn_server_role(&mut self, backend: RoleId) {
        if backend.get() > BUILT_IN {
            self.learn_own_role(RoleId::new(backend.get() - BUILT_IN));
        }
    }
}

impl Ids {
    /// Those of the model.
    pub fn of_model() -> Self {
        Self::default()
    }

    /// Those of a backend that has given out none yet.
    pub fn of_backend() -> Self {
        Self { is_other: true, ..Self::default() }
    }
}
