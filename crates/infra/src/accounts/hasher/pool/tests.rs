use std::sync::mpsc;
use std::time::Duration;

use groupchat_domain::accounts::UsernameKey;
use groupchat_domain::ids::UserId;
use groupchat_domain::network::Network;

use super::*;

const LIMITS: HashQueueLimits = HashQueueLimits {
    known: 4,
    known_network: 4,
    user: 4,
    account: 4,
    strangers: 2,
    supernet: 2,
    network: 2,
};
const USER: HashCaller = HashCaller::User(UserId::new(1));

fn stranger() -> HashCaller {
    let (network, account) = (Network::of([192, 0, 2, 1].into()), UsernameKey::of("ann"));
    HashCaller::SignIn { network, account, is_known: false }
}

/// Starts a task that runs until the sender is used or dropped, and waits until it has begun.
fn hold(pool: &HashPool, caller: HashCaller) -> (PendingHash<()>, mpsc::Sender<()>) {
    let (held, release, has_begun) = queue_up(pool, caller);
    has_begun.recv().unwrap();
    (held, release)
}

/// Like [`hold`], but doesn't wait until the task has begun.
fn queue_up(pool: &HashPool, caller: HashCaller) -> (PendingHash<()>, mpsc::Sender<()>, mpsc::Receiver<()>) {
    let (release, released) = mpsc::channel();
    let (begun, has_begun) = mpsc::channel();
    let held = pool.submit(caller, move || {
        begun.send(()).unwrap();
        let _ = released.recv();
        Ok(())
    });
    (held, release, has_begun)
}

#[tokio::test]
async fn known_callers_do_not_wait_for_strangers() {
    let pool = HashPool::start(1, LIMITS).unwrap();
    let (first, release_first) = hold(&pool, stranger());
    let second = pool.submit(stranger(), || Ok("second"));
    // One stranger's task runs and another waits.
    assert_eq!(pool.submit(USER, || Ok("known")).await, Ok("known"));
    drop(release_first);
    assert_eq!((first.await, second.await), (Ok(()), Ok("second")));
}

#[tokio::test]
async fn known_callers_alone_do_not_get_the_extra_thread() {
    let pool = HashPool::start(1, LIMITS).unwrap();
    let (first, release_first) = hold(&pool, USER);
    let (second, release_second, second_begun) = queue_up(&pool, USER);
    assert_eq!(second_begun.recv_timeout(Duration::from_millis(50)), Err(mpsc::RecvTimeoutError::Timeout));
    drop((release_first, release_second));
    assert_eq!((first.await, second.await), (Ok(()), Ok(())));
}

#[tokio::test]
async fn a_stranger_waits_while_known_callers_use_all_threads() {
    let pool = HashPool::start(1, LIMITS).unwrap();
    let (known, release) = hold(&pool, USER);
    let (waiting, release_stranger, begun) = queue_up(&pool, stranger());
    assert_eq!(begun.recv_timeout(Duration::from_millis(50)), Err(mpsc::RecvTimeoutError::Timeout));
    drop((release, release_stranger));
    assert_eq!((known.await, waiting.await), (Ok(()), Ok(())));
}

#[tokio::test]
async fn a_full_queue_rejects_at_once_and_recovers() {
    let pool = HashPool::start(1, LIMITS).unwrap();
    let (held, release) = hold(&pool, stranger());
    let waiting = [(); 2].map(|()| pool.submit(stranger(), || Ok(())));
    assert_eq!(pool.submit(stranger(), || Ok(())).await, Err(busy()));
    drop(release);
    for pending in waiting {
        assert_eq!(pending.await, Ok(()));
    }
    assert_eq!(held.await, Ok(()));
    assert_eq!(pool.submit(stranger(), || Ok(())).await, Ok(()));
}

#[tokio::test]
async fn a_displaced_caller_gets_busy() {
    let pool = HashPool::start(1, LIMITS).unwrap();
    let (_held, release) = hold(&pool, stranger());
    let waiting = [(); 2].map(|()| pool.submit(stranger(), || Ok(())));
    let elsewhere = Network::of([198, 51, 100, 1].into());
    let account = UsernameKey::of("ann");
    let caller = HashCaller::SignIn { network: elsewhere, account, is_known: false };
    let other = pool.submit(caller, || Ok(()));
    let [first, second] = waiting;
    assert_eq!(second.await, Err(busy()));
    drop(release);
    assert_eq!((first.await, other.await), (Ok(()), Ok(())));
}

#[tokio::test]
async fn a_dropped_future_leaves_the_queue() {
    let pool = HashPool::start(1, LIMITS).unwrap();
    let (_held, release) = hold(&pool, stranger());
    let (ran, has_run) = mpsc::channel::<()>();
    for _ in 0..5 {
        let ran = ran.clone();
        drop(pool.submit(stranger(), move || {
            ran.send(()).unwrap();
            Ok(())
        }));
    }
    drop(ran);
    // It leaves the queue at once, while the thread is still busy.
    assert_eq!(has_run.try_recv(), Err(mpsc::TryRecvError::Disconnected));
    drop(release);
}

#[tokio::test]
async fn a_panic_is_a_fault_and_the_thread_goes_on() {
    let pool = HashPool::start(1, LIMITS).unwrap();
    for caller in [USER, stranger(), USER, stranger()] {
        let panicked = pool.submit::<()>(caller, || panic!("in a test")).await;
        assert_eq!(panicked, Err(Error::Fault(StorageFault::Panicked)));
    }
    assert_eq!(pool.submit(stranger(), || Ok(())).await, Ok(()));
}
