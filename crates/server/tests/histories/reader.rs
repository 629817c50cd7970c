//! A client that reads pages, on one server after the other.

use std::sync::Arc;
use std::time::Duration;

use groupchat_testing::Dice;
use tokio::time::sleep;

use crate::client::Client;
use crate::history::Call;
use crate::world::World;

/// Reads until it is over.
pub(crate) async fn read(world: Arc<World>, person: usize, mut dice: Dice) {
    let person = &world.readers[person];
    let client = Client::new(&world, person);
    while !world.is_over() {
        let group = person.groups[dice.below(person.groups.len())];
        let first = dice.below(client.servers());
        // What one server has shown, the next has to show too.
        for nth in 0..client.servers() {
            let server = (first + nth) % client.servers();
            let page = client.call(server, group, Call::Page { group, limit: 5 + dice.below(20) }).await;
            let rest = if page.asks_for_retry() { 200 } else { 40 };
            sleep(Duration::from_millis(u64::try_from(dice.below(rest)).unwrap())).await;
        }
    }
}

/// Reads the groups of a client anew, as after a gap, until a server has answered.
pub(crate) async fn reload(client: &Client, groups: &[i64], dice: &mut Dice) {
    for &group in groups {
        let page = Call::Page { group, limit: 200 };
        while !client.call(dice.below(client.servers()), group, page.clone()).await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    }
}
