//! Durable jobs.

mod repository;
