//! The crate's values as Python's.

use dnsloupe_core::table::batch::{Answers, Batch, Connections, Messages, Quotes};
use dnsloupe_core::table::room::Room;
use dnsloupe_core::{About, Interface, Ledger, NotACapture};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use crate::octets::Octets;

/// The error of `analyzer.errors`.
pub fn not_a_capture(py: Python<'_>, error: &NotACapture) -> PyErr {
    let raised = || py.import("analyzer.errors")?.getattr("NotACapture")?.call1((&error.0,));
    raised().map_or_else(|error| error, PyErr::from_value)
}

fn words<'py>(py: Python<'py>, words: &[u32]) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, words.len() * 4, |out| {
        for (cell, word) in out.chunks_exact_mut(4).zip(words) {
            cell.copy_from_slice(&word.to_ne_bytes());
        }
        Ok(())
    })
}

macro_rules! table {
    ($py:expr, $table:expr, $room:expr) => {{
        let columns = PyDict::new($py);
        $table.hand_over($room, |name, cells| columns.set_item(name, Octets::view($py, cells, $room)?))?;
        ($table.len(), columns)
    }};
}

/// Batches as tuples: four tables (rows, columns that are not all zero), names, addresses, wire.
pub fn batches<'py>(py: Python<'py>, room: &Room, batches: Vec<Batch>) -> PyResult<Bound<'py, PyList>> {
    let out = PyList::empty(py);
    for mut batch in batches {
        out.append(tuple(py, room, &mut batch)?)?;
    }
    Ok(out)
}

fn tuple<'py>(py: Python<'py>, room: &Room, batch: &mut Batch) -> PyResult<Bound<'py, PyTuple>> {
    let messages = table!(py, batch.messages, room);
    let names = &batch.names;
    let labels = PyBytes::new(py, &names.labels);
    (
        messages,
        (names.first, words(py, &names.parent)?, words(py, &names.ends)?, labels),
        (batch.first_address, PyBytes::new(py, &batch.addresses)),
        table!(py, batch.answers, room),
        table!(py, batch.connections, room),
        table!(py, batch.quotes, room),
        PyBytes::new(py, &batch.wire),
    )
        .into_pyobject(py)
}

fn counts(py: Python<'_>, counts: Vec<(String, u64)>) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    for (word, count) in counts {
        out.set_item(word, count)?;
    }
    Ok(out)
}

/// Total, frames by fate, notes.
pub fn ledger<'py>(py: Python<'py>, ledger: &Ledger) -> PyResult<(u64, Bound<'py, PyDict>, Bound<'py, PyDict>)> {
    Ok((ledger.total(), counts(py, ledger.frames())?, counts(py, ledger.notes())?))
}

/// Keyword arguments of `InterfaceInfo`.
pub fn interfaces<'py>(py: Python<'py>, all: &[Interface]) -> PyResult<Bound<'py, PyList>> {
    let out = PyList::empty(py);
    for one in all {
        let info = PyDict::new(py);
        info.set_item("id", one.id)?;
        info.set_item("file", one.file)?;
        info.set_item("linktype", one.linktype)?;
        info.set_item("snaplen", one.snaplen)?;
        info.set_item("name", &one.name)?;
        info.set_item("description", &one.description)?;
        info.set_item("filter", &one.filter)?;
        info.set_item("ifindex", one.ifindex)?;
        info.set_item("drops", &one.drops)?;
        out.append(info)?;
    }
    Ok(out)
}

/// Keyword arguments of `CaptureInfo`.
pub fn captures<'py>(py: Python<'py>, all: &[About]) -> PyResult<Bound<'py, PyList>> {
    let out = PyList::empty(py);
    for one in all {
        let info = PyDict::new(py);
        info.set_item("file", one.file)?;
        info.set_item("format", one.format)?;
        info.set_item("byte_order", one.byte_order)?;
        info.set_item("resolution_ns", one.resolution_ns)?;
        info.set_item("linktypes", PyTuple::new(py, &one.linktypes)?)?;
        info.set_item("frames", one.frames)?;
        info.set_item("first_ns", one.first_ns)?;
        info.set_item("last_ns", one.last_ns)?;
        info.set_item("damage", &one.damage)?;
        info.set_item("application", &one.application)?;
        out.append(info)?;
    }
    Ok(out)
}

/// Every table's columns: name and dtype, in order.
pub fn columns(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("MessageBatch", Messages::COLUMNS)?;
    out.set_item("AnswerBatch", Answers::COLUMNS)?;
    out.set_item("ConnectionBatch", Connections::COLUMNS)?;
    out.set_item("QuoteBatch", Quotes::COLUMNS)?;
    Ok(out)
}
