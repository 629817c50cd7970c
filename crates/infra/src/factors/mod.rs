//! Second factors: their repositories, and one-time passwords, recovery codes and QR codes.

pub mod codes;
mod half_logins;
mod repository;
