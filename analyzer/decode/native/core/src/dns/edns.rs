//! EDNS: the OPT record.

use super::record::Record;
use crate::table::batch::{Message, anomaly, present};
use crate::wire::u16_at;

/// Takes over the first OPT record; what is wrong with any of them is marked.
pub fn opt(row: &mut Message, wire: &[u8], record: &Record) {
    if record.section != 3 || wire[record.owner] != 0 {
        row.anomalies |= anomaly::MISPLACED_OPT;
    }
    if row.present & present::EDNS != 0 {
        row.anomalies |= anomaly::DUPLICATE_OPT;
        return;
    }
    row.present |= present::EDNS;
    row.edns_size = record.rclass;
    row.edns_flags = record.ttl as u16;
    row.ext_rcode = (record.ttl >> 24) as u8;
    row.edns_version = (record.ttl >> 16) as u8;
    options(row, &wire[record.rdata..record.rdata + usize::from(record.length)]);
}

fn options(row: &mut Message, mut data: &[u8]) {
    while !data.is_empty() {
        let (Some(code), Some(length)) = (u16_at(data, 0), u16_at(data, 2)) else {
            row.anomalies |= anomaly::BAD_RDATA;
            return;
        };
        let Some(value) = data.get(4..4 + usize::from(length)) else {
            row.anomalies |= anomaly::BAD_RDATA;
            return;
        };
        row.edns_options |= match code {
            3 => 1,
            8 => 2,
            10 => 4,
            11 => 8,
            12 => 16,
            15 => 32,
            _ => 0x8000,
        };
        if code == 15 {
            extended_error(row, value);
        }
        data = &data[4 + usize::from(length)..];
    }
}

fn extended_error(row: &mut Message, value: &[u8]) {
    match u16_at(value, 0) {
        None => row.anomalies |= anomaly::BAD_RDATA,
        Some(code) if row.present & present::EDE == 0 => {
            row.ede = code;
            row.present |= present::EDE;
        }
        Some(_) => {}
    }
}
