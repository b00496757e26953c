//! Integration tests: the real executable, on both backends, through gRPC.

#[cfg(test)]
#[macro_use]
mod world;

#[cfg(test)]
mod archive;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod batches;
#[cfg(test)]
mod command;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod house;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod planted;
#[cfg(test)]
mod records;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod selection;
#[cfg(test)]
mod status;
#[cfg(test)]
mod tamper;
#[cfg(test)]
mod uploads;
