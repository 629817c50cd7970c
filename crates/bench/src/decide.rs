//! The command `decide`: the time of the two functions that answer every "may I?". They read nothing, so this is all
//! that a permission costs besides the columns that are loaded with the group or the user.

use std::hint::black_box;
use std::time::Instant;

use groupchat_domain::permissions::{
    BuiltInRole, Gift, GroupPermission, Rank, Role, Scope, ServerPermission, ServerPermissionSet,
    ServerRights, ServerScope, Who, decide, decide_server,
};
use serde::Serialize;

use crate::cli::DecideArgs;
use crate::error::BenchError;
use crate::output::{self, write_json};

/// How many rounds to take the median of.
const ROUNDS: usize = 9;
/// A decision has to be faster than this.
const BAR_NANOS: f64 = 1_000.0;

/// The time of one kind of decision.
#[derive(Debug, Serialize)]
struct Measured {
    /// What was decided.
    decision: &'static str,
    /// The median of the rounds, for one decision.
    nanoseconds: f64,
}

/// Measures, prints the table and writes the JSON file.
///
/// # Errors
/// The report can't be written, or a decision takes too long while `--check` is set.
pub(crate) fn decide_command(args: &DecideArgs) -> Result<(), BenchError> {
    let measured = measure(args.times);
    output::print(&render(&measured))?;
    if let Some(path) = &args.json {
        write_json(path, &measured)?;
    }
    let slow = measured.iter().filter(|one| one.nanoseconds >= BAR_NANOS).count();
    if args.check && slow > 0 { Err(BenchError::BarsMissed(slow)) } else { Ok(()) }
}

fn render(measured: &[Measured]) -> String {
    let row = |one: &Measured| format!("{:<44} {:>12.1}\n", one.decision, one.nanoseconds);
    let rows: String = measured.iter().map(row).collect();
    format!("{:<44} {:>12}\n{rows}", "decision", "ns each")
}

fn measure(times: u32) -> Vec<Measured> {
    let roles = BuiltInRole::ALL.map(|role| Role::unchanged(role, false));
    let [_, member, admin, _] = &roles;
    let scope = Scope {
        is_open: true,
        is_direct: false,
        is_closed: false,
        is_archived: false,
        slow_mode: None,
        target: None,
        gift: None,
    };
    let over = scope.over(Rank::OWNER).giving(member);
    let in_group = Who::with_role;
    let everybodys = ServerPermissionSet::EVERYBODYS;
    let rights = ServerRights { is_admin: false, everybodys, own: ServerPermissionSet::ALL };
    let gift = Gift::Permissions(everybodys);
    let handing = ServerScope::NOBODY.over(rights).giving(gift);
    let (outsider, manager) = (in_group(None), Who::with_role(None).managing(true));
    let (sends, moderates) = (in_group(Some(member)), in_group(Some(admin)));
    let group = |decision, who: Who<'_>, permission, scope: Scope<'_>| {
        time(decision, times, || decide(black_box(&who), black_box(permission), black_box(&scope)))
    };
    let server = |decision, scope: ServerScope| {
        let permission = ServerPermission::ManageRoles;
        time(decision, times, || decide_server(black_box(&rights), black_box(permission), black_box(&scope)))
    };
    vec![
        group("a member sends", sends, GroupPermission::Send, scope),
        group("an outsider may not", outsider, GroupPermission::Send, scope),
        group("an admin may not remove an owner", moderates, GroupPermission::RemoveMembers, over),
        group("who manages the server's groups edits one", manager, GroupPermission::EditGroup, scope),
        server("who manages roles on the server defines one", ServerScope::NOBODY),
        server("who manages roles on the server gives one", handing),
    ]
}

/// The median time of a decision over the rounds, after one for warming up.
fn time<T>(decision: &'static str, times: u32, decide: impl Fn() -> T) -> Measured {
    let round = |_| {
        let begin = Instant::now();
        for _ in 0..times {
            black_box(decide());
        }
        begin.elapsed().as_secs_f64() * 1e9 / f64::from(times)
    };
    let mut rounds: Vec<_> = (0..=ROUNDS).map(round).skip(1).collect();
    rounds.sort_by(f64::total_cmp);
    Measured { decision, nanoseconds: rounds[ROUNDS / 2] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_decision_is_measured_and_told() {
        let measured = measure(10);
        assert_eq!(measured.len(), 6);
        let table = render(&measured);
        for one in &measured {
            assert!(one.nanoseconds > 0.0 && table.contains(one.decision), "{one:?}");
        }
    }
}
