//! Features: declared in a registry, computed ahead of requests from observations.
