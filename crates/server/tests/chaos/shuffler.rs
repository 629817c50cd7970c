//! Who changes what others may see.

use std::sync::atomic::Ordering;

use groupchat_testing::Dice;
use reqwest::Method;
use serde_json::json;

use crate::caller::RetryingClient;
use crate::world::{PASSWORD, Person, World};

/// The longest rest between two deeds, in milliseconds.
const REST: usize = 60;

/// So many rooms stay, and so many there are at most.
const FEWEST: usize = 2;
const MOST: usize = 6;

/// Lets the restless into groups and out of them, and makes and deletes groups.
pub(crate) struct Shuffler<'w> {
    world: &'w World,
    urls: &'w [String],
    host: RetryingClient,
    /// The restless themselves.
    guests: Vec<RetryingClient>,
    dice: Dice,
}

impl<'w> Shuffler<'w> {
    /// One who calls these servers.
    pub(crate) fn new(world: &'w World, urls: &'w [String], mut dice: Dice) -> Self {
        let host = RetryingClient::new(urls, &world.host.key, dice.split());
        let guests = world
            .restless
            .iter()
            .map(|person| RetryingClient::new(urls, &person.key, dice.split()))
            .collect();
        Self { world, urls, host, guests, dice }
    }

    /// Goes on until it is over.
    pub(crate) async fn shuffle(mut self) {
        for nth in 0.. {
            if self.world.is_over.load(Ordering::Relaxed) {
                break;
            }
            let deed = self.world.pause.read().await;
            match self.dice.below(20) {
                0..12 => self.move_somebody().await,
                12..14 => self.promote().await,
                14..16 => self.open_room(nth).await,
                16 => self.close_room().await,
                17..19 => self.describe(nth).await,
                _ => self.sign_in_and_out_elsewhere().await,
            }
            drop(deed);
            self.host.rest(REST).await;
        }
    }

    /// Somebody comes in or goes, by themselves or not.
    async fn move_somebody(&mut self) {
        let (group, nth) = (self.world.any_group(&mut self.dice), self.dice.below(self.guests.len()));
        let id = self.world.restless[nth].id;
        let (members, member) = (format!("/groups/{group}/members"), format!("/groups/{group}/members/{id}"));
        let guest = &mut self.guests[nth];
        match self.dice.below(4) {
            0 => self.host.insist(Method::POST, &members, Some(json!({"user_id": id}))).await,
            1 => self.host.insist(Method::DELETE, &member, None).await,
            2 => guest.insist(Method::POST, &format!("/groups/{group}/join"), None).await,
            _ => guest.insist(Method::DELETE, &member, None).await,
        };
    }

    /// Somebody becomes an admin of a group, or no longer is one.
    async fn promote(&mut self) {
        let group = self.world.any_group(&mut self.dice);
        let person = self.any_guest();
        let role = ["admin", "member"][self.dice.below(2)];
        let path = format!("/groups/{group}/members/{}", person.id);
        self.host.insist(Method::PATCH, &path, Some(json!({"role": role}))).await;
    }

    async fn open_room(&mut self, nth: usize) {
        if self.world.rooms.lock().unwrap().len() >= MOST {
            return;
        }
        let body = json!({"name": format!("Room {nth}")});
        // Where the first answer got lost, the name is taken: an empty room then, of which nobody knows.
        let Some(room) = self.host.insist(Method::POST, "/groups", Some(body)).await else { return };
        let room = room["id"].as_i64().unwrap();
        for person in &self.world.writers {
            let body = self.world.membership(person);
            self.host.insist(Method::POST, &format!("/groups/{room}/members"), Some(body)).await;
        }
        self.world.rooms.lock().unwrap().push(room);
    }

    async fn close_room(&mut self) {
        let room = {
            let mut rooms = self.world.rooms.lock().unwrap();
            if rooms.len() <= FEWEST {
                return;
            }
            let nth = self.dice.below(rooms.len());
            rooms.swap_remove(nth)
        };
        self.host.insist(Method::DELETE, &format!("/groups/{room}"), None).await;
    }

    async fn describe(&mut self, nth: usize) {
        let group = self.world.any_group(&mut self.dice);
        let body = json!({"description": format!("changed at {nth}")});
        self.host.insist(Method::PATCH, &format!("/groups/{group}"), Some(body)).await;
    }

    /// Another session of somebody who listens ends: the servers tell each other of it, and nobody else.
    async fn sign_in_and_out_elsewhere(&mut self) {
        let person = self.any_guest();
        let body = json!({"username": person.username, "password": PASSWORD});
        let session =
            self.host.insist(Method::POST, "/login", Some(body)).await.expect("the password is right");
        let elsewhere =
            RetryingClient::new(self.urls, session["api_key"].as_str().unwrap(), self.dice.split());
        elsewhere.sign_out().await;
    }

    fn any_guest(&mut self) -> &'w Person {
        &self.world.restless[self.dice.below(self.world.restless.len())]
    }
}
