//! A column that Python reads where it lies.

use std::ffi::c_void;

use dnsloupe_core::table::room::{Cells, Room};
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyMemoryView;

/// Read-only octets of a column; its memory goes back to the decoder when nobody reads it any more.
#[pyclass(module = "analyzer.decode._native", frozen)]
pub struct Octets {
    /// `None` only while it is dropped.
    cells: Option<Cells>,
    room: Room,
}

impl Octets {
    /// The cells as Python sees them.
    pub fn view<'py>(py: Python<'py>, cells: Cells, room: &Room) -> PyResult<Bound<'py, PyMemoryView>> {
        let octets = Bound::new(py, Self { cells: Some(cells), room: room.clone() })?;
        PyMemoryView::from(octets.as_any())
    }

    /// Where the octets lie, and how many there are.
    fn place(&self) -> (*const c_void, usize) {
        match &self.cells {
            Some(Cells::U8(column)) => place(column),
            Some(Cells::U16(column)) => place(column),
            Some(Cells::U32(column)) => place(column),
            Some(Cells::U64(column)) => place(column),
            Some(Cells::I64(column)) => place(column),
            None => place::<u8>(&[]),
        }
    }
}

fn place<T>(column: &[T]) -> (*const c_void, usize) {
    (column.as_ptr().cast(), size_of_val(column))
}

#[pymethods]
impl Octets {
    /// The buffer protocol.
    ///
    /// # Safety
    /// Called by Python, with a view that it may fill in.
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: std::ffi::c_int) -> PyResult<()> {
        let (octets, size) = slf.get().place();
        let size = isize::try_from(size).map_err(|_| PyBufferError::new_err("a column of more octets than memory"))?;
        // SAFETY: the class is frozen and its column is moved only when it is dropped; the view holds a reference to
        // the object until it is released, so the octets stay where they are, and nobody writes to them: it says
        // read-only, and Python raises BufferError where a writable view is asked for.
        match unsafe { ffi::PyBuffer_FillInfo(view, slf.as_ptr(), octets.cast_mut(), size, 1, flags) } {
            0 => Ok(()),
            _ => Err(PyErr::fetch(slf.py())),
        }
    }
}

impl Drop for Octets {
    fn drop(&mut self) {
        if let Some(cells) = self.cells.take() {
            self.room.give_back(cells);
        }
    }
}
