//! A panicking, failing or hanging child comes back behind the same handle; a supervisor that cannot help gives up.
#![expect(clippy::unwrap_used, reason = "a test may")]
use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseFuture, WrapFuture};
use bellwether_actors::runtime::*;
use bellwether_domain::supervision::{Backoff, Exit, RestartIntensity, Strategy};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    Answer,
    Panic,
    PanicInFuture,
    Leave,
    BlockThread(Duration),
    Suspend(Duration),
}

#[derive(Debug, Message)]
#[rtype(result = "u32")]
struct Ask(Order, Slot);

struct Child {
    incarnation: u32,
    departure: Departure,
}

impl Actor for Child {
    type Context = Context<Self>;
}
bellwether_actors::answers_heartbeat!(Child);

impl Handler<Ask> for Child {
    type Result = ResponseFuture<u32>;
    fn handle(&mut self, Ask(order, _slot): Ask, ctx: &mut Self::Context) -> Self::Result {
        let incarnation = self.incarnation;
        match order {
            Order::Answer => {}
            Order::Panic => panic!("ordered"),
            Order::PanicInFuture => {
                ctx.spawn(async {}.into_actor(self).map(|(), _, _| panic!("ordered")));
            }
            Order::Leave => {
                self.departure.because(Exit::Failed, "ordered to leave");
                ctx.stop();
            }
            Order::BlockThread(duration) => std::thread::sleep(duration),
            Order::Suspend(duration) => ctx.wait(tokio::time::sleep(duration).into_actor(self)),
        }
        Box::pin(async move { incarnation })
    }
}

struct Tree {
    options: SupervisionOptions,
    leaked: LeakedThreads,
    fatal: tokio::sync::watch::Receiver<Option<String>>,
}

fn tree(max_restarts: u32) -> Tree {
    let (fatal, raised) = Fatal::channel();
    let options = SupervisionOptions {
        intensity: RestartIntensity { max_restarts, within: Duration::from_secs(10) },
        backoff: Backoff::new(Duration::from_millis(2), Duration::from_millis(20), 2.0, 0.0).unwrap(),
        heartbeat: Duration::from_millis(200),
        max_leaked_threads: 1,
        fatal,
        faults: FaultPlan::default(),
        board: StatusBoard::default(),
    };
    Tree { options, leaked: LeakedThreads::default(), fatal: raised }
}

impl Tree {
    fn child(&self, name: &str, placement: Placement) -> (Handle<Child>, Arc<ChildSpec<Child>>, Arc<AtomicU32>) {
        let (handle, births) = (Handle::new(name.into(), 8), Arc::new(AtomicU32::new(0)));
        let count = Arc::clone(&births);
        let beat = Heartbeat::within(self.options.heartbeat);
        let spec = ChildSpec::new(&self.options.board, &handle, None, placement, beat, move |birth| {
            Ok(Child { incarnation: count.fetch_add(1, Ordering::SeqCst) + 1, departure: birth.departure.clone() })
        });
        (handle, spec, births)
    }

    fn thread(&self) -> (Placement, Arc<ThreadSlot>) {
        let slot = ThreadSlot::start("test", self.leaked.clone());
        (Placement::Thread(Arc::clone(&slot)), slot)
    }

    fn supervisor(&self, name: &str, children: Vec<Arc<dyn bellwether_actors::runtime::Child>>) -> SupervisorSpec {
        let options = self.options.clone();
        SupervisorSpec { name: name.into(), strategy: Strategy::OneForOne, children, options }
    }

    fn view(&self, name: &str) -> ActorView {
        self.options.board.actors().into_iter().find(|actor| &*actor.name == name).unwrap()
    }
}

async fn ask(handle: &Handle<Child>, order: Order) -> Result<u32, Reason> {
    let deadline = Instant::now() + Duration::from_millis(100);
    handle.ask(deadline, |slot| Ask(order, slot)).await.map_err(|unavailable| unavailable.reason)
}

/// Asks until the child answers; the time it took.
async fn answers(handle: &Handle<Child>) -> (u32, Duration) {
    let begin = std::time::Instant::now();
    loop {
        if let Ok(incarnation) = ask(handle, Order::Answer).await {
            return (incarnation, begin.elapsed());
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "the child never came back");
        tokio::time::sleep(Duration::from_micros(50)).await;
    }
}

#[actix_rt::test]
async fn every_way_to_die_is_healed_behind_the_same_handle_and_counted_by_cause() {
    for (order, cause) in [
        (Order::Panic, "panic"),
        (Order::PanicInFuture, "panic"),
        (Order::Leave, "error"),
        (Order::Suspend(Duration::from_secs(60)), "hang"),
    ] {
        for own_thread in [false, true] {
            let tree = tree(5);
            let placement = if own_thread { tree.thread().0 } else { Placement::Here };
            let (handle, spec, _) = tree.child("child", placement);
            let _root = run_root(tree.supervisor("root", vec![spec]));
            assert_eq!(answers(&handle).await.0, 1);
            let _ = ask(&handle, order).await;
            let begin = std::time::Instant::now();
            loop {
                if answers(&handle).await.0 == 2 {
                    break;
                }
                assert!(begin.elapsed() < Duration::from_secs(5), "{order:?}");
            }
            let view = tree.view("child");
            assert_eq!((view.restarts, view.last_failure.unwrap().cause), (1, cause), "{order:?} {own_thread}");
            assert_eq!(tree.leaked.count(), 0, "nothing hung but the actor");
        }
    }
}

#[actix_rt::test]
async fn a_blocked_thread_is_abandoned_its_siblings_move_and_it_is_forgiven_when_it_wakes() {
    let tree = tree(5);
    let (placement, slot) = tree.thread();
    let (hanging, first, _) = tree.child("hanging", placement.clone());
    let (sibling, second, _) = tree.child("sibling", placement);
    let (elsewhere, third, births) = tree.child("elsewhere", Placement::Here);
    let _root = run_root(tree.supervisor("root", vec![first, second, third]));
    answers(&sibling).await;
    assert_eq!(answers(&hanging).await.0, 1);
    assert_eq!(ask(&hanging, Order::BlockThread(Duration::from_millis(1500))).await, Err(Reason::Deadline));
    while answers(&hanging).await.0 != 2 {}
    while answers(&sibling).await.0 != 2 {}
    assert_eq!((slot.generation(), tree.leaked.count()), (1, 1));
    let mut causes = ["hanging", "sibling"].map(|name| tree.view(name).last_failure.unwrap().cause);
    causes.sort_unstable(); // whichever misses its heartbeat first tells of the hang
    assert_eq!(causes, ["hang", "sibling"]);
    answers(&elsewhere).await;
    assert_eq!(births.load(Ordering::SeqCst), 1, "an actor on another thread notices nothing");
    let begin = std::time::Instant::now();
    while tree.leaked.count() > 0 {
        assert!(begin.elapsed() < Duration::from_secs(5), "the woken thread did not end");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(answers(&hanging).await.0, 2, "the woken zombie has no say");
}

#[actix_rt::test]
async fn more_leaked_threads_than_allowed_end_the_process() {
    let mut tree = tree(10);
    let slots: Vec<_> = (0..2).map(|_| tree.thread().0).collect();
    let children: Vec<_> =
        slots.iter().enumerate().map(|(at, slot)| tree.child(&format!("c{at}"), slot.clone())).collect();
    let specs =
        children.iter().map(|(_, spec, _)| Arc::clone(spec) as Arc<dyn bellwether_actors::runtime::Child>).collect();
    let _root = run_root(tree.supervisor("root", specs));
    for (handle, ..) in &children {
        answers(handle).await;
        let _ = ask(handle, Order::BlockThread(Duration::from_secs(3))).await;
    }
    tokio::time::timeout(Duration::from_secs(5), tree.fatal.changed()).await.unwrap().unwrap();
    assert!(tree.fatal.borrow().as_ref().unwrap().contains("threads hang"));
}

#[actix_rt::test]
async fn too_many_restarts_escalate_to_the_parent_and_at_the_root_to_the_end() {
    let tree = tree(3);
    let (handle, spec, births) = tree.child("child", Placement::Here);
    let (quiet, quiet_spec, quiet_births) = tree.child("quiet", Placement::Here);
    let middle = tree.supervisor("middle", vec![spec]).into_child();
    let mut root = run_root(tree.supervisor("root", vec![middle, quiet_spec]));
    answers(&quiet).await;
    let ended = root.ended();
    tokio::pin!(ended);
    let kill = async {
        loop {
            let _ = ask(&handle, Order::Panic).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let end = tokio::select! { end = &mut ended => end, () = kill => unreachable!() };
    assert_eq!(end.exit, Exit::GaveUp);
    // Four lives of the middle supervisor (one and three restarts), four of the child in each.
    assert_eq!(births.load(Ordering::SeqCst), 16);
    assert_eq!(
        quiet_births.load(Ordering::SeqCst),
        1,
        "one-for-one leaves the neighbour alone until the root gives up"
    );
    assert_eq!(ask(&quiet, Order::Answer).await, Err(Reason::Restarting), "the root stopped everything");
}

#[actix_rt::test]
async fn a_panicking_supervisor_comes_back_with_all_its_children_under_another_cause() {
    let tree = tree(5);
    let (handle, spec, births) = tree.child("child", Placement::Here);
    let middle = tree.supervisor("middle", vec![spec]).into_child();
    let _root = run_root(tree.supervisor("root", vec![middle]));
    answers(&handle).await;
    tree.options.faults.inject("middle", FaultKind::Panic, Duration::ZERO, 1).unwrap();
    while answers(&handle).await.0 != 2 {}
    let (middle, child) = (tree.view("middle"), tree.view("child"));
    assert_eq!((middle.restarts, middle.last_failure.unwrap().cause), (1, "panic"));
    assert_eq!((child.restarts, child.last_failure.unwrap().cause), (1, "supervisor"));
    assert_eq!(births.load(Ordering::SeqCst), 2);
    assert!(tree.options.board.all_running());
}

#[actix_rt::test]
async fn a_full_queue_refuses_at_once_and_the_next_incarnation_has_an_empty_one() {
    let tree = tree(5);
    let (handle, spec, _) = tree.child("child", tree.thread().0);
    let _root = run_root(tree.supervisor("root", vec![spec]));
    answers(&handle).await;
    let asks = (0..50).map(|at| {
        let order = if at == 0 { Order::BlockThread(Duration::from_millis(400)) } else { Order::Answer };
        ask(&handle, order)
    });
    let outcomes = futures_util::future::join_all(asks).await;
    let refused = outcomes.iter().filter(|outcome| **outcome == Err(Reason::Overloaded)).count();
    // The slot of the first message is freed when its handler begins, so one more may wait.
    assert!((41..=42).contains(&refused), "{refused} of 50 refused with a bound of 8");
    answers(&handle).await;
}

#[actix_rt::test]
async fn a_factory_that_panics_or_refuses_counts_as_a_restart_and_ends_in_escalation() {
    for panics in [true, false] {
        let tree = tree(3);
        let handle: Handle<Child> = Handle::new("child".into(), 8);
        let beat = Heartbeat::within(tree.options.heartbeat);
        let spec = ChildSpec::new(&tree.options.board, &handle, None, Placement::Here, beat, move |_| {
            assert!(!panics, "no");
            Err::<Child, _>(StartError("no".to_owned()))
        });
        let mut root = run_root(tree.supervisor("root", vec![spec]));
        assert_eq!(root.ended().await.exit, Exit::GaveUp);
        assert_eq!(tree.view("child").restarts, 4);
    }
}

#[actix_rt::test]
async fn fifty_panics_in_a_row_are_fifty_restarts() {
    let tree = tree(1000);
    let (handle, spec, _) = tree.child("child", tree.thread().0);
    let _root = run_root(SupervisorSpec {
        options: SupervisionOptions {
            backoff: Backoff::new(Duration::ZERO, Duration::ZERO, 1.0, 0.0).unwrap(),
            ..tree.options.clone()
        },
        ..tree.supervisor("root", vec![spec])
    });
    answers(&handle).await;
    let mut times = Vec::new();
    for _ in 0..50 {
        let _ = ask(&handle, Order::Panic).await;
        times.push(answers(&handle).await.1);
    }
    times.sort();
    println!("panic to answer: median {:?}, worst {:?}", times[25], times[49]);
    assert_eq!(tree.view("child").restarts, 50);
}
