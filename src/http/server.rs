//! From settings to a bound server.
use super::body::BodyLimits;
use super::connection;
use super::edge::EdgeParts;
use super::limits::{DEFAULT_IN_FLIGHT_PER_WORKER, InFlight};
use super::openapi::RenderedDocument;
use super::routes::{self, Table};
use super::{SharedKeyRing, strict_query};
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer, dev::Server};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// How the server listens and what it bounds.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// `address:port`; port 0 takes a free one.
    pub listen: String,
    /// Worker threads; 0 takes one per core.
    pub workers: usize,
    /// Longest time for the head of a connection's first request; a later head has this and `keep_alive` together.
    pub header_timeout: Duration,
    /// Bounds of every body.
    pub body: BodyLimits,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// Requests in flight in the whole process; `None` takes 64 per worker.
    pub max_in_flight: Option<usize>,
    /// Open connections per worker; more wait in the backlog.
    pub max_connections_per_worker: usize,
    /// How long requests in flight may take once the server stops.
    pub shutdown_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8000".to_owned(),
            workers: 0,
            header_timeout: Duration::from_secs(5),
            body: BodyLimits::default(),
            keep_alive: Duration::from_secs(75),
            max_in_flight: None,
            max_connections_per_worker: 10_000,
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}

impl ServerConfig {
    /// Worker threads that will run.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        if self.workers == 0 { cores() } else { self.workers }
    }

    /// What the workers share: these keys, and the limit of requests in flight.
    #[must_use]
    pub fn edge_parts(&self, keys: SharedKeyRing) -> EdgeParts {
        let limit = self.max_in_flight.unwrap_or(DEFAULT_IN_FLIGHT_PER_WORKER * self.worker_count());
        EdgeParts { keys, in_flight: InFlight::new(limit) }
    }
}

/// A server that listens; it answers once its future is polled.
pub struct Bound {
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// The server; `handle()` stops it. Signals are left to the caller.
    pub server: Server,
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bound").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// What an application needs besides the handlers' own data; the same for the real server and for
/// `actix_web::test::init_service`.
pub fn configure(
    app: &mut ServiceConfig,
    table: Table,
    parts: &EdgeParts,
    body: BodyLimits,
    document: &RenderedDocument,
) {
    app.app_data(body).app_data(strict_query::path_config()).app_data(document.clone());
    routes::mount(app, table, parts);
}

/// Binds the address and builds the server; `data` adds the handlers' data, once per worker, on its thread.
///
/// # Errors
/// The address cannot be parsed, resolved or bound.
pub fn bind<F>(
    config: &ServerConfig,
    table: Table,
    parts: EdgeParts,
    document: RenderedDocument,
    data: F,
) -> io::Result<Bound>
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let body = config.body;
    let longest_rest = config.keep_alive + config.header_timeout;
    let server = HttpServer::new(move || {
        let (parts, document, data) = (parts.clone(), document.clone(), data.clone());
        App::new().configure(move |app| {
            data(app);
            configure(app, table, &parts, body, &document);
        })
    })
    .on_connect(move |stream, data| connection::watch(stream, data, longest_rest))
    .workers(config.worker_count())
    .worker_max_blocking_threads(2) // only compression of the documentation uses them
    .max_connections(config.max_connections_per_worker)
    .keep_alive(config.keep_alive)
    .client_request_timeout(config.header_timeout)
    .client_disconnect_timeout(Duration::from_secs(2)) // how long an unread body is read on, for the client's sake
    .shutdown_timeout(config.shutdown_timeout.as_secs().max(1))
    .tcp_nodelay(true)
    .h1_allow_half_closed(false) // a client that went away takes its request with it
    .disable_signals()
    .bind(config.listen.as_str())?;
    Ok(Bound { addresses: server.addrs(), server: server.run() })
}
