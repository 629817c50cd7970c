//! Everything about one user.

use groupchat_domain::accounts::{ExportPage, ExportPart, ExportPosition, ExportRepository, ExportRow};
use groupchat_domain::ids::{MessageId, UserId};
use groupchat_domain::storage::StorageFault;

use crate::model::state::Tables;
use crate::model::tx::ModelTx;

/// The model has all rows at once, and pages of its own.
const ROWS: usize = 3;

fn row() -> ExportRow {
    ExportRow::default()
}

impl Tables {
    fn exported(&self, part: ExportPart, user: UserId) -> Vec<ExportRow> {
        match part {
            ExportPart::Profile | ExportPart::ServerRoles => self.exported_account(part, user),
            ExportPart::Sessions
            | ExportPart::Devices
            | ExportPart::Networks
            | ExportPart::Factors
            | ExportPart::Resets => self.exported_ways_in(part, user),
            ExportPart::Bots
            | ExportPart::Blocks
            | ExportPart::Memberships
            | ExportPart::Bans
            | ExportPart::Mutes
            | ExportPart::InvitationsReceived
            | ExportPart::InvitationsSent
            | ExportPart::InviteLinks
            | ExportPart::ServerInvites
            | ExportPart::JoinRequests => self.exported_belonging(part, user),
            ExportPart::Messages
            | ExportPart::EarlierTexts
            | ExportPart::Votes
            | ExportPart::Reactions
            | ExportPart::Mentions
            | ExportPart::FollowedThreads
            | ExportPart::Drafts
            | ExportPart::Bookmarks
            | ExportPart::Reminders
            | ExportPart::Scheduled => self.exported_messages(part, user),
            ExportPart::Audit => {
                let done = self.audit.iter().filter(|(_, (_, entry))| entry.actor == Some(user));
                done.map(|(seq, (at, _))| row().with("seq", *seq).with("at", *at)).collect()
            }
        }
    }

    fn exported_account(&self, part: ExportPart, user: UserId) -> Vec<ExportRow> {
        if part == ExportPart::Profile {
            let found = self.user(user).into_iter();
            return found.map(|found| row().with("username", found.username.as_str())).collect();
        }
        let held = self.user_roles.iter().filter(|((of, _), ())| *of == user);
        held.map(|((_, role), ())| row().with("role_id", role.get())).collect()
    }

    fn exported_ways_in(&self, part: ExportPart, user: UserId) -> Vec<ExportRow> {
        match part {
            ExportPart::Sessions => {
                let theirs = self.sessions.iter().filter(|(_, row)| row.session.user == user);
                theirs.map(|(id, _)| row().with("id", id.get())).collect()
            }
            ExportPart::Devices => {
                let theirs = self.known_devices.iter().filter(|(_, (owner, _))| *owner == user);
                let mut used: Vec<_> = theirs.map(|(_, (_, at))| *at).collect();
                used.sort_unstable();
                used.into_iter().map(|at| row().with("last_used_at", at)).collect()
            }
            ExportPart::Networks => {
                let theirs = self.known_networks.iter().filter(|((owner, _), _)| *owner == user);
                theirs
                    .map(|((_, network), at)| {
                        row().with("network", network.as_str()).with("last_used_at", *at)
                    })
                    .collect()
            }
            ExportPart::Factors => {
                let totp = self.totp.get(&user).into_iter().map(|totp| {
                    row()
                        .with("kind", "totp")
                        .with("created_at", totp.created_at)
                        .with("confirmed_at", totp.confirmed_at)
                });
                let keys = self.passkeys.iter().filter(|(_, (passkey, _, _))| passkey.user == user);
                let keys = keys.map(|_| row().with("kind", "passkey"));
                let left = self.recovery_codes.iter().filter(|((of, _), ())| *of == user).count();
                let left = i64::try_from(left).ok().filter(|left| *left > 0);
                totp.chain(keys)
                    .chain(left.map(|left| row().with("kind", "recovery_codes").with("left", left)))
                    .collect()
            }
            _ => {
                let theirs = self.password_resets.iter().filter(|(_, (reset, _))| reset.user == user);
                theirs.map(|(_, (reset, _))| row().with("created_at", reset.created_at)).collect()
            }
        }
    }

    fn exported_belonging(&self, part: ExportPart, user: UserId) -> Vec<ExportRow> {
        let of_group = |group: groupchat_domain::ids::GroupId| row().with("group_id", group.get());
        match part {
            ExportPart::Bots => {
                let bots = self.users.iter().filter_map(|(_, row)| row.user.as_ref());
                bots.filter(|bot| bot.owner == Some(user)).map(|bot| row().with("id", bot.id.get())).collect()
            }
            ExportPart::Blocks => {
                let theirs = self.blocks.iter().filter(|((of, _), _)| *of == user);
                theirs
                    .map(|((_, blocked), at)| row().with("user_id", blocked.get()).with("created_at", *at))
                    .collect()
            }
            ExportPart::Memberships => {
                self.present_memberships_of(user).map(|(group, _)| of_group(group)).collect()
            }
            ExportPart::Bans => {
                let theirs = self.bans.iter().filter(|((_, of), _)| *of == user);
                theirs.map(|((group, _), _)| of_group(*group)).collect()
            }
            ExportPart::Mutes => {
                let theirs = self.mutes.iter().filter(|((_, of), _)| *of == user);
                theirs.map(|((group, _), _)| of_group(*group)).collect()
            }
            ExportPart::InvitationsReceived => {
                let theirs = self.invitations.iter().filter(|(_, sent)| sent.user == user);
                theirs.map(|(id, _)| row().with("id", id.get())).collect()
            }
            ExportPart::InvitationsSent => {
                let theirs = self.invitations.iter().filter(|(_, sent)| sent.invited_by == user);
                theirs.map(|(id, _)| row().with("id", id.get())).collect()
            }
            ExportPart::InviteLinks => {
                let theirs = self.invite_links.iter().filter(|(_, row)| row.link.created_by == user);
                theirs.map(|(id, _)| row().with("id", id.get())).collect()
            }
            ExportPart::ServerInvites => {
                let theirs = self.server_invites.iter().filter(|(_, row)| row.invite.created_by == user);
                theirs.map(|(id, _)| row().with("id", id.get())).collect()
            }
            _ => {
                let theirs = self.join_requests.iter().filter(|((_, of), _)| *of == user);
                theirs.map(|((group, _), _)| of_group(*group)).collect()
            }
        }
    }

    fn exported_messages(&self, part: ExportPart, user: UserId) -> Vec<ExportRow> {
        let of_message = |message: MessageId| row().with("message_id", message.get());
        match part {
            ExportPart::Messages => {
                let theirs = self.messages.iter().map(|(_, message)| message);
                let theirs = theirs.filter(|message| message.author.id == user);
                let theirs = theirs.filter_map(|message| Some((message, message.text.as_ref()?)));
                theirs
                    .map(|(message, text)| row().with("id", message.id.get()).with("text", text.as_str()))
                    .collect()
            }
            ExportPart::EarlierTexts => {
                let is_theirs = |message: &MessageId| {
                    let place = self.places.get(message);
                    let message = place.and_then(|place| self.messages.get(place));
                    message.is_some_and(|message| message.author.id == user)
                };
                let theirs = self.edits.iter().filter(|((message, _), _)| is_theirs(message));
                theirs
                    .map(|((message, _), earlier)| of_message(*message).with("text", earlier.text.as_str()))
                    .collect()
            }
            ExportPart::Reactions => {
                let theirs = self.reactions.iter().filter(|((_, _, of), _)| *of == user);
                theirs.map(|((message, _, _), _)| of_message(*message)).collect()
            }
            ExportPart::Votes => {
                let is_open =
                    |message: &MessageId| self.polls.get(message).is_some_and(|poll| !poll.anonymous);
                let theirs = self.ballots.iter().filter(|((_, of), _)| *of == user);
                let theirs = theirs.filter(|((message, _), _)| is_open(message));
                theirs
                    .flat_map(|((message, _), choices)| choices.iter().map(|_| of_message(*message)))
                    .collect()
            }
            ExportPart::Mentions => {
                let theirs = self.mentions.iter().filter(|((_, of), row)| *of == user && row.is_told);
                theirs.map(|((message, _), _)| of_message(*message)).collect()
            }
            ExportPart::Drafts => {
                let theirs = self.drafts.iter().filter(|(place, _)| place.user == user);
                theirs
                    .map(|(place, draft)| {
                        row().with("group_id", place.group.get()).with("text", draft.text.as_str())
                    })
                    .collect()
            }
            ExportPart::Reminders => {
                let theirs = self.reminders.iter().filter(|((of, _), _)| *of == user);
                theirs.map(|((_, message), _)| of_message(*message)).collect()
            }
            ExportPart::Scheduled => {
                let theirs = self.scheduled.iter().filter(|(_, (row, _))| row.new.user == user);
                theirs.map(|(id, _)| row().with("id", id.get())).collect()
            }
            ExportPart::Bookmarks => {
                let theirs = self.bookmarks.iter().filter(|((of, _), _)| *of == user);
                theirs.map(|((_, message), _)| of_message(*message)).collect()
            }
            _ => {
                let theirs = self.thread_members.iter().filter(|((_, of), _)| *of == user);
                let followed = theirs.filter(|(_, member)| member.standing.following);
                followed.map(|((root, _), _)| of_message(*root)).collect()
            }
        }
    }
}

impl ExportRepository for ModelTx<'_> {
    fn page(
        &mut self,
        part: ExportPart,
        user: UserId,
        after: Option<ExportPosition>,
    ) -> Result<ExportPage, StorageFault> {
        let all = self.read()?.exported(part, user);
        let skipped = after.map_or(0, |ExportPosition([skipped, ..])| usize::try_from(skipped).unwrap_or(0));
        let end = skipped + ROWS;
        let next = (end < all.len()).then(|| ExportPosition([i64::try_from(end).unwrap_or(i64::MAX), 0, 0]));
        Ok(ExportPage { rows: all.into_iter().skip(skipped).take(ROWS).collect(), next })
    }
}
