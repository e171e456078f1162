//! The rules of ports, each test named after the behaviour and citing its rules.

#![forbid(unsafe_code)]

mod alone;
mod owner;

mod bifs;
mod busy;
mod closing;
mod data;
mod drivers;
mod ending;
mod fd;
mod links;
mod messages;
mod open;
mod processes;
mod programs;
mod runtime;
mod settings;
mod signals_order;
