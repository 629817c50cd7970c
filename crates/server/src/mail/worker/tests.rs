use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use groupchat_domain::accounts::{ClientInfo, Email, MailQueue, ResetAccount, UsernameKey};
use groupchat_domain::storage::BoxFuture;
use groupchat_infra::accounts::keys::RandomKeys;

use super::*;
use crate::panic_guard::BrokenStorage;

fn mail(number: usize) -> Mail {
    let to = Email::parse("ada@example.org").unwrap();
    Mail { to, subject: number.to_string(), text: String::new() }
}

/// Answers the first tries with these faults, and counts them.
#[derive(Default)]
struct Failing {
    faults: StdMutex<Vec<MailFault>>,
    tries: AtomicUsize,
}

impl Mailer for Failing {
    fn send(&self, _: Mail) -> BoxFuture<'static, Result<(), MailFault>> {
        self.tries.fetch_add(1, Ordering::SeqCst);
        let fault = self.faults.lock().unwrap().pop();
        Box::pin(async move { fault.map_or(Ok(()), Err) })
    }
}

const PACE: Pace = Pace { orders: Duration::from_millis(5), retries: [Duration::from_millis(1); 2] };

fn worker(mailer: Arc<dyn Mailer>) -> MailWorker {
    MailWorker {
        orders: Arc::default(),
        storage: Arc::<BrokenStorage>::default(),
        keys: Arc::new(RandomKeys),
        codes: Arc::new(RandomKeys),
        mailer,
        site: None,
        pace: PACE,
    }
}

async fn tries(faults: Vec<MailFault>) -> usize {
    let mailer = Arc::new(Failing { faults: StdMutex::new(faults), tries: AtomicUsize::new(0) });
    worker(mailer.clone()).send(mail(1)).await;
    mailer.tries.load(Ordering::SeqCst)
}

fn unavailable() -> MailFault {
    MailFault::Unavailable { reason: "down".to_owned() }
}

#[tokio::test]
async fn a_server_that_is_down_is_tried_three_times() {
    assert_eq!(tries(vec![]).await, 1);
    assert_eq!(tries(vec![unavailable()]).await, 2);
    assert_eq!(tries(vec![unavailable(); 9]).await, 3);
    assert_eq!(tries(vec![MailFault::Rejected { reason: "no".to_owned() }]).await, 1);
}

/// Never comes back.
#[derive(Default)]
struct Stuck(AtomicUsize);

impl Mailer for Stuck {
    fn send(&self, _: Mail) -> BoxFuture<'static, Result<(), MailFault>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn few_mails_are_on_their_way_at_once() {
    let mailer = Arc::<Stuck>::default();
    let worker = worker(mailer.clone());
    let (outbox, inbox) = mpsc::channel(OUTBOX);
    for number in 0..OUTBOX {
        outbox.try_send(mail(number)).unwrap();
    }
    let inbox = Mutex::new(inbox);
    let sending = std::array::from_fn::<_, AT_ONCE, _>(|_| worker.send_all(&inbox));
    let [one, two, three, four] = sending;
    let all = async { tokio::join!(one, two, three, four) };
    let many_turns = async {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = all => panic!("the mails are on their way for ever"),
        () = many_turns => {}
    }
    assert_eq!(mailer.0.load(Ordering::SeqCst), AT_ONCE);
}

/// Also when the storage panics, the next order is taken, and not before its time.
#[tokio::test]
async fn orders_are_taken_at_their_pace_whatever_comes_of_them() {
    let worker = worker(Arc::<Failing>::default());
    let orders = worker.orders.clone();
    for number in 0..10 {
        let account = ResetAccount::Username(UsernameKey::of(&number.to_string()));
        orders.order(MailOrder::Reset { account, client: ClientInfo::default() }).unwrap();
    }
    let began = std::time::Instant::now();
    tokio::select! {
        () = worker.run() => unreachable!("it goes on until it is dropped"),
        left = orders.finish(Duration::from_secs(60)) => assert_eq!(left, 0),
    }
    assert!(began.elapsed() >= PACE.orders * 9);
}
