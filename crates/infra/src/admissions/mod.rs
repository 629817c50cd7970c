//! Ways into groups.

mod invitations;
mod join_requests;
