//! The native decoder as a Python extension: it binds and holds no logic.
// What pyo3 generates for arguments takes them by value.
#![allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]

mod convert;
mod octets;

use dnsloupe_core::{Decoder, Options, Ports, Program};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// The decoder; `analyzer.decode.native` gives it the face that the contract asks for.
#[pyclass(module = "analyzer.decode._native")]
struct Core {
    decoder: Decoder,
}

#[pymethods]
impl Core {
    #[new]
    #[pyo3(signature = (*, ports, programs, answers, batch_rows, max_names, max_addresses, max_connections, max_tcp_bytes,
        max_fragment_bytes, max_fragment_groups, max_interfaces, tunnel_depth))]
    fn new(
        ports: Vec<u16>,
        programs: Option<Vec<(u32, Vec<u8>)>>,
        answers: bool,
        batch_rows: usize,
        max_names: usize,
        max_addresses: usize,
        max_connections: usize,
        max_tcp_bytes: usize,
        max_fragment_bytes: usize,
        max_fragment_groups: usize,
        max_interfaces: usize,
        tunnel_depth: u32,
    ) -> PyResult<Self> {
        let compile = |(link, code): (u32, Vec<u8>)| Program::new(&code).map(|program| (link, program));
        let programs = programs.map(|all| all.into_iter().map(compile).collect::<Result<_, _>>()).transpose();
        let options = Options {
            ports: Ports::new(&ports),
            programs: programs.map_err(PyValueError::new_err)?,
            answers,
            batch_rows,
            max_names,
            max_addresses,
            max_connections,
            max_tcp_bytes,
            max_fragment_bytes,
            max_fragment_groups,
            max_interfaces,
            tunnel_depth,
        };
        Ok(Self { decoder: Decoder::new(options) })
    }

    fn open(&mut self, py: Python<'_>, file: u16) -> PyResult<()> {
        self.decoder.open(file).map_err(|error| convert::not_a_capture(py, &error))
    }

    fn feed<'py>(&mut self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyList>> {
        let decoder = &mut self.decoder;
        let batches = py.detach(|| decoder.feed(data)).map_err(|error| convert::not_a_capture(py, &error))?;
        convert::batches(py, decoder.room(), batches)
    }

    fn flush<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let batches = self.decoder.flush();
        convert::batches(py, self.decoder.room(), batches)
    }

    fn finish<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let decoder = &mut self.decoder;
        let batches = py.detach(|| decoder.finish()).map_err(|error| convert::not_a_capture(py, &error))?;
        convert::batches(py, decoder.room(), batches)
    }

    #[getter]
    fn ledger<'py>(&self, py: Python<'py>) -> PyResult<(u64, Bound<'py, PyDict>, Bound<'py, PyDict>)> {
        convert::ledger(py, self.decoder.ledger())
    }

    #[getter]
    fn interfaces<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        convert::interfaces(py, self.decoder.interfaces())
    }

    #[getter]
    fn captures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        convert::captures(py, &self.decoder.captures())
    }
}

/// Names and dtypes of every table's columns; a test holds them equal to `analyzer.messages`.
#[pyfunction]
fn columns(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    convert::columns(py)
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Core>()?;
    module.add_function(wrap_pyfunction!(columns, module)?)
}
