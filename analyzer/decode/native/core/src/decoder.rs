//! The decoder: files in, batches out. `walk.rs` takes frames apart.

use crate::container::{About, Container, NotACapture, Record, Surroundings, Unit};
use crate::interfaces::{Interface, Interfaces};
use crate::ledger::Ledger;
use crate::options::Options;
use crate::table::batch::Batch;
use crate::table::room::Room;
use crate::walk::Walker;

/// Bytes of captures in, batches out.
#[derive(Debug)]
pub struct Decoder {
    container: Container,
    about: About,
    /// Whether a file is open.
    open: bool,
    /// Octets that are no whole unit yet, and how many it takes to look again.
    carry: Vec<u8>,
    needed: usize,
    captures: Vec<About>,
    interfaces: Interfaces,
    walker: Walker,
}

/// What one look at the octets did.
enum Progress {
    Used(usize),
    Need(usize),
    /// The rest of the file is not read.
    Over,
}

impl Decoder {
    pub fn new(options: Options) -> Self {
        Self {
            container: Container::Unknown,
            about: About::default(),
            open: false,
            carry: Vec::new(),
            needed: 0,
            captures: Vec::new(),
            interfaces: Interfaces::new(options.max_interfaces),
            walker: Walker::new(options),
        }
    }

    /// Begins the next file.
    ///
    /// # Errors
    /// When the file before was too short to be a capture.
    pub fn open(&mut self, file: u16) -> Result<(), NotACapture> {
        let ended = self.end_file();
        // After an error the call may be made again, and then goes on.
        if ended.is_ok() {
            self.open = true;
            self.about = About { file, ..About::default() };
        }
        ended
    }

    fn end_file(&mut self) -> Result<(), NotACapture> {
        let rest = std::mem::take(&mut self.carry);
        let container = std::mem::replace(&mut self.container, Container::Unknown);
        let mut about = std::mem::take(&mut self.about);
        if !std::mem::take(&mut self.open) {
            return Ok(());
        }
        if !container.known() {
            let why = if rest.is_empty() { "the file is empty" } else { "the file ends inside its header" };
            return Err(NotACapture(why.into()));
        }
        if !rest.is_empty() && about.damage.is_empty() {
            about.damage = container.cut_short(&rest, about.frames);
        }
        self.captures.push(about);
        Ok(())
    }

    /// Takes the file's next octets; returns the batches that are full.
    ///
    /// # Errors
    /// As soon as the octets show that they are no capture.
    pub fn feed(&mut self, data: &[u8]) -> Result<Vec<Batch>, NotACapture> {
        if let Err(error) = self.read(data) {
            self.open = false;
            self.carry.clear();
            self.container = Container::Unknown;
            return Err(error);
        }
        Ok(self.walker.writer.take())
    }

    fn read(&mut self, data: &[u8]) -> Result<(), NotACapture> {
        if !self.about.damage.is_empty() {
            return Ok(());
        }
        let mut data = data;
        while !self.carry.is_empty() {
            let missing = self.needed.saturating_sub(self.carry.len());
            let (head, rest) = data.split_at(missing.min(data.len()));
            self.carry.extend_from_slice(head);
            data = rest;
            if head.len() < missing {
                return Ok(());
            }
            let carry = std::mem::take(&mut self.carry);
            match self.step(&carry)? {
                // A unit is asked for octet by octet, so there is never more than one of them here.
                Progress::Used(_) => {
                    self.carry = carry;
                    self.carry.clear();
                }
                Progress::Need(needed) => {
                    self.carry = carry;
                    self.needed = needed;
                }
                Progress::Over => return Ok(()),
            }
        }
        self.whole(data)
    }

    fn whole(&mut self, data: &[u8]) -> Result<(), NotACapture> {
        let mut at = 0;
        while at < data.len() {
            match self.step(&data[at..])? {
                Progress::Used(size) => at += size,
                Progress::Need(needed) => {
                    self.needed = needed;
                    self.carry.extend_from_slice(&data[at..]);
                    return Ok(());
                }
                Progress::Over => return Ok(()),
            }
        }
        Ok(())
    }

    #[inline]
    fn step(&mut self, data: &[u8]) -> Result<Progress, NotACapture> {
        let mut around = Surroundings { about: &mut self.about, interfaces: &mut self.interfaces };
        Ok(match self.container.next(data, &mut around)? {
            Unit::Need(octets) => Progress::Need(octets),
            Unit::Skip(size) => Progress::Used(size),
            Unit::Frame(record, size) => {
                self.frame(&record);
                Progress::Used(size)
            }
            Unit::Damaged => Progress::Over,
        })
    }

    #[inline]
    fn frame(&mut self, record: &Record) {
        self.about.frame(record.time_ns);
        self.walker.frame(record, self.about.frames, self.about.file, &mut self.interfaces);
    }

    /// Ends everything: fragments, connections, the last batch.
    ///
    /// # Errors
    /// When the last file was too short to be a capture; the call may be made again.
    pub fn finish(&mut self) -> Result<Vec<Batch>, NotACapture> {
        self.end_file()?;
        self.walker.finish();
        self.room().close();
        Ok(self.walker.writer.take())
    }

    /// The rows of the batch that is not full yet: who reads live does not wait for more.
    pub fn flush(&mut self) -> Vec<Batch> {
        self.walker.writer.finish();
        self.walker.writer.take()
    }

    /// Where columns that nobody reads any more go back to.
    pub fn room(&self) -> &Room {
        self.walker.writer.room()
    }

    pub fn ledger(&self) -> &Ledger {
        &self.walker.ledger
    }

    pub fn interfaces(&self) -> &[Interface] {
        self.interfaces.all()
    }

    /// Files so far, the one being read included as soon as it is known to be a capture.
    pub fn captures(&self) -> Vec<About> {
        let mut all = self.captures.clone();
        if self.open && self.container.known() {
            all.push(self.about.clone());
        }
        all
    }
}
