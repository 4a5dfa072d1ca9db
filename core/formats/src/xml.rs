//! The one XML reader.
