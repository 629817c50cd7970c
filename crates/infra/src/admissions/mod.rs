//! Ways into groups.

mod invitations;
mod invite_links;
mod issued;
mod join_requests;
mod server_invites;
