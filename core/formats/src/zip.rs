//! Zip archives.
