//! Ends connections that neither ask nor rest: a request's head that drips in for ever, an answer that is never read.
//!
//! actix-http bounds the head of a connection's first request and the rest between requests, but not a later head
//! that has begun. So each connection has a clock; a worker's sweep shuts those that have been without a request in
//! progress for longer than the keep-alive and the head's time together.
use actix_web::dev::Extensions;
use actix_web::rt;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

thread_local! {
    // The connections of this worker; `None` until its first one starts the sweep.
    static OPEN: RefCell<Option<Vec<Weak<Connection>>>> = const { RefCell::new(None) };
}

/// One open connection, in its requests' connection data.
#[derive(Debug)]
pub(super) struct Connection {
    /// A second handle on the socket: shutting it ends the connection for its owner, too.
    socket: TcpStream,
    requests: Cell<usize>,
    /// A streaming answer may take as long as it likes.
    streams: Cell<bool>,
    resting_since: Cell<Instant>,
}

impl Connection {
    pub(super) fn request_begins(&self) {
        self.requests.set(self.requests.get() + 1);
        self.streams.set(false);
    }

    pub(super) fn request_ends(&self, streams: bool) {
        self.requests.set(self.requests.get().saturating_sub(1));
        self.streams.set(streams);
        self.resting_since.set(Instant::now());
    }

    fn is_overdue(&self, now: Instant, longest: Duration) -> bool {
        self.requests.get() == 0 && !self.streams.get() && now.duration_since(self.resting_since.get()) > longest
    }
}

/// Gives a new connection its clock. Without one (no descriptors left) the connection is served all the same.
pub(super) fn watch(stream: &dyn Any, data: &mut Extensions, longest: Duration) {
    let Some(stream) = stream.downcast_ref::<rt::net::TcpStream>() else { return };
    let Ok(socket) = stream.as_fd().try_clone_to_owned() else { return };
    let connection = Rc::new(Connection {
        socket: TcpStream::from(socket),
        requests: Cell::new(0),
        streams: Cell::new(false),
        resting_since: Cell::new(Instant::now()),
    });
    OPEN.with_borrow_mut(|open| {
        let connections = open.get_or_insert_with(|| {
            rt::spawn(sweep(longest));
            Vec::new()
        });
        connections.push(Rc::downgrade(&connection));
    });
    data.insert(connection);
}

async fn sweep(longest: Duration) {
    let mut ticks = rt::time::interval((longest / 8).clamp(Duration::from_millis(50), Duration::from_secs(1)));
    loop {
        ticks.tick().await;
        let now = Instant::now();
        OPEN.with_borrow_mut(|open| {
            for connections in open.iter_mut() {
                connections.retain(|weak| match weak.upgrade() {
                    Some(connection) if connection.is_overdue(now, longest) => {
                        let _ = connection.socket.shutdown(Shutdown::Both); // already gone: as wished
                        false
                    }
                    other => other.is_some(),
                });
            }
        });
    }
}
