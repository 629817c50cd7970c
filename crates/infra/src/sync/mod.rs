//! What a client shows first.

mod overviews;
