//! Integration tests: the real executable, on both backends, through gRPC.

#[cfg(test)]
#[macro_use]
mod world;

#[cfg(test)]
mod selection;
