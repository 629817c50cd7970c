//! The world as clients know it: what commands are drawn from. Much of it may be gone.

use groupchat_domain::ids::{
    GroupId, InvitationId, InviteLinkId, MessageId, PasskeyId, RoleId, ServerInviteId, SessionId, UserId,
};
use groupchat_domain::permissions::ServerRole;
use groupchat_domain::scheduled::ScheduledId;
use groupchat_testing::Dice;

use crate::commands::answer::{Answer, Issued};
use crate::commands::argument::{ARefreshToken, number_of_code};

/// What answers have told so far.
#[derive(Debug, Clone, Default)]
pub struct Known {
    users: Vec<UserId>,
    bots: Vec<UserId>,
    keys: Vec<u32>,
    tickets: Vec<u32>,
    devices: Vec<u32>,
    login_tickets: Vec<u32>,
    /// The numbers of the commands that issued recovery codes.
    recovery_codes: Vec<u32>,
    /// Also those that were used.
    refresh_tokens: Vec<ARefreshToken>,
    sessions: Vec<SessionId>,
    groups: Vec<GroupId>,
    invitations: Vec<InvitationId>,
    invite_links: Vec<InviteLinkId>,
    /// The numbers of the commands that made links, and so those of their codes.
    codes: Vec<u32>,
    server_invites: Vec<ServerInviteId>,
    passkeys: Vec<PasskeyId>,
    scheduled: Vec<ScheduledId>,
    /// The numbers of their codes.
    invite_codes: Vec<u32>,
    /// The numbers of the codes that reset passwords.
    resets: Vec<u32>,
    /// The numbers of the codes that confirm addresses.
    confirmations: Vec<u32>,
    messages: Vec<(GroupId, MessageId)>,
    /// Those that are no replies.
    roots: Vec<(GroupId, MessageId)>,
    /// Those that are polls.
    polls: Vec<(GroupId, MessageId)>,
    server_roles: Vec<RoleId>,
    greatest_seq: i64,
    renames: usize,
}

/// Of so many of the latest things most commands are.
const RECENT: usize = 8;

/// One of these: one of the latest, as a rule.
fn pick<T: Copy>(dice: &mut Dice, all: &[T]) -> Option<T> {
    let recent = if dice.below(5) == 0 { all } else { &all[all.len().saturating_sub(RECENT)..] };
    if recent.is_empty() { None } else { recent.get(dice.below(recent.len())).copied() }
}

/// Ids of nothing.
const NOTHING: i64 = 1_000_000;

impl Known {
    pub(crate) fn user(&self, dice: &mut Dice) -> i64 {
        pick(dice, &self.users).map_or(NOTHING, UserId::get)
    }

    pub(crate) fn bot(&self, dice: &mut Dice) -> i64 {
        if dice.below(10) == 0 {
            self.user(dice)
        } else {
            pick(dice, &self.bots).map_or(NOTHING, UserId::get)
        }
    }

    pub(crate) fn key(&self, dice: &mut Dice) -> u32 {
        // Some keys were never issued.
        if dice.below(100) == 0 { u32::MAX } else { pick(dice, &self.keys).unwrap_or(u32::MAX) }
    }

    pub(crate) fn device(&self, dice: &mut Dice) -> u32 {
        pick(dice, &self.devices).unwrap_or(u32::MAX)
    }

    pub(crate) fn ticket(&self, dice: &mut Dice) -> u32 {
        pick(dice, &self.tickets).unwrap_or(u32::MAX)
    }

    pub(crate) fn login_ticket(&self, dice: &mut Dice) -> u32 {
        pick(dice, &self.login_tickets).unwrap_or(u32::MAX)
    }

    pub(crate) fn recovery_codes(&self, dice: &mut Dice) -> u32 {
        pick(dice, &self.recovery_codes).unwrap_or(u32::MAX)
    }

    pub(crate) fn refresh_token(&self, dice: &mut Dice) -> ARefreshToken {
        pick(dice, &self.refresh_tokens).unwrap_or(ARefreshToken(u32::MAX, u32::MAX))
    }

    pub(crate) fn session(&self, dice: &mut Dice) -> i64 {
        pick(dice, &self.sessions).map_or(NOTHING, SessionId::get)
    }

    pub(crate) fn group(&self, dice: &mut Dice) -> i64 {
        if dice.below(50) == 0 { NOTHING } else { pick(dice, &self.groups).map_or(NOTHING, GroupId::get) }
    }

    pub(crate) fn server_role(&self, dice: &mut Dice) -> i64 {
        let built_in = [ServerRole::ADMIN, ServerRole::MEMBER][dice.below(2)];
        let found = if dice.below(4) == 0 { None } else { pick(dice, &self.server_roles) };
        found.unwrap_or(built_in).get()
    }

    pub(crate) fn invitation(&self, dice: &mut Dice) -> i64 {
        pick(dice, &self.invitations).map_or(NOTHING, InvitationId::get)
    }

    pub(crate) fn invite_link(&self, dice: &mut Dice) -> i64 {
        pick(dice, &self.invite_links).map_or(NOTHING, InviteLinkId::get)
    }

    pub(crate) fn code(&self, dice: &mut Dice) -> u32 {
        pick(dice, &self.codes).unwrap_or(u32::MAX)
    }

    pub(crate) fn server_invite(&self, dice: &mut Dice) -> i64 {
        pick(dice, &self.server_invites).map_or(NOTHING, ServerInviteId::get)
    }

    pub(crate) fn passkey(&self, dice: &mut Dice) -> i64 {
        pick(dice, &self.passkeys).map_or(NOTHING, PasskeyId::get)
    }

    pub(crate) fn scheduled(&self, dice: &mut Dice) -> i64 {
        pick(dice, &self.scheduled).map_or(NOTHING, ScheduledId::get)
    }

    pub(crate) fn invite_code(&self, dice: &mut Dice) -> u32 {
        pick(dice, &self.invite_codes).unwrap_or(u32::MAX)
    }

    pub(crate) fn confirmation(&self, dice: &mut Dice) -> u32 {
        pick(dice, &self.confirmations).unwrap_or(u32::MAX)
    }

    pub(crate) fn reset(&self, dice: &mut Dice) -> u32 {
        pick(dice, &self.resets).unwrap_or(u32::MAX)
    }

    pub(crate) fn message(&self, dice: &mut Dice) -> (i64, i64) {
        let found = pick(dice, &self.messages);
        found.map_or((NOTHING, NOTHING), |(group, message)| (group.get(), message.get()))
    }

    pub(crate) fn root(&self, dice: &mut Dice) -> (i64, i64) {
        let found = pick(dice, &self.roots);
        found.map_or((NOTHING, NOTHING), |(group, message)| (group.get(), message.get()))
    }

    pub(crate) fn poll(&self, dice: &mut Dice) -> (i64, i64) {
        let found = pick(dice, &self.polls);
        found.map_or((NOTHING, NOTHING), |(group, message)| (group.get(), message.get()))
    }

    pub(crate) fn seq(&self, dice: &mut Dice) -> i64 {
        let count = usize::try_from(self.greatest_seq).unwrap_or(0) + 2;
        i64::try_from(dice.below(count)).unwrap_or(0)
    }

    pub(crate) const fn renames(&self) -> usize {
        self.renames
    }

    /// The keys that were issued, but for those that were rejected since.
    pub fn keys(&self) -> &[u32] {
        &self.keys
    }

    /// Learns that a key is not valid any more.
    pub fn forget_key(&mut self, key: u32) {
        self.keys.retain(|known| *known != key);
    }

    /// Learns that a user is not there any more.
    pub fn forget_user(&mut self, user: UserId) {
        self.users.retain(|known| *known != user);
    }

    /// Learns that a group is not there any more.
    pub fn forget_group(&mut self, group: GroupId) {
        self.groups.retain(|known| *known != group);
        self.messages.retain(|(known, _)| *known != group);
        self.roots.retain(|(known, _)| *known != group);
        self.polls.retain(|(known, _)| *known != group);
    }

    /// Learns from what a command answered; `number` is the command's.
    pub fn learn(&mut self, number: u32, answer: &Answer) {
        match answer.issued() {
            Issued { user: Some(user), .. } if !self.users.contains(&user) => self.users.push(user),
            Issued { server_role: Some(role), .. } if !self.server_roles.contains(&role) => {
                self.server_roles.push(role);
            }
            Issued { group: Some(group), .. } if !self.groups.contains(&group) => self.groups.push(group),
            Issued { message: Some((group, message, seq)), is_reply, is_poll, .. } => {
                self.messages.push((group, message));
                if !is_reply {
                    self.roots.push((group, message));
                }
                if is_poll {
                    self.polls.push((group, message));
                }
                self.greatest_seq = self.greatest_seq.max(seq.get());
            }
            _ => {}
        }
        let Issued { session, invitation, invite_link, server_invite, has_key, has_ticket, .. } =
            answer.issued();
        if let Some(invite) = server_invite {
            self.server_invites.push(invite);
            self.invite_codes.push(number);
        }
        if let Some(link) = invite_link {
            self.invite_links.push(link);
            self.codes.push(number);
        }
        self.sessions.extend(session);
        self.invitations.extend(invitation);
        if has_key {
            self.keys.push(number);
        }
        if let Answer::LoggedIn((_, _, Some(_), _)) | Answer::Refreshable((_, _, _, Some(_), _)) = answer {
            self.devices.push(number);
        }
        if has_ticket {
            self.tickets.push(number);
        }
        if let Answer::Refreshable((_, _, (token, _), _, _)) = answer {
            self.refresh_tokens.extend(ARefreshToken::read(token.reveal()));
        }
        match answer {
            Answer::User(user) if user.owner.is_some() && !self.bots.contains(&user.id) => {
                self.bots.push(user.id);
            }
            Answer::ScheduledNow(accepted) => self.scheduled.push(accepted.scheduled.id),
            Answer::HalfWay(_) => self.login_tickets.push(number),
            Answer::RecoveryCodes(_) => self.recovery_codes.push(number),
            Answer::Passkey((passkey, codes)) => {
                self.passkeys.push(passkey.id);
                self.recovery_codes.extend(codes.is_some().then_some(number));
            }
            Answer::Mails(mails) => {
                for mail in mails {
                    let codes = mail.text.lines().filter_map(|line| number_of_code(line.trim()));
                    let known = if mail.subject.contains("account") {
                        &mut self.confirmations
                    } else {
                        &mut self.resets
                    };
                    known.extend(codes);
                }
            }
            _ => {}
        }
        if matches!(answer, Answer::User(_) | Answer::Group(_)) {
            self.renames += 1;
        }
    }
}
