//! Shares work among threads.

use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::feed::{Reading, Task, feed};
use crate::sources::walk::Inventory;

/// What is done, and by whom.
pub(crate) struct Sharing<'a, W> {
    /// A worker for one thread.
    pub(crate) worker: &'a (dyn Fn() -> W + Sync),
    /// Does the piece of work with this number. Numbers start at 0.
    pub(crate) work: &'a (dyn Fn(&mut W, u64, &Task) + Sync),
    /// Hears of a thread that breaks down, so that none waits for it.
    pub(crate) broke_down: &'a (dyn Fn() + Sync),
}

impl<W: Send> Sharing<'_, W> {
    /// Gives out all work and sees it done; the workers, without those of
    /// threads that broke down.
    pub(crate) fn run(
        &self,
        inventory: &Inventory,
        reading: &Reading,
        stop: &AtomicBool,
        threads: usize,
    ) -> Vec<W> {
        let others = threads.saturating_sub(1);
        let (send, receive) = sync_channel::<(u64, Task)>(2 * others);
        let receive = Mutex::new(receive);
        let take_all = |worker: &mut W| {
            while let Some((number, task)) = next(&receive) {
                (self.work)(worker, number, &task);
            }
        };
        let start = || {
            let _watch = Watch(self.broke_down);
            let mut worker = (self.worker)();
            take_all(&mut worker);
            worker
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..others).map(|_| scope.spawn(start)).collect();
            // Whoever gives out work does some of it while there is enough for
            // the others: one thread more than cores would take turns with them.
            let mut own = (self.worker)();
            let mut number = 0;
            feed(inventory, reading, stop, &mut |task| {
                if let Err(refused) = send.try_send((number, task)) {
                    let (TrySendError::Full(back) | TrySendError::Disconnected(back)) = refused;
                    (self.work)(&mut own, back.0, &back.1);
                }
                number += 1;
                true
            });
            drop(send);
            take_all(&mut own);
            threads.into_iter().filter_map(|thread| thread.join().ok()).chain([own]).collect()
        })
    }
}

/// Tells if a thread ends by breaking down.
struct Watch<'a>(&'a (dyn Fn() + Sync));

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            (self.0)();
        }
    }
}

fn next(receive: &Mutex<Receiver<(u64, Task)>>) -> Option<(u64, Task)> {
    receive.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
