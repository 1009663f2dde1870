//! What reading a Parquet file may cost in memory, told from its metadata and page headers before a page is unpacked.
//!
//! The library allocates what a page header says: 2 GiB for a page of ten bytes. It writes no delta encoding, no nested and
//! no fixed-size column for this program, so those, which unpack to more than their headers say, are refused.

use std::io::Cursor;

use polars::prelude::*;
use polars_io::prelude::FileMetadata;
use polars_parquet_format::thrift::protocol::{TCompactInputProtocol, TCompactOutputProtocol};
use polars_parquet_format::{Encoding, FileMetaData, PageHeader};

/// Allowed for any file, however small: equal rows pack to almost nothing.
const FLOOR: u64 = 64 << 20;
/// Allowed beyond that per byte of the file. Files of this program have less than 20.
const RATIO: u64 = 100;
/// Allowed for any file, however large.
const MOST: u64 = 16 << 30;
/// The largest value in memory: the view of a string.
const VALUE: u64 = 16;
/// Most bytes of a page header; one holds numbers and two values for statistics.
const MOST_HEADER: usize = 1 << 20;
/// Most bytes of a footer: some hundred row groups of as many columns as there are.
const MOST_FOOTER: usize = 4 << 20;
const MAGIC: &[u8] = b"PAR1";
const ENCODINGS: [Encoding; 4] = [Encoding::PLAIN, Encoding::PLAIN_DICTIONARY, Encoding::RLE, Encoding::RLE_DICTIONARY];

fn refused(what: String) -> PolarsError {
    PolarsError::ComputeError(what.into())
}

/// The file with its footer written anew. The library makes room for as many entries as a list in the footer announces, and
/// ends the process where there is none; this decoder counts them against the footer's bytes. What the program's files do
/// not have is dropped (keys, fields of other versions) or refused (columns in columns, which are decoded recursively).
pub(super) fn with_plain_footer(mut bytes: Vec<u8>) -> PolarsResult<Vec<u8>> {
    let none = || refused("no Parquet file: its last bytes are no footer".into());
    let rest = bytes.strip_suffix(MAGIC).ok_or_else(none)?;
    let (rest, length) = rest.split_last_chunk().ok_or_else(none)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > MOST_FOOTER {
        return Err(refused(format!("a footer of {length} bytes; at most {MOST_FOOTER} are read")));
    }
    let start = rest.len().checked_sub(length).ok_or_else(none)?;
    // an entry takes a byte at least, and is counted as a word
    let mut protocol = TCompactInputProtocol::new(&rest[start..], length * size_of::<usize>());
    let damaged = |e| refused(format!("a footer that cannot be read: {e}"));
    let mut footer = FileMetaData::read_from_in_protocol(&mut protocol).map_err(damaged)?;
    if let Some(nested) = footer.schema.iter().skip(1).find(|c| c.num_children.is_some_and(|n| n != 0)) {
        return Err(refused(format!("column {}: nested columns are not read", nested.name)));
    }
    footer.key_value_metadata = None;
    bytes.truncate(start);
    footer.write_to_out_protocol(&mut TCompactOutputProtocol::new(&mut bytes)).map_err(damaged)?;
    let length = u32::try_from(bytes.len() - start).map_err(|_| none())?;
    bytes.extend(length.to_le_bytes());
    bytes.extend(MAGIC);
    Ok(bytes)
}

/// Refuses a file of these bytes if reading it may take more memory than one of its size should.
pub(super) fn check_size(bytes: &[u8], metadata: &FileMetadata) -> PolarsResult<()> {
    let allowed = allowed(bytes.len());
    let mut needed = 0u64;
    for group in &metadata.row_groups {
        for column in group.parquet_columns() {
            let name = column.descriptor().path_in_schema.join(".");
            let range = column.byte_range();
            let chunk = usize::try_from(range.start)
                .ok()
                .zip(usize::try_from(range.end).ok())
                .and_then(|(start, end)| bytes.get(start..end))
                .ok_or_else(|| refused(format!("column {name}: bytes {range:?} are not in the file")))?;
            let (unpacked, values) = unpacked(chunk)?;
            let said = u64::try_from(column.num_values()).unwrap_or(u64::MAX);
            let values = values.max(said).max(group.num_rows() as u64);
            needed = needed.saturating_add(unpacked).saturating_add(values.saturating_mul(VALUE));
            if needed > allowed {
                return Err(refused(format!(
                    "a file of {} bytes that asks for {needed} bytes of memory or more; at most {allowed} are allowed",
                    bytes.len()
                )));
            }
        }
    }
    Ok(())
}

fn allowed(len: usize) -> u64 {
    FLOOR.saturating_add((len as u64).saturating_mul(RATIO)).min(MOST)
}

/// Bytes and values that the pages of a column chunk unpack to, as their headers say.
fn unpacked(chunk: &[u8]) -> PolarsResult<(u64, u64)> {
    let number = |n: i32| u64::try_from(n).map_err(|_| refused(format!("a page header with the size {n}")));
    let (mut bytes, mut values) = (0u64, 0u64);
    let mut reader = Cursor::new(chunk);
    while reader.position() < chunk.len() as u64 {
        let header = PageHeader::read_from_in_protocol(&mut TCompactInputProtocol::new(&mut reader, MOST_HEADER))
            .map_err(|e| refused(format!("a page header that cannot be read: {e}")))?;
        let pages = [
            header.data_page_header.as_ref().map(|h| (h.num_values, h.encoding)),
            header.data_page_header_v2.as_ref().map(|h| (h.num_values, h.encoding)),
            header.dictionary_page_header.as_ref().map(|h| (h.num_values, h.encoding)),
        ];
        for (count, encoding) in pages.into_iter().flatten() {
            if !ENCODINGS.contains(&encoding) {
                return Err(refused(format!("pages of encoding {} are not read", encoding.0)));
            }
            values = values.saturating_add(number(count)?);
        }
        bytes = bytes.saturating_add(number(header.uncompressed_page_size)?);
        let next = reader.position().saturating_add(number(header.compressed_page_size)?);
        if next > chunk.len() as u64 {
            return Err(refused(format!("a page that ends {} bytes behind its column", next - chunk.len() as u64)));
        }
        reader.set_position(next);
    }
    Ok((bytes, values))
}

/// Refuses columns that no frame of this program has and that unpack to more than [`check_size`] counts.
pub(super) fn check_types(schema: &ArrowSchema) -> PolarsResult<()> {
    use ArrowDataType::*;
    for field in schema.iter_values() {
        match field.dtype() {
            Null | Boolean | Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64 | Float32 | Float64
            | Binary | LargeBinary | BinaryView | Utf8 | LargeUtf8 | Utf8View => {}
            other => return Err(refused(format!("column {}: type {other:?} is not read", field.name))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::parse_parquet;
    use super::*;
    use polars_io::prelude::{ParquetWriter, SerReader};
    use polars_parquet_format::{DataPageHeader, DictionaryPageHeader, PageType};

    /// A page of three bytes behind a header that says this.
    fn page(uncompressed: i32, compressed: i32, values: i32, encoding: Encoding) -> Vec<u8> {
        let data = DataPageHeader::new(values, encoding, Encoding::RLE, Encoding::RLE, None);
        let header = PageHeader::new(PageType::DATA_PAGE, uncompressed, compressed, None, data, None, None, None);
        written(header)
    }

    fn written(header: PageHeader) -> Vec<u8> {
        let mut bytes = vec![];
        header.write_to_out_protocol(&mut TCompactOutputProtocol::new(&mut bytes)).unwrap();
        [&bytes[..], &[1, 2, 3]].concat()
    }

    #[test]
    fn what_page_headers_say_is_added_up() {
        let dictionary = DictionaryPageHeader::new(i32::MAX, Encoding::PLAIN, None);
        let dictionary = written(PageHeader::new(PageType::DICTIONARY_PAGE, 5, 3, None, None, None, dictionary, None));
        let chunk =
            [dictionary, page(i32::MAX, 3, 7, Encoding::RLE_DICTIONARY), page(9, 3, 1, Encoding::PLAIN)].concat();
        assert_eq!(unpacked(&chunk).unwrap(), (5 + 9 + i32::MAX as u64, 8 + i32::MAX as u64));
    }

    #[test]
    fn page_headers_that_cannot_be_true_are_refused() {
        for (page, words) in [
            (page(-1, 3, 1, Encoding::PLAIN), "the size -1"),
            (page(9, 3, -2, Encoding::PLAIN), "the size -2"),
            (page(9, -3, 1, Encoding::PLAIN), "the size -3"),
            (page(9, 4, 1, Encoding::PLAIN), "1 bytes behind"),
            (page(9, 3, 1, Encoding::DELTA_BYTE_ARRAY), "encoding 7"),
            (vec![0x15], "cannot be read"),
        ] {
            let error = unpacked(&page).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    fn file(mut frame: DataFrame) -> Vec<u8> {
        let mut bytes = vec![];
        ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
        bytes
    }

    #[test]
    fn a_small_file_that_unpacks_to_much_is_refused_before_it_is_unpacked() {
        let rows = |n: usize| file(DataFrame::new(n, vec![Column::new("a".into(), vec![1u8; n])]).unwrap());
        assert_eq!(parse_parquet(rows(100_000)).unwrap().height(), 100_000);
        let bytes = rows(6_000_000);
        assert!(bytes.len() < 100_000, "{}", bytes.len());
        let error = parse_parquet(bytes).unwrap_err().to_string();
        assert!(error.contains("bytes of memory"), "{error}");
    }

    /// Both were found by `fuzz/`: the first ended the process, the second took seconds.
    #[test]
    fn footers_that_announce_more_than_they_hold_are_refused_at_once() {
        let schema = [0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f];
        let unknown = [0xf9, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07];
        for footer in [schema, unknown] {
            let bytes = [MAGIC, &footer, &(footer.len() as u32).to_le_bytes(), MAGIC].concat();
            let started = std::time::Instant::now();
            let error = parse_parquet(bytes).unwrap_err().to_string();
            assert!(error.contains("a footer that cannot be read"), "{error}");
            assert!(started.elapsed().as_secs() < 1);
        }
        let long = [MAGIC, &u32::MAX.to_le_bytes(), MAGIC].concat();
        assert!(parse_parquet(long).unwrap_err().to_string().contains("at most 4194304"));
    }

    #[test]
    fn nested_columns_are_refused() {
        let bytes = file(DataFrame::new(1, vec![Column::new("a".into(), [1u8])]).unwrap());
        let end = bytes.len() - 8;
        let start = end - u32::from_le_bytes(*bytes[end..].first_chunk().unwrap()) as usize;
        let mut protocol = TCompactInputProtocol::new(&bytes[start..end], 1 << 20);
        let mut footer = FileMetaData::read_from_in_protocol(&mut protocol).unwrap();
        footer.schema[1].num_children = Some(1);
        let mut changed = bytes[..start].to_vec();
        footer.write_to_out_protocol(&mut TCompactOutputProtocol::new(&mut changed)).unwrap();
        let length = (changed.len() - start) as u32;
        let error = parse_parquet([&changed, &length.to_le_bytes()[..], MAGIC].concat()).unwrap_err().to_string();
        assert!(error.contains("column a: nested"), "{error}");
    }

    #[test]
    fn the_limit_follows_the_size_of_the_file() {
        assert_eq!((allowed(0), allowed(10), allowed(usize::MAX)), (FLOOR, FLOOR + 1000, MOST));
    }

    /// A file of trials and curves as it is written stays far below the limit's ratio.
    #[test]
    fn files_of_this_program_are_far_from_the_limit() {
        use super::super::frames::tests::stored;
        let trials: Vec<_> = (1..=300).map(|seed| stored("mnist/1x2000/bp", seed, 0, &[3, 5, 7, 8])).collect();
        let frames = [super::super::trials_frame(&trials).unwrap(), super::super::curves_frame(&trials).unwrap()];
        for frame in frames {
            let bytes = file(frame);
            let mut reader = polars_io::prelude::ParquetReader::new(Cursor::new(&bytes[..]));
            let metadata = reader.get_metadata().unwrap().clone();
            let needed: u64 = metadata.row_groups[0]
                .parquet_columns()
                .iter()
                .map(|c| {
                    let range = c.byte_range();
                    let (size, values) = unpacked(&bytes[range.start as usize..range.end as usize]).unwrap();
                    size + VALUE * values
                })
                .sum();
            assert!(needed < RATIO / 2 * bytes.len() as u64, "{needed} of {}", bytes.len());
        }
    }

    /// Found by fuzzing: the footer lets one column have a row less than the table.
    #[test]
    fn columns_of_uneven_lengths_are_refused() {
        let bytes = include_bytes!("../../fuzz/found/uneven-columns.parquet").to_vec();
        let error = parse_parquet(bytes).unwrap_err().to_string();
        assert!(error.contains("rows; the table has"), "{error}");
    }
}
