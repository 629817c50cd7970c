//! Ways into groups.

mod invitations;
