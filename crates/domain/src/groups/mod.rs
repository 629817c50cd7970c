//! Groups and their members.

mod error;
mod model;
mod repository;

pub use error::GroupRefusal;
pub use model::{
    Description, Group, GroupName, GroupView, Member, NewGroup, NewMembership, Role, Standing, Visibility,
    VisibleGroup,
};
pub use repository::{GroupQuery, GroupRepository, MemberQuery, MemberRepository};
#[cfg(test)]
pub(crate) use repository::{MockGroupRepository, MockMemberRepository};
