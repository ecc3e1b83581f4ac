//! The one way to call an actor: bounded, with a deadline, across its restarts.
use super::ActorName;
use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};
use arc_swap::ArcSwapOption;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// Wait between two attempts at an actor that cannot have taken the message.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(2);

/// A place in an actor's queue; it travels in the message and is freed when the handler drops it.
#[derive(Debug)]
pub struct Slot {
    _permit: OwnedSemaphorePermit,
}

/// Why an actor did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Its queue is full.
    Overloaded,
    /// It is being restarted.
    Restarting,
    /// It died while it had the message.
    Died,
    /// The deadline passed first.
    Deadline,
}

/// An actor did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{actor} is unavailable: {}", match reason {
    Reason::Overloaded => "its queue is full",
    Reason::Restarting => "it is being restarted",
    Reason::Died => "it died while it had the message",
    Reason::Deadline => "the deadline passed",
})]
pub struct Unavailable {
    /// Who did not answer.
    pub actor: ActorName,
    /// Why.
    pub reason: Reason,
}

impl Unavailable {
    /// Whether the message can have been handled: if not, it is safe to repeat.
    #[must_use]
    pub const fn may_have_been_handled(&self) -> bool {
        matches!(self.reason, Reason::Died | Reason::Deadline)
    }
}

struct Incarnation<A: Actor> {
    generation: u64,
    address: Addr<A>,
    slots: Arc<Semaphore>,
}

struct Shared<A: Actor> {
    actor: ActorName,
    capacity: usize,
    incarnation: ArcSwapOption<Incarnation<A>>,
}

/// A stable reference to an actor that may be restarted behind it.
pub struct Handle<A: Actor>(Arc<Shared<A>>);

impl<A: Actor> Clone for Handle<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: Actor> std::fmt::Debug for Handle<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("actor", &self.0.actor).field("queued", &self.queued()).finish()
    }
}

impl<A: Actor> Handle<A> {
    /// A handle without an actor behind it yet; at most `capacity` messages may wait.
    #[must_use]
    pub fn new(actor: ActorName, capacity: usize) -> Self {
        Self(Arc::new(Shared { actor, capacity, incarnation: ArcSwapOption::empty() }))
    }

    /// The actor's name.
    #[must_use]
    pub fn actor(&self) -> &ActorName {
        &self.0.actor
    }

    /// Messages that hold a slot now.
    #[must_use]
    pub fn queued(&self) -> usize {
        let incarnation = self.0.incarnation.load();
        incarnation.as_ref().map_or(0, |now| self.0.capacity.saturating_sub(now.slots.available_permits()))
    }

    /// Puts a new incarnation in force, with an empty queue; an older one never replaces a newer one.
    pub(super) fn publish(&self, generation: u64, address: Addr<A>) {
        let slots = Arc::new(Semaphore::new(self.0.capacity));
        let fresh = Arc::new(Incarnation { generation, address, slots });
        self.0.incarnation.rcu(|now| match now {
            Some(newer) if newer.generation > generation => Some(Arc::clone(newer)),
            _ => Some(Arc::clone(&fresh)),
        });
    }

    /// Takes incarnation `generation` out of force, if it still is.
    pub(super) fn withdraw(&self, generation: u64) {
        self.0.incarnation.rcu(|now| match now {
            Some(other) if other.generation != generation => Some(Arc::clone(other)),
            _ => None,
        });
    }

    fn unavailable(&self, reason: Reason) -> Unavailable {
        Unavailable { actor: self.0.actor.clone(), reason }
    }

    fn admit(&self) -> Result<(Addr<A>, Slot), Unavailable> {
        let incarnation = self.0.incarnation.load();
        let now = incarnation.as_ref().ok_or_else(|| self.unavailable(Reason::Restarting))?;
        // `Addr::send` queues past the mailbox's capacity, so the bound is kept here.
        let permit = Arc::clone(&now.slots).try_acquire_owned().map_err(|_| self.unavailable(Reason::Overloaded))?;
        Ok((now.address.clone(), Slot { _permit: permit }))
    }

    /// Sends what `message` builds and waits for the answer until `deadline`.
    ///
    /// # Errors
    /// [`Unavailable`], which says whether the message can have been handled.
    pub async fn ask<M>(&self, deadline: Instant, message: impl FnOnce(Slot) -> M) -> Result<M::Result, Unavailable>
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        if Instant::now() >= deadline {
            // The timer may not know it yet; whoever is late already is told at once.
            return Err(self.unavailable(Reason::Deadline));
        }
        let (address, slot) = self.admit()?;
        #[expect(clippy::disallowed_methods, reason = "the slot bounds it, the deadline ends it")]
        match timeout_at(deadline, address.send(message(slot))).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(self.unavailable(Reason::Died)),
            Err(_) => Err(self.unavailable(Reason::Deadline)),
        }
    }

    /// As [`Handle::ask`], but asks again while the message cannot have been handled: a restart of the actor, which takes
    /// less than a millisecond, costs the caller that time and not an error.
    ///
    /// # Errors
    /// [`Unavailable`] when the deadline has passed, or when the message may have been handled.
    pub async fn ask_persistently<M>(
        &self,
        deadline: Instant,
        mut message: impl FnMut(Slot) -> M,
    ) -> Result<M::Result, Unavailable>
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        loop {
            match self.ask(deadline, &mut message).await {
                Err(unavailable) if !unavailable.may_have_been_handled() && Instant::now() + PATIENCE < deadline => {
                    tokio::time::sleep(PATIENCE).await;
                }
                answer => return answer,
            }
        }
    }

    /// Sends what `message` builds and does not wait.
    ///
    /// # Errors
    /// [`Unavailable`] if the queue is full or the actor is being restarted; the message was not handled then.
    pub fn tell<M>(&self, message: impl FnOnce(Slot) -> M) -> Result<(), Unavailable>
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let (address, slot) = self.admit()?;
        #[expect(clippy::disallowed_methods, reason = "the slot bounds it")]
        address.do_send(message(slot));
        Ok(())
    }

    /// Whether the actor answers a heartbeat within `timeout`; beats need no slot.
    pub(super) async fn beats(&self, timeout: std::time::Duration) -> bool
    where
        A: Handler<super::Beat>,
        A::Context: ToEnvelope<A, super::Beat>,
    {
        let address = self.0.incarnation.load().as_ref().map(|now| now.address.clone());
        let Some(address) = address else {
            tokio::time::sleep(timeout).await; // not started yet: it has the same time to appear
            return self.0.incarnation.load().is_some();
        };
        #[expect(clippy::disallowed_methods, reason = "one beat at a time, its timeout ends it")]
        let answer = tokio::time::timeout(timeout, address.send(super::Beat)).await;
        // A closed mailbox is a death, which is reported on its own.
        answer.is_ok()
    }
}
