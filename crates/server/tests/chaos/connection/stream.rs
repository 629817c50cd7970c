//! Server-sent events.

use std::collections::VecDeque;

use reqwest::{Client, Response};

use super::{Arrival, Door, check};

/// A stream on a line that breaks.
pub(crate) struct Stream {
    response: Response,
    /// Bytes of a block that is not yet whole.
    begun: Vec<u8>,
    arrived: VecDeque<Arrival>,
    /// Bytes until the line breaks.
    left: usize,
}

impl Stream {
    /// Opens one; `None` if the server is not there, or stops.
    pub(crate) async fn open(door: Door<'_>) -> Option<Self> {
        let request = Client::new().get(format!("{}/events/stream", door.url)).header("X-API-Key", door.key);
        // As a browser comes back.
        let request =
            door.cursor.iter().fold(request, |request, cursor| request.header("Last-Event-ID", *cursor));
        let response = request.send().await.ok()?;
        check(response.status().as_u16())?;
        Some(Self { response, begun: Vec::new(), arrived: VecDeque::new(), left: door.bytes })
    }

    /// What comes next; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Arrival> {
        loop {
            if let Some(arrival) = self.arrived.pop_front() {
                return Some(arrival);
            }
            if self.left == 0 {
                return None;
            }
            let chunk = self.response.chunk().await.ok()??;
            self.take(&chunk);
        }
    }

    fn take(&mut self, chunk: &[u8]) {
        let taken = chunk.len().min(self.left);
        self.left -= taken;
        self.begun.extend_from_slice(&chunk[..taken]);
        while let Some(end) = self.begun.windows(2).position(|two| two == b"\n\n") {
            let block: Vec<u8> = self.begun.drain(..end + 2).collect();
            self.arrived.push_back(read(std::str::from_utf8(&block).unwrap()));
        }
    }
}

fn read(block: &str) -> Arrival {
    let field = |name| block.lines().find_map(|line| line.strip_prefix(name));
    let event = serde_json::from_str(field("data: ").unwrap()).unwrap();
    Arrival { event, cursor: field("id: ").map(str::to_owned) }
}
