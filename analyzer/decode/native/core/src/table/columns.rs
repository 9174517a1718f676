//! Columns: declared once, filled row by row, handed over as octets.

/// A column's cell type: how NumPy spells it, and its octets in native order.
pub trait Cell: Copy + Default + PartialEq {
    const DTYPE: &'static str;
    fn write(values: &[Self], out: &mut [u8]);
}

macro_rules! cell {
    ($($kind:ty => $dtype:literal),+ $(,)?) => {$(
        impl Cell for $kind {
            const DTYPE: &'static str = $dtype;
            fn write(values: &[Self], out: &mut [u8]) {
                for (cell, value) in out.chunks_exact_mut(size_of::<Self>()).zip(values) {
                    cell.copy_from_slice(&value.to_ne_bytes());
                }
            }
        }
    )+};
}

cell!(u8 => "u1", u16 => "u2", u32 => "u4", u64 => "u8", i64 => "i8");

/// One column. Zeros at its end are not stored: most columns are zero in most captures, and a column of zeros costs nothing.
#[derive(Debug, Clone, Default)]
pub struct Column<T>(Vec<T>);

impl<T: Cell> Column<T> {
    #[inline]
    pub fn set(&mut self, row: usize, value: T) {
        if value != T::default() {
            if self.0.len() < row {
                self.0.resize(row, T::default());
            }
            self.0.push(value);
        }
    }

    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes `out.len() / size` rows.
    pub fn write(&self, out: &mut [u8]) {
        let (stored, rest) = out.split_at_mut(self.0.len() * size_of::<T>());
        T::write(&self.0, stored);
        rest.fill(0);
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

/// Gives up a column's rows but keeps its room.
pub(crate) fn clear<T: Cell>(column: &mut Column<T>) {
    column.clear();
}

/// Declares a table: the row as a struct of values, and the table as a struct of columns.
macro_rules! table {
    ($(#[$doc:meta])* $table:ident of $row:ident { $($name:ident: $kind:ty),+ $(,)? }) => {
        #[doc = concat!("One row of `", stringify!($table), "`.")]
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $row { $(pub $name: $kind),+ }

        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub struct $table { rows: usize, $($name: $crate::table::columns::Column<$kind>),+ }

        impl $table {
            /// Names and dtypes in the order of the contract.
            pub const COLUMNS: &'static [(&'static str, &'static str)] =
                &[$((stringify!($name), <$kind as $crate::table::columns::Cell>::DTYPE)),+];

            #[inline]
            pub fn push(&mut self, row: &$row) {
                let at = self.rows;
                $(self.$name.set(at, row.$name);)+
                self.rows = at + 1;
            }

            pub fn len(&self) -> usize {
                self.rows
            }

            pub fn is_empty(&self) -> bool {
                self.rows == 0
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
                    let size = self.rows * size_of::<$kind>();
                    each(stringify!($name), size, &|out| self.$name.write(out))?;
                })+
                Ok(())
            }

            /// Drops all rows but keeps the room for them.
            pub fn clear(&mut self) {
                self.rows = 0;
                $($crate::table::columns::clear(&mut self.$name);)+
            }
        }
    };
}

pub(crate) use table;
