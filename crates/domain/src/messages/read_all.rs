//! Marking everything as read, in small steps.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{EphemeralAudience, EphemeralEvent, LiveEvents};
use crate::ids::GroupId;
use crate::messages::read_mentioned::{read_mentioned_threads, read_threads_of_all};
use crate::messages::read_steps::{ReadStep, read_groups, read_threads};
use crate::storage::{Principal, Storage, Tx, WritePurpose, Writing};

/// Marks everything as read that the user has, step by step, and tells the user's devices after each: groups, threads that
/// the user follows, and others that mention the user. What is sent
/// meanwhile may stay unread. If a step fails, what was marked stays marked, and to repeat it does no harm.
///
/// # Errors
/// A fault, or what keeps the user from writing.
pub async fn read_all_and_publish(
    storage: &dyn Storage,
    live: &dyn LiveEvents,
    who: impl Into<Principal>,
) -> Result<(), Error> {
    let who = who.into();
    step_by_step(storage, live, who, GroupId::new(0), read_groups).await?;
    step_by_step(storage, live, who, None, read_threads).await?;
    step_by_step(storage, live, who, None, read_mentioned_threads).await?;
    step_by_step(storage, live, who, GroupId::new(0), read_threads_of_all).await
}

/// What a step does from this place on.
type Step<F, P> = fn(&mut dyn Tx, &Actor, F) -> Result<ReadStep<P>, Error>;

async fn step_by_step<F: From<P> + Copy + Send + 'static, P: Send + 'static>(
    storage: &dyn Storage,
    live: &dyn LiveEvents,
    who: Principal,
    first: F,
    step: Step<F, P>,
) -> Result<(), Error> {
    let mut from = Some(first);
    while let Some(place) = from {
        let done = storage.write_as(Writing::new(who, WritePurpose::Tidy), move |tx, actor| {
            Ok((step(tx, actor, place)?, EphemeralAudience::OwnDevices(actor.id())))
        });
        from = publish(live, done.await?).map(F::from);
    }
    Ok(())
}

fn publish<P>(live: &dyn LiveEvents, (step, own_devices): (ReadStep<P>, EphemeralAudience)) -> Option<P> {
    if !step.moved.is_empty() {
        live.publish_ephemeral(own_devices, EphemeralEvent::AllRead(step.moved));
    }
    step.next
}

#[cfg(test)]
mod tests;
