//! A group that tests of members and bans share.

use crate::harness::{Client, Server};

/// A group with an owner, an admin and a member; and a server admin and a user who are not in it.
pub(super) struct Team {
    pub(super) server: Server,
    pub(super) path: String,
    pub(super) owner: Client,
    pub(super) admin: Client,
    pub(super) member: Client,
    pub(super) root: Client,
    pub(super) stranger: Client,
}

impl Team {
    pub(super) async fn start() -> Self {
        Self::on(Server::start().await).await
    }

    pub(super) async fn on(server: Server) -> Self {
        let owner = server.user("owner").await;
        let (admin, member) = (server.user("admin").await, server.user("member").await);
        let (root, stranger) = (server.admin("root").await, server.user("stranger").await);
        let path = owner.new_group("Team").await;
        owner.add(&path, &admin, "admin").await;
        owner.add(&path, &member, "member").await;
        Self { server, path, owner, admin, member, root, stranger }
    }
}
