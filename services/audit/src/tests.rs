//! Drills on a real store: what is altered is named, what is untouched holds.

mod flips;
mod service;
mod signing;
mod tamper;
mod world;
