//! Bugs made on purpose, which show that the simulation finds them.

/// A bug in a server of the simulation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mutation {
    /// None.
    #[default]
    None,
    /// Who was removed from a group still counts as a member for live events.
    ViewerIgnoresRemoval,
    /// A repeated send is stored again.
    SendIgnoresClientId,
    /// A page of the log lacks some events.
    ReplaySkipsOne,
    /// Some events are not broadcast.
    HubSkipsOne,
    /// What happens between the subscription and the end of the replay is lost.
    SeamLosesEvents,
    /// Connections are not told that a session has ended.
    SessionOutlivesItsEnd,
    /// A commit that was lost is acknowledged.
    AcknowledgesLostCommit,
    /// A client whose cursor is not served is not told.
    GapIsSilent,
    /// A send that runs again keeps what it decided the first time.
    KeepsFirstDecision,
    /// The hub takes the position of an event for its id.
    HubTakesPositionsForIds,
    /// Messages are read without asking whether their reader is in the group.
    ReadIgnoresMembership,
    /// Members read messages from before they came in, whatever the group says.
    ReadIgnoresHistory,
}

impl Mutation {
    /// Every bug.
    pub const ALL: [Self; 12] = [
        Self::ViewerIgnoresRemoval,
        Self::SendIgnoresClientId,
        Self::ReplaySkipsOne,
        Self::HubSkipsOne,
        Self::SeamLosesEvents,
        Self::SessionOutlivesItsEnd,
        Self::AcknowledgesLostCommit,
        Self::GapIsSilent,
        Self::KeepsFirstDecision,
        Self::HubTakesPositionsForIds,
        Self::ReadIgnoresMembership,
        Self::ReadIgnoresHistory,
    ];
}
