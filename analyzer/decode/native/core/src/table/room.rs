//! Columns as they are handed over, and the room of those that came back: memory that is at hand costs no page faults.

use std::sync::{Arc, Mutex};

/// Columns of one type kept for later; what comes back beyond is freed.
const MOST: usize = 16;

/// The cells of a column.
#[derive(Debug)]
pub enum Cells {
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    I64(Vec<i64>),
}

/// Empty columns by type.
#[derive(Debug, Default)]
pub struct Shelves {
    closed: bool,
    pub(super) u8: Vec<Vec<u8>>,
    pub(super) u16: Vec<Vec<u16>>,
    pub(super) u32: Vec<Vec<u32>>,
    pub(super) u64: Vec<Vec<u64>>,
    pub(super) i64: Vec<Vec<i64>>,
}

/// Where the columns of one type are.
type Shelf<T> = fn(&mut Shelves) -> &mut Vec<Vec<T>>;

/// Shared by a decoder and by all columns that it handed over, wherever they are dropped.
#[derive(Debug, Clone, Default)]
pub struct Room(Arc<Mutex<Shelves>>);

impl Room {
    /// An empty column.
    pub(super) fn take<T>(&self, of_type: Shelf<T>) -> Vec<T> {
        self.0.lock().ok().and_then(|mut all| of_type(&mut all).pop()).unwrap_or_default()
    }

    pub(super) fn put<T>(&self, mut column: Vec<T>, of_type: Shelf<T>) {
        column.clear();
        if let Ok(mut all) = self.0.lock()
            && !all.closed
            && of_type(&mut all).len() < MOST
        {
            of_type(&mut all).push(column);
        }
    }

    /// Takes back a column that nobody reads any more.
    pub fn give_back(&self, cells: Cells) {
        match cells {
            Cells::U8(column) => self.put(column, |all| &mut all.u8),
            Cells::U16(column) => self.put(column, |all| &mut all.u16),
            Cells::U32(column) => self.put(column, |all| &mut all.u32),
            Cells::U64(column) => self.put(column, |all| &mut all.u64),
            Cells::I64(column) => self.put(column, |all| &mut all.i64),
        }
    }

    /// Frees everything, now and from now on: no more columns are to come.
    pub(crate) fn close(&self) {
        if let Ok(mut all) = self.0.lock() {
            *all = Shelves { closed: true, ..Shelves::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cells, Room};

    #[test]
    fn a_column_that_comes_back_is_used_again_until_the_room_is_closed() {
        let room = Room::default();
        room.give_back(Cells::U16(vec![1; 1000]));
        let again = room.take(|all| &mut all.u16);
        assert!(again.is_empty() && again.capacity() >= 1000);
        room.close();
        room.give_back(Cells::U16(again));
        assert_eq!(room.take(|all| &mut all.u16).capacity(), 0);
    }
}
