//! Capture files: octets in, records out.

mod pcap;
mod pcapng;

use crate::interfaces::Interfaces;

pub use pcap::Pcap;
pub use pcapng::Pcapng;

/// libpcap's `MAXIMUM_SNAPLEN`; more is a damaged length.
const MAX_RECORD: usize = 262_144;

/// One captured frame.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    pub linktype: u32,
    /// `None` where the record names an interface that was never declared.
    pub interface: Option<u32>,
    pub time_ns: i64,
    pub data: &'a [u8],
    /// Its length on the wire.
    pub length: u32,
}

/// What stands at the beginning of some octets.
#[derive(Debug)]
pub enum Unit<'a> {
    /// Not whole: to be asked again with this many octets.
    Need(usize),
    /// Something of this size that is no frame.
    Skip(usize),
    /// A frame and its size.
    Frame(Record<'a>, usize),
    /// The file is damaged here; the words stand in its `About`.
    Damaged,
}

/// The bytes are no capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotACapture(pub String);

/// What is known of the file that is being read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    pub file: u16,
    pub format: &'static str,
    pub byte_order: &'static str,
    pub resolution_ns: u64,
    pub linktypes: Vec<u32>,
    pub frames: u64,
    pub first_ns: Option<i64>,
    pub last_ns: Option<i64>,
    pub damage: String,
    pub application: String,
}

impl About {
    /// Enters a frame.
    #[inline]
    pub fn frame(&mut self, time_ns: i64) {
        self.frames += 1;
        self.first_ns = Some(self.first_ns.map_or(time_ns, |first| first.min(time_ns)));
        self.last_ns = Some(self.last_ns.map_or(time_ns, |last| last.max(time_ns)));
    }

    fn link(&mut self, linktype: u32) {
        if !self.linktypes.contains(&linktype) {
            self.linktypes.push(linktype);
        }
    }

    fn bad_length(&mut self) -> Unit<'static> {
        self.damage = format!("bad length in frame {}", self.frames + 1);
        Unit::Damaged
    }
}

/// What the readers may write to.
#[derive(Debug)]
pub struct Surroundings<'a> {
    pub about: &'a mut About,
    pub interfaces: &'a mut Interfaces,
}

/// The file being read.
#[derive(Debug)]
pub enum Container {
    /// Fewer than four octets so far.
    Unknown,
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl Container {
    /// What stands at the beginning of `data`.
    ///
    /// # Errors
    /// When the first octets show that this is no capture.
    #[inline]
    pub fn next<'a>(&mut self, data: &'a [u8], around: &mut Surroundings) -> Result<Unit<'a>, NotACapture> {
        match self {
            Self::Pcap(reader) => Ok(reader.next(data, around)),
            Self::Pcapng(reader) => reader.next(data, around),
            Self::Unknown => self.begin(data, around),
        }
    }

    fn begin<'a>(&mut self, data: &'a [u8], around: &mut Surroundings) -> Result<Unit<'a>, NotACapture> {
        let Some(&start) = data.first_chunk::<4>() else {
            return Ok(Unit::Need(4));
        };
        if start == [0x0a, 0x0d, 0x0d, 0x0a] {
            around.about.format = "pcapng";
            *self = Self::Pcapng(Pcapng::default());
        } else if let Some(reader) = Pcap::new(start, around.about) {
            *self = Self::Pcap(reader);
        } else {
            let octets = start.map(|octet| format!("{octet:02x}")).join(" ");
            return Err(NotACapture(format!("no pcap or pcapng file (it begins with {octets})")));
        }
        self.next(data, around)
    }

    /// Whether the header was read: only then is it a capture.
    pub fn known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::Pcap(reader) => reader.known(),
            Self::Pcapng(reader) => reader.known(),
        }
    }

    /// The words for a file that ends with these octets left over.
    pub fn cut_short(&self, rest: &[u8], frames: u64) -> String {
        match self {
            Self::Pcapng(reader) if !reader.at_packet(rest) => format!("cut short after frame {frames}"),
            _ => format!("cut short in frame {}", frames + 1),
        }
    }
}
