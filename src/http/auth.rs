//! Who is asking: API keys, roles, and what a route asks for.
//!
//! Keys are 256 random bits, so one SHA-256 is enough to store them; only hashes are kept in memory. The ring is an
//! immutable snapshot behind an [`ArcSwap`]: whoever owns the keys stores a new one, workers read it without a lock.
use super::problem::Problem;
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use arc_swap::ArcSwap;
use bellwether_domain::types::{KeyRecord, Role};
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::future::{Ready, ready};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Start of every key's text, so that a leaked one is recognised by scanners.
const KEY_PREFIX: &str = "bw_";
/// Longest key that is hashed at all, in bytes.
const LONGEST_KEY: usize = 256;

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing; a key that is sent must be valid all the same.
    Public,
    /// A key of this role or above; viewer routes are open to all where anonymous reading is on.
    AtLeast(Role),
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Identity of the key; `None` for a caller without one.
    pub key_id: Option<Arc<str>>,
    /// Name of the key, shown in states and audit; `anonymous` for a caller without one.
    pub name: Arc<str>,
    /// What the caller may do; `None` for one without a key where anonymous reading is off.
    pub role: Option<Role>,
}

impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let context = extensions.get::<super::edge::RequestContext>();
        ready(
            context
                .map(|context| context.principal.clone())
                .ok_or_else(|| Problem::internal("the request has no principal: it did not pass the edge")),
        )
    }
}

/// All keys at one point in time.
#[derive(Debug)]
pub struct KeyRing {
    /// Sorted by hash; the first byte's bucket is searched in constant time. Its position says nothing about a key:
    /// whoever could choose the hash's first byte had to invert SHA-256.
    keys: Vec<([u8; 32], Principal)>,
    /// `bucket[b]..bucket[b + 1]` are the keys whose hash starts with byte `b`.
    buckets: Box<[usize; 257]>,
    anonymous: Principal,
}

/// The ring in force, shared by all workers.
pub type SharedKeyRing = Arc<ArcSwap<KeyRing>>;

impl KeyRing {
    /// A ring of these keys; `anonymous_read` makes callers without a key viewers.
    #[must_use]
    pub fn new(records: impl IntoIterator<Item = KeyRecord>, anonymous_read: bool) -> Self {
        let principal = |record: KeyRecord| Principal {
            key_id: Some(Arc::from(record.id)),
            name: Arc::from(record.name),
            role: Some(record.role),
        };
        let mut keys: Vec<_> = records.into_iter().map(|record| (record.sha256, principal(record))).collect();
        keys.sort_by_key(|(hash, _)| *hash);
        let mut buckets = Box::new([keys.len(); 257]);
        for (byte, start) in (0..=u8::MAX).zip(buckets.iter_mut()) {
            *start = keys.partition_point(|(hash, _)| hash[0] < byte);
        }
        let role = anonymous_read.then_some(Role::Viewer);
        Self { keys, buckets, anonymous: Principal { key_id: None, name: Arc::from("anonymous"), role } }
    }

    /// Shares it with the workers.
    #[must_use]
    pub fn shared(self) -> SharedKeyRing {
        Arc::new(ArcSwap::from_pointee(self))
    }

    /// The owner of a key.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&Principal> {
        if key.len() > LONGEST_KEY {
            return None;
        }
        let hash = sha256(key);
        let bucket = usize::from(hash[0]);
        let candidates = self.keys.get(self.buckets[bucket]..self.buckets[bucket + 1])?;
        // Every candidate is looked at, so that time does not tell which one it was.
        candidates.iter().fold(
            None,
            |found, (candidate, principal)| {
                if bool::from(candidate.ct_eq(&hash)) { Some(principal) } else { found }
            },
        )
    }

    /// The caller, from `Authorization: Bearer KEY`.
    ///
    /// # Errors
    /// 401 for a header that is no bearer key, or a key that is not known, even where none is needed: a caller with
    /// a mistyped key must not be served as somebody else.
    pub fn identify(&self, headers: &HeaderMap) -> Result<&Principal, Problem> {
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(&self.anonymous) };
        let (scheme, key) = value.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::unauthorized("the authorization header is not understood: use `Bearer KEY`"));
        }
        self.find(key.trim()).ok_or_else(|| Problem::unauthorized("the key is not known"))
    }
}

impl Access {
    /// Lets the caller pass or says why not.
    ///
    /// # Errors
    /// 401 if a key is needed and there is none, 403 if its role is too low.
    pub fn permit(self, principal: &Principal) -> Result<(), Problem> {
        match (self, principal.role) {
            (Self::Public, _) => Ok(()),
            (Self::AtLeast(needed), Some(role)) if role >= needed => Ok(()),
            (Self::AtLeast(needed), _) if principal.key_id.is_none() => {
                Err(Problem::unauthorized(format!("this needs a key of role {}", needed.as_str())))
            }
            (Self::AtLeast(needed), _) => Err(Problem::forbidden(format!(
                "this needs role {}: the key `{}` has less",
                needed.as_str(),
                principal.name
            ))),
        }
    }
}

/// SHA-256 of a key's text: the form in which it is stored.
#[must_use]
pub fn sha256(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// A new key: its text, to be shown once, and the SHA-256 to be stored.
///
/// # Errors
/// The operating system gives no random bytes.
pub fn generate_key() -> std::io::Result<(String, [u8; 32])> {
    let mut secret = [0_u8; 32];
    SysRng.try_fill_bytes(&mut secret).map_err(std::io::Error::other)?;
    let mut text = String::with_capacity(KEY_PREFIX.len() + 64);
    text.push_str(KEY_PREFIX);
    for byte in secret {
        let _ = write!(text, "{byte:02x}"); // writing to a string cannot fail
    }
    let hash = sha256(&text);
    Ok((text, hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;
    use bellwether_domain::types::Timestamp;

    fn record(text: &str, name: &str, role: Role) -> KeyRecord {
        let created_at = Timestamp::from_milliseconds(0);
        KeyRecord { id: format!("id-{name}"), name: name.to_owned(), role, sha256: sha256(text), created_at }
    }

    fn identify(ring: &KeyRing, authorization: Option<&[u8]>) -> Result<(String, Option<Role>), u16> {
        let mut headers = HeaderMap::new();
        if let Some(bytes) = authorization {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_bytes(bytes).unwrap());
        }
        let principal = ring.identify(&headers).map_err(|problem| problem.status().as_u16())?;
        Ok((principal.name.to_string(), principal.role))
    }

    #[test]
    fn keys_are_found_among_many_and_others_are_refused() {
        let texts: Vec<_> = (0..600).map(|_| generate_key().unwrap().0).collect();
        let ring = KeyRing::new(texts.iter().enumerate().map(|(i, t)| record(t, &i.to_string(), Role::Operator)), true);
        for (i, text) in texts.iter().enumerate() {
            assert_eq!(ring.find(text).map(|p| p.name.to_string()), Some(i.to_string()));
        }
        assert_eq!(ring.find(&generate_key().unwrap().0), None);
        assert_eq!(KeyRing::new([], true).find(&texts[0]), None);
    }

    #[test]
    fn authorization_is_understood_or_refused() {
        let ring = KeyRing::new([record("secret", "ann", Role::Admin)], true);
        let ann = Ok(("ann".to_owned(), Some(Role::Admin)));
        assert_eq!(identify(&ring, None), Ok(("anonymous".to_owned(), Some(Role::Viewer))));
        assert_eq!(identify(&ring, Some(b"Bearer secret")), ann);
        assert_eq!(identify(&ring, Some(b"bearer  secret ")), ann);
        let huge = [b"Bearer ".as_slice(), &[b'x'; 100_000]].concat();
        for refused in
            [b"Bearer other".as_slice(), b"Bearer", b"Bearer ", b"", b"Basic YTpi", b"secret", b"\xff", &huge]
        {
            assert_eq!(identify(&ring, Some(refused)), Err(401), "{refused:?}");
        }
        let closed = KeyRing::new([], false);
        assert_eq!(identify(&closed, None), Ok(("anonymous".to_owned(), None)));
    }

    #[test]
    fn access_follows_the_roles() {
        let ring = KeyRing::new([record("v", "v", Role::Viewer), record("a", "a", Role::Admin)], true);
        let closed = KeyRing::new([], false);
        let (viewer, admin) = (ring.find("v").unwrap(), ring.find("a").unwrap());
        let status = |access: Access, who: &Principal| access.permit(who).map_err(|problem| problem.status().as_u16());
        let (read, act) = (Access::AtLeast(Role::Viewer), Access::AtLeast(Role::Operator));
        assert_eq!((status(read, &ring.anonymous), status(act, &ring.anonymous)), (Ok(()), Err(401)));
        assert_eq!((status(read, viewer), status(act, viewer)), (Ok(()), Err(403)));
        assert_eq!((status(read, admin), status(act, admin)), (Ok(()), Ok(())));
        assert_eq!((status(read, &closed.anonymous), status(Access::Public, &closed.anonymous)), (Err(401), Ok(())));
    }

    #[test]
    fn a_key_is_prefixed_long_and_new_each_time() {
        let (first, hash) = generate_key().unwrap();
        let (second, _) = generate_key().unwrap();
        assert!(first.starts_with("bw_") && first.len() == 67 && first != second);
        assert_eq!(sha256(&first), hash);
    }
}
