//! CPU-heavy work off the event loops: a bounded pool whose jobs cannot take a thread down.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, timeout_at};

/// Why a job gave no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum ComputeError {
    #[error("the compute pool's queue is full")]
    Overloaded,
    #[error("the deadline passed before the job was done")]
    Deadline,
    #[error("the job panicked")]
    Panicked,
}

/// Threads for fits and other work above about 200 us; clones share them.
#[derive(Debug, Clone)]
pub struct ComputePool {
    threads: Arc<rayon::ThreadPool>,
    slots: Arc<Semaphore>,
}

impl ComputePool {
    /// Starts `threads` threads; at most `capacity` jobs may wait or run.
    ///
    /// # Errors
    /// When the operating system gives no threads.
    pub fn start(threads: usize, capacity: usize) -> std::io::Result<Self> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.max(1))
            .thread_name(|index| format!("compute-{index}"))
            .build()
            .map_err(std::io::Error::other)?;
        Ok(Self { threads: Arc::new(threads), slots: Arc::new(Semaphore::new(capacity.max(1))) })
    }

    /// Starts one thread whose work gives way to everything else: the system runs it where no other thread wants to. One
    /// job may wait behind the one that runs.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn in_background(name: &'static str) -> std::io::Result<Self> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .thread_name(move |_| name.to_owned())
            .start_handler(|_| give_way())
            .build()
            .map_err(std::io::Error::other)?;
        Ok(Self { threads: Arc::new(threads), slots: Arc::new(Semaphore::new(2)) })
    }

    /// Runs `job` and waits for its result until `deadline`; a job whose caller has given up is not begun.
    ///
    /// # Errors
    /// [`ComputeError`].
    pub async fn run<R: Send + 'static>(
        &self,
        deadline: Instant,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, ComputeError> {
        let permit = Arc::clone(&self.slots).try_acquire_owned().map_err(|_| ComputeError::Overloaded)?;
        let (sender, receiver) = oneshot::channel();
        self.threads.spawn_fifo(move || {
            if sender.is_closed() {
                return;
            }
            let result = catch_unwind(AssertUnwindSafe(job));
            drop(permit); // before the answer, so that whoever has it finds the place free
            let _ = sender.send(result);
        });
        match timeout_at(deadline, receiver).await {
            Ok(Ok(Ok(result))) => Ok(result),
            Ok(_) => Err(ComputeError::Panicked),
            Err(_) => Err(ComputeError::Deadline),
        }
    }
}

/// Lowers the priority of the calling thread and of the threads it starts; on Linux each thread has its own.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(19) {
        tracing::debug!(failure = %error, "a background thread keeps its priority");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[actix_rt::test]
    async fn a_panicking_job_costs_no_thread_and_a_full_queue_refuses_at_once() {
        let pool = ComputePool::start(1, 2).unwrap();
        let soon = || Instant::now() + Duration::from_secs(5);
        for _ in 0..3 {
            assert_eq!(pool.run(soon(), || panic!("job")).await.map(|()| 0), Err(ComputeError::Panicked));
        }
        assert_eq!(pool.run(soon(), || 41 + 1).await, Ok(42));
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let blocker = pool.run(soon(), move || wait.recv().unwrap_or_default());
        let waiting = pool.run(soon(), || ());
        let (blocked, queued, refused) = futures_util::future::join3(blocker, waiting, async {
            let refused = pool.run(soon(), || ()).await;
            drop(release);
            refused
        })
        .await;
        assert_eq!((blocked, queued, refused), (Ok(()), Ok(()), Err(ComputeError::Overloaded)));
    }

    #[actix_rt::test]
    async fn a_job_whose_caller_gave_up_is_not_begun() {
        let pool = ComputePool::start(1, 8).unwrap();
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let (begun, ran) = std::sync::mpsc::channel::<()>();
        let blocker = pool.run(Instant::now() + Duration::from_secs(5), move || wait.recv().unwrap_or_default());
        let late = async {
            let late = pool.run(Instant::now() + Duration::from_millis(5), move || begun.send(()).is_ok()).await;
            drop(release);
            late
        };
        let (_, late) = futures_util::future::join(blocker, late).await;
        assert_eq!(late, Err(ComputeError::Deadline), "the job waited behind the blocker");
        assert_eq!(pool.run(Instant::now() + Duration::from_secs(5), || ()).await, Ok(()));
        assert!(ran.try_recv().is_err(), "the late job ran");
    }
}
