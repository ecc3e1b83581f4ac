//! A small application behind the edge, asked over real sockets.
mod hostile;
mod manners;

use super::auth::{KeyRing, sha256};
use super::body::BodyLimits;
use super::openapi::{assemble, render};
use super::routes::{Endpoint, OWN, Table, Verb};
use super::server::{self, ServerConfig};
use super::{Access, Check, Principal, Problem, RequestId, StrictJson, StrictQuery};
use actix_web::{HttpResponse, web};
use bellwether_domain::types::{KeyRecord, Role, Timestamp};
use serde::Deserialize;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use utoipa::OpenApi as _;

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Numbers {
    #[serde(default)]
    values: Vec<f64>,
}

impl Check for Numbers {}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    limit: Option<u32>,
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(sum, page, item))]
struct Api;

#[utoipa::path(post, path = "/sum", request_body = Numbers, responses((status = 200, description = "The sum.", body = Object)))]
async fn sum(body: StrictJson<Numbers>) -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "sum": body.0.values.iter().sum::<f64>() }))
}

async fn who(principal: Principal, id: RequestId) -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "name": &*principal.name, "id": id.as_str() }))
}

#[utoipa::path(get, path = "/page", params(Page), responses((status = 200, description = "It.", body = Option<u32>, content_type = "application/json")))]
async fn page(query: StrictQuery<Page>) -> HttpResponse {
    HttpResponse::Ok().json(query.0.limit)
}

#[utoipa::path(get, path = "/item/{id}", responses((status = 200, description = "It.", body = u32, content_type = "application/json")))]
async fn item(id: web::Path<u32>) -> HttpResponse {
    HttpResponse::Ok().json(*id)
}

async fn broken() -> HttpResponse {
    panic!("a secret in the panic's text")
}

async fn slow() -> HttpResponse {
    actix_web::rt::time::sleep(Duration::from_millis(400)).await;
    HttpResponse::Ok().json("late")
}

async fn refused() -> Result<HttpResponse, Problem> {
    Err(Problem::unavailable(1, "the owner restarts"))
}

const READ: Access = Access::AtLeast(Role::Viewer);
const ROUTES: &[Endpoint] = &[
    Endpoint::new(Verb::Post, "/sum", READ, || web::to(sum)),
    Endpoint::new(Verb::Get, "/sum", READ, || web::to(who)),
    Endpoint::new(Verb::Post, "/admin", Access::AtLeast(Role::Admin), || web::to(who)),
    Endpoint::new(Verb::Get, "/page", READ, || web::to(page)),
    Endpoint::new(Verb::Get, "/item/{id}", READ, || web::to(item)),
    Endpoint::new(Verb::Get, "/broken", READ, || web::to(broken)),
    Endpoint::new(Verb::Get, "/slow", READ, || web::to(slow)),
    Endpoint::new(Verb::Get, "/refused", READ, || web::to(refused)),
    Endpoint::new(Verb::Get, "/health", Access::Public, || web::to(who)).never_throttled(),
    Endpoint::new(Verb::Post, "/brake", Access::AtLeast(Role::Operator), || web::to(sum)).never_throttled(),
];
const TABLE: Table = &[ROUTES, OWN];

/// A running server; stopped on drop.
struct App {
    address: SocketAddr,
    in_flight: std::sync::Arc<super::limits::InFlight>,
    handle: actix_web::dev::ServerHandle,
}

impl App {
    fn start(change: impl FnOnce(&mut ServerConfig)) -> Self {
        let mut config = ServerConfig {
            listen: "127.0.0.1:0".to_owned(),
            workers: 1,
            header_timeout: Duration::from_secs(3),
            body: BodyLimits { bytes: 10_000, timeout: Duration::from_millis(300) },
            keep_alive: Duration::from_millis(500),
            ..ServerConfig::default()
        };
        change(&mut config);
        let key = |text: &str, role: Role| KeyRecord {
            id: text.to_owned(),
            name: text.to_owned(),
            role,
            sha256: sha256(text),
            created_at: Timestamp::from_milliseconds(0),
        };
        let ring = KeyRing::new([key("ann", Role::Admin), key("otto", Role::Operator)], true);
        let parts = config.edge_parts(ring.shared());
        let in_flight = std::sync::Arc::clone(&parts.in_flight);
        let document = render(&assemble([Api::openapi()], TABLE).unwrap());
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let bound = server::bind(&config, TABLE, parts, document, |_| {}).unwrap();
                sender.send((bound.addresses[0], bound.server.handle())).unwrap();
                bound.server.await.unwrap();
            });
        });
        let (address, handle) = receiver.recv().unwrap();
        Self { address, in_flight, handle }
    }

    fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, unread: Vec::new() }
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        self.connect().ask(method, path, headers, body)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The status of an answer that must be a complete problem.
    fn problem(&self) -> u16 {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let document = self.json();
        assert_eq!(document["status"], self.status);
        assert_eq!(document["instance"], self.header("x-request-id"));
        self.status
    }
}

impl Client {
    fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes); // the server may have closed: the answer tells
    }

    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}{length}\r\n").as_bytes());
        self.send(body);
        self.answer(method != "HEAD").unwrap()
    }

    fn more(&mut self) -> Option<()> {
        let mut chunk = [0; 65536];
        let n = self.stream.read(&mut chunk).ok().filter(|n| *n > 0)?;
        self.unread.extend_from_slice(&chunk[..n]);
        Some(())
    }

    /// The next answer; `None` if the connection ends first.
    fn answer(&mut self, has_body: bool) -> Option<Answer> {
        let end = loop {
            match self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break end,
                None => self.more()?,
            }
        };
        let head = String::from_utf8(self.unread[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let pair = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        let headers: HashMap<_, _> = lines.filter_map(pair).collect();
        let length: usize = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
        let start = end + 4;
        let stop = start + if has_body { length } else { 0 };
        while self.unread.len() < stop {
            self.more()?;
        }
        let body = self.unread[start..stop].to_vec();
        self.unread.drain(..stop);
        Some(Answer { status, headers, body })
    }

    /// Whether the server has ended the connection; waits for it.
    fn is_closed(&mut self) -> bool {
        while self.more().is_some() {}
        let mut byte = [0];
        matches!(self.stream.read(&mut byte), Ok(0)) || self.stream.write_all(b"x").is_err()
    }
}
