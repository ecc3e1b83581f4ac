//! Threads that share work.
use super::TrainError;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::num::NonZeroUsize;

/// Threads of one training.
#[derive(Debug)]
pub(super) struct Workers(Option<ThreadPool>);

impl Workers {
    pub(super) fn new(threads: NonZeroUsize) -> Result<Self, TrainError> {
        if threads.get() == 1 {
            return Ok(Self(None));
        }
        let pool = ThreadPoolBuilder::new().num_threads(threads.get()).build();
        pool.map(|pool| Self(Some(pool))).map_err(|error| TrainError::Threads { why: error.to_string() })
    }

    /// Does the work for every item, or ends with the first error in their order.
    pub(super) fn each<I: Send, E: Send>(
        &self,
        items: &mut [I],
        work: impl Fn(&mut I) -> Result<(), E> + Sync,
    ) -> Result<(), E> {
        match &self.0 {
            None => items.iter_mut().try_for_each(work),
            Some(pool) => {
                let done: Vec<_> = pool.install(|| items.par_iter_mut().map(&work).collect());
                done.into_iter().collect()
            }
        }
    }
}
