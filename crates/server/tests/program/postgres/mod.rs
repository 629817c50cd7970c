//! What holds for a PostgreSQL server alone.

mod cluster;
mod killed;
mod notices;
mod refusals;
mod restore;
mod rot;
mod slow;
mod start_up;
mod two_servers;
