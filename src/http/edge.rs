//! What every request passes before and after its handler, in one middleware: it costs one allocation, and its order
//! is read top to bottom. One is wrapped around each route, so that access, throttling and labels are known without
//! a lookup.
//!
//! In: request id, key, method, role, place in flight. Out: problems get their instance, then headers, count and time.
use super::auth::{Principal, SharedKeyRing};
use super::body;
use super::catch_panic::caught;
use super::connection::Connection;
use super::limits::{Admission, InFlight, Place, RETRY_AFTER_S};
use super::measure::{EndpointMetrics, UNMATCHED};
use super::problem::Problem;
use super::request_id::{RequestId, X_REQUEST_ID};
use super::routes::{Endpoint, allow};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// What the edge shares between workers.
#[derive(Debug, Clone)]
pub struct EdgeParts {
    /// The keys in force.
    pub keys: SharedKeyRing,
    /// The count of requests in flight.
    pub in_flight: Arc<InFlight>,
}

/// What the edge found out about a request; in its extensions while the handler runs.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Its id.
    pub request_id: RequestId,
    /// Who asks.
    pub principal: Principal,
    /// When its head had been read.
    pub started: Instant,
}

impl RequestContext {
    /// The context of a request that passed the edge.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }
}

impl actix_web::FromRequest for RequestContext {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        ready(Self::of(request).ok_or_else(|| Problem::internal("the request did not pass the edge")))
    }
}

/// The middleware of one pattern.
#[derive(Debug)]
pub(super) struct Edge {
    pattern: &'static str,
    /// Empty for what no route matches: any method passes there.
    rows: Rc<[&'static Endpoint]>,
    parts: EdgeParts,
}

impl Edge {
    pub(super) fn new(pattern: &'static str, rows: Vec<&'static Endpoint>, parts: EdgeParts) -> Self {
        Self { pattern, rows: Rc::from(rows), parts }
    }

    pub(super) fn unmatched(parts: EdgeParts) -> Self {
        Self::new(UNMATCHED, Vec::new(), parts)
    }
}

impl<S> Transform<S, ServiceRequest> for Edge
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error> + 'static,
    S::Future: 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = EdgeService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let methods: Vec<Method> = self.rows.iter().map(|row| row.verb.method()).collect();
        ready(Ok(EdgeService(Rc::new(Inner {
            service,
            rows: Rc::clone(&self.rows),
            allow: allow(&self.rows),
            metrics: EndpointMetrics::new(self.pattern, &methods),
            parts: self.parts.clone(),
        }))))
    }
}

pub(super) struct EdgeService<S>(Rc<Inner<S>>);

struct Inner<S> {
    service: S,
    rows: Rc<[&'static Endpoint]>,
    allow: HeaderValue,
    metrics: EndpointMetrics,
    parts: EdgeParts,
}

impl<S> Service<ServiceRequest> for EdgeService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error> + 'static,
    S::Future: 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&self, context: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Error>> {
        self.0.service.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let inner = Rc::clone(&self.0);
        Box::pin(async move { Ok(inner.answer(request).await) })
    }
}

impl<S> Inner<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error>,
{
    async fn answer(&self, mut request: ServiceRequest) -> ServiceResponse<BoxBody> {
        let started = Instant::now();
        let request_id = RequestId::accept(request.headers());
        // Kept for the answer to a panic; nothing behind the routes needs the request unshared.
        let kept = request.request().clone();
        let connection = kept.conn_data::<Rc<Connection>>();
        if let Some(connection) = connection {
            connection.request_begins();
        }
        let mut response = match self.admit(&request) {
            Ok((principal, _place)) => {
                request.extensions_mut().insert(RequestContext { request_id: request_id.clone(), principal, started });
                match caught(async { self.service.call(request).await }).await {
                    Ok(Ok(response)) => with_instance(response, &request_id),
                    Ok(Err(error)) => with_instance(ServiceResponse::from_err(error, kept.clone()), &request_id),
                    Err(panicked) => {
                        self.metrics.record_panic();
                        let endpoint = self.metrics.endpoint();
                        tracing::error!(%request_id, endpoint, panic = panicked.message, "handler panicked");
                        let problem = Problem::internal("the handler failed: the request's id leads to the log line");
                        ServiceResponse::new(kept.clone(), problem.respond(Some(&request_id)))
                    }
                }
            }
            Err(problem) => {
                let mut payload = request.take_payload();
                body::discard(request.headers(), &mut payload).await;
                if problem.status() == StatusCode::TOO_MANY_REQUESTS {
                    self.parts.in_flight.hold_back().await;
                }
                ServiceResponse::new(kept.clone(), problem.respond(Some(&request_id)))
            }
        };
        finish(response.headers_mut(), &request_id);
        if let Some(connection) = connection {
            connection.request_ends(response.response().body().size() == BodySize::Stream);
        }
        self.metrics.record(kept.method(), response.status(), started.elapsed());
        response
    }

    /// Looks at the request's head only: the body is untouched.
    fn admit(&self, request: &ServiceRequest) -> Result<(Principal, Option<Place>), Problem> {
        let ring = self.parts.keys.load();
        let principal = ring.identify(request.headers())?;
        let Some(row) = self.rows.iter().find(|row| row.verb.answers(request.method())) else {
            let unmatched = self.rows.is_empty();
            let refusal = || Problem::method_not_allowed(request.method(), &self.allow);
            return if unmatched { Ok((principal.clone(), None)) } else { Err(refusal()) };
        };
        row.access.permit(principal)?;
        let place = match row.admission {
            Admission::Always => None,
            Admission::Limited => Some(self.parts.in_flight.enter().ok_or_else(|| {
                Problem::too_many_requests(RETRY_AFTER_S, "too many requests are in flight: try again later")
            })?),
        };
        Ok((principal.clone(), place))
    }
}

/// Gives errors the form of a problem and the request's id; other answers pass untouched.
fn with_instance(response: ServiceResponse<BoxBody>, request_id: &RequestId) -> ServiceResponse<BoxBody> {
    let Some(error) = response.response().error() else { return response };
    let status = response.status();
    let answer: HttpResponse = match error.as_error::<Problem>() {
        Some(problem) => {
            if status == StatusCode::INTERNAL_SERVER_ERROR {
                tracing::error!(%request_id, %problem, "request failed");
            }
            problem.respond(Some(request_id))
        }
        None if status.is_client_error() || status.is_server_error() => {
            if status.is_server_error() {
                tracing::error!(%request_id, %error, "request failed");
            }
            Problem::of_status(status, error.to_string()).respond(Some(request_id))
        }
        None => return response,
    };
    response.into_response(answer)
}

/// Headers of every answer; a handler's own `Cache-Control` stays.
fn finish(headers: &mut HeaderMap, request_id: &RequestId) {
    headers.insert(X_REQUEST_ID, request_id.to_header());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
