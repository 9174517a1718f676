//! Tables of columns, and the dictionaries behind their ids.

pub mod addresses;
pub mod batch;
pub mod columns;
pub mod index;
pub mod names;
pub mod room;
