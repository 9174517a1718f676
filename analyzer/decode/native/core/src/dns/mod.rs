//! One DNS message: header, names, records.

pub mod edns;
pub mod message;
pub mod name;
pub mod record;
