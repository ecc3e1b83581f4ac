//! Numbers with a unit and a range, and the few texts that have a form of their own.
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

macro_rules! whole_number {
    ($(#[$doc:meta])* $type:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $type<const MIN: u64, const MAX: u64>(u64);

        impl<const MIN: u64, const MAX: u64> $type<MIN, MAX> {
            /// The number, if it lies in `MIN..=MAX`.
            #[must_use]
            pub const fn new(number: u64) -> Option<Self> {
                if MIN <= number && number <= MAX { Some(Self(number)) } else { None }
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The number, as a size; saturates where `usize` is smaller.
            #[must_use]
            pub fn as_usize(self) -> usize {
                usize::try_from(self.0).unwrap_or(usize::MAX)
            }
        }

        impl<const MIN: u64, const MAX: u64> Serialize for $type<MIN, MAX> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }

        impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for $type<MIN, MAX> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Wanted<const MIN: u64, const MAX: u64>;
                impl<const MIN: u64, const MAX: u64> Visitor<'_> for Wanted<MIN, MAX> {
                    type Value = $type<MIN, MAX>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, concat!("a whole number", $unit, " from {} to {}"), MIN, MAX)
                    }
                    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                        let inside = u64::try_from(number).ok().and_then($type::new);
                        inside.ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
                    }
                    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                        $type::new(number).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
                    }
                }
                deserializer.deserialize_u64(Wanted::<MIN, MAX>)
            }
        }
    };
}

whole_number!(
    /// How many.
    Count,
    ""
);
whole_number!(
    /// A size in bytes.
    Bytes,
    " of bytes"
);
whole_number!(
    /// A span of time in milliseconds.
    Milliseconds,
    " of milliseconds"
);
whole_number!(
    /// A span of time in seconds.
    Seconds,
    " of seconds"
);

impl<const MIN: u64, const MAX: u64> Milliseconds<MIN, MAX> {
    /// The span.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.get())
    }
}

impl<const MIN: u64, const MAX: u64> Seconds<MIN, MAX> {
    /// The span.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.get())
    }
}

/// How much faster than real time something runs; above 0, at most 100,000.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
pub struct Speed(f64);

impl Speed {
    /// Real time.
    pub const REAL_TIME: Self = Self(1.0);

    /// The factor, if it is in range.
    #[must_use]
    pub fn new(factor: f64) -> Option<Self> {
        (factor > 0.0 && factor <= 1e5).then_some(Self(factor))
    }

    /// The factor.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl std::str::FromStr for Speed {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let factor = text.parse().ok().and_then(Self::new);
        factor.ok_or_else(|| "give a number above 0, at most 100000".to_owned())
    }
}

impl<'de> Deserialize<'de> for Speed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let factor = f64::deserialize(deserializer)?;
        let wanted = &"a number above 0, at most 100000";
        Self::new(factor).ok_or_else(|| D::Error::invalid_value(Unexpected::Float(factor), wanted))
    }
}

/// How many HTTP worker threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// One per core.
    Auto,
    /// As many as told.
    Exactly(Count<1, 256>),
}

impl Workers {
    /// The number of threads on this machine, at least 1.
    #[must_use]
    pub fn threads(self) -> usize {
        match self {
            Self::Auto => std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(256),
            Self::Exactly(count) => count.as_usize(),
        }
    }
}

impl Serialize for Workers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Exactly(count) => count.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Workers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;
        impl Visitor<'_> for Wanted {
            type Value = Workers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"auto\" or a whole number from 1 to 256")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Workers, E> {
                let inside = u64::try_from(number).ok().and_then(Count::new);
                inside.map(Workers::Exactly).ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Workers, E> {
                if text == "auto" {
                    return Ok(Workers::Auto);
                }
                let inside = text.parse().ok().and_then(Count::new);
                inside.map(Workers::Exactly).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Wanted)
    }
}

macro_rules! checked_text {
    ($type:ident, $wanted:literal, $parse:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Wanted;
                impl Visitor<'_> for Wanted {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($wanted)
                    }
                    fn visit_str<E: Error>(self, text: &str) -> Result<$type, E> {
                        let parse: fn(&str) -> Option<$type> = $parse;
                        parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
                    }
                }
                deserializer.deserialize_str(Wanted)
            }
        }
    };
}

/// Address and port to listen on; `localhost` stands for 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ListenAddress(SocketAddr);

impl ListenAddress {
    /// The socket address.
    #[must_use]
    pub const fn get(self) -> SocketAddr {
        self.0
    }
}

checked_text!(ListenAddress, "an address IP:PORT such as 127.0.0.1:8000, or 0.0.0.0:8000 for all interfaces", |text| {
    let local = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    local.as_deref().unwrap_or(text).parse().ok().map(ListenAddress)
});

/// Shortest admin key, in bytes.
const SHORTEST_KEY: usize = 32;

/// The administrator's key. Neither `Debug` nor `Serialize` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminKey(String);

impl AdminKey {
    /// The key itself: for comparison and hashing, never for a log.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AdminKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminKey(***)")
    }
}

impl Serialize for AdminKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

checked_text!(AdminKey, "at least 32 bytes of visible ASCII, for example from `openssl rand -hex 32`", |text| {
    (text.len() >= SHORTEST_KEY && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| AdminKey(text.to_owned()))
});

/// Which log lines are written: a level, or a filter by target in the syntax of `tracing_subscriber::EnvFilter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogFilter(String);

impl LogFilter {
    /// The text, known to parse.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

checked_text!(LogFilter, "error, warn, info, debug, trace or off, or a filter such as info,bellwether=debug", |text| {
    // A lone word that is no level would be taken for a target and silence everything else.
    let directives = text.split(',');
    let one_level = directives.clone().any(|part| part.trim().parse::<tracing::level_filters::LevelFilter>().is_ok());
    let parses = tracing_subscriber::EnvFilter::builder().parse(text).is_ok();
    (one_level && parses).then(|| LogFilter(text.to_owned()))
});
