//! Columns: declared once, filled row by row, handed over whole.

use super::room::{Cells, Room, Shelves};

/// Rows that wait until there are so many of them; then each column takes its cells of all of them at once, so that only
/// one column is written at a time.
pub const BLOCK: usize = 64;

/// A column's cell type: how NumPy spells it, and where its columns are kept.
pub trait Cell: Copy + Default + PartialEq {
    const DTYPE: &'static str;
    fn shelf(shelves: &mut Shelves) -> &mut Vec<Vec<Self>>;
    fn cells(column: Vec<Self>) -> Cells;
    fn write(column: &[Self], out: &mut [u8]);
}

macro_rules! cell {
    ($($kind:ident $variant:ident $dtype:literal),+ $(,)?) => {$(
        impl Cell for $kind {
            const DTYPE: &'static str = $dtype;
            fn shelf(shelves: &mut Shelves) -> &mut Vec<Vec<Self>> {
                &mut shelves.$kind
            }
            fn cells(column: Vec<Self>) -> Cells {
                Cells::$variant(column)
            }
            fn write(column: &[Self], out: &mut [u8]) {
                for (cell, value) in out.chunks_exact_mut(size_of::<Self>()).zip(column) {
                    cell.copy_from_slice(&value.to_ne_bytes());
                }
            }
        }
    )+};
}

cell!(u8 U8 "u1", u16 U16 "u2", u32 U32 "u4", u64 U64 "u8", i64 I64 "i8");

/// One column. Zeros at its end are not stored: most columns are zero in most captures, and a column of zeros costs nothing.
#[derive(Debug, Clone, Default)]
pub struct Column<T>(Vec<T>);

impl<T: Cell> Column<T> {
    /// Takes its cells of the rows in `block`, before which there are `before`.
    #[inline]
    pub fn append<R>(&mut self, before: usize, block: &[R], room: &Room, cell: impl Fn(&R) -> T) {
        let mut cells = [T::default(); BLOCK];
        for (at, row) in block.iter().enumerate() {
            cells[at % BLOCK] = cell(row);
        }
        self.extend(before, &cells[..block.len().min(BLOCK)], room);
    }

    fn extend(&mut self, before: usize, cells: &[T], room: &Room) {
        if self.0.capacity() == 0 {
            self.0 = room.take(T::shelf);
        }
        self.0.resize(before, T::default());
        self.0.extend_from_slice(cells);
    }

    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// The column with all its `rows`, which this one is without from now on.
    pub fn take(&mut self, rows: usize, room: &Room) -> Cells {
        let mut column = std::mem::take(&mut self.0);
        if column.capacity() / 2 > rows {
            // Whoever keeps a short column must not keep the room of a long one.
            let mut short = Vec::with_capacity(rows);
            short.extend_from_slice(&column);
            room.put(column, T::shelf);
            column = short;
        }
        column.resize(rows, T::default());
        T::cells(column)
    }

    /// Writes `out.len() / size` rows.
    pub fn write(&self, out: &mut [u8]) {
        T::write(&self.0, out);
    }
}

/// Declares a table: the row as a struct of values, and the table as a struct of columns.
macro_rules! table {
    ($(#[$doc:meta])* $table:ident of $row:ident { $($name:ident: $kind:ty),+ $(,)? }) => {
        #[doc = concat!("One row of `", stringify!($table), "`.")]
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $row { $(pub $name: $kind),+ }

        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub struct $table {
            block: Vec<$row>,
            settled: usize,
            $($name: $crate::table::columns::Column<$kind>),+
        }

        impl $table {
            /// Names and dtypes in the order of the contract.
            pub const COLUMNS: &'static [(&'static str, &'static str)] =
                &[$((stringify!($name), <$kind as $crate::table::columns::Cell>::DTYPE)),+];

            #[inline]
            pub fn push(&mut self, row: &$row, room: &$crate::table::room::Room) {
                self.block.push(*row);
                if self.block.len() == $crate::table::columns::BLOCK {
                    self.settle(room);
                }
            }

            /// Puts the rows that wait into the columns.
            #[inline(never)]
            pub fn settle(&mut self, room: &$crate::table::room::Room) {
                let (before, block) = (self.settled, &self.block);
                let mut any = $row::default();
                for row in block {
                    $(any.$name |= row.$name;)+
                }
                $(if any.$name != 0 {
                    self.$name.append(before, block, room, |row| row.$name);
                })+
                self.settled += self.block.len();
                self.block.clear();
            }

            #[inline]
            pub fn len(&self) -> usize {
                self.settled + self.block.len()
            }

            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Shows every column that is not zero throughout: its name, its size in octets, and what writes it.
            ///
            /// # Errors
            /// What `each` returns.
            pub fn visit<E>(
                &self,
                mut each: impl FnMut(&'static str, usize, &dyn Fn(&mut [u8])) -> Result<(), E>,
            ) -> Result<(), E> {
                $(if !self.$name.is_zero() {
                    let size = self.settled * size_of::<$kind>();
                    each(stringify!($name), size, &|out| self.$name.write(out))?;
                })+
                Ok(())
            }

            /// Hands over every column that is not zero throughout.
            ///
            /// # Errors
            /// What `each` returns.
            pub fn hand_over<E>(
                &mut self,
                room: &$crate::table::room::Room,
                mut each: impl FnMut(&'static str, $crate::table::room::Cells) -> Result<(), E>,
            ) -> Result<(), E> {
                $(if !self.$name.is_zero() {
                    each(stringify!($name), self.$name.take(self.settled, room))?;
                })+
                Ok(())
            }
        }
    };
}

pub(crate) use table;
