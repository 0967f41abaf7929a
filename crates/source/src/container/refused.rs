//! What files are that no export is read from, and what to do instead: by their first bytes and by how their text begins.
//!
//! Owner of these tables and sentences. What takes more than a beginning to tell, `container` looks at.

/// First bytes that say what a file is, and what to do about it.
pub(super) const REFUSED: &[(&[u8], &str)] = &[
    (
        b"\xFD7zXZ\0",
        "it is an xz file; unpack it, or pack it as .gz or .zst",
    ),
    (
        b"7z\xBC\xAF\x27\x1C",
        "it is a 7z archive; unpack it and name what is in it",
    ),
    (
        b"Rar!\x1A\x07",
        "it is a RAR archive; unpack it and name what is in it",
    ),
    (
        b"\x04\x22\x4D\x18",
        "it is an lz4 file; unpack it, or pack it as .gz or .zst",
    ),
    (
        b"\x1F\x9D",
        "it is a file of compress (.Z); unpack it, or pack it as .gz or .zst",
    ),
    (
        b"%PDF-",
        "it is a PDF; ask for the data as CSV or as a workbook",
    ),
    (b"PAR1\x15", "it is a Parquet file; export it as CSV"),
    (b"ARROW1\0\0", "it is an Arrow file; export it as CSV"),
    (b"Obj\x01", "it is an Avro file; export it as CSV"),
    (b"FEA1", "it is a Feather file; export it as CSV"),
    (
        b"\xFF\x06\0\0sNaPpY",
        "it is a snappy file; unpack it, or pack it as .gz or .zst",
    ),
    (
        b"\x89HDF\r\n\x1A\n",
        "it is an HDF5 file; export the table as CSV",
    ),
    (b"$FL2@(#)", SPSS),
    (b"$FL3@(#)", SPSS),
    (b"<stata_dta>", STATA),
    (b"\x71\x01\x01\0", STATA),
    (b"\x71\x02\x01\0", STATA),
    (b"\x72\x01\x01\0", STATA),
    (b"\x72\x02\x01\0", STATA),
    (b"\x73\x01\x01\0", STATA),
    (b"\x73\x02\x01\0", STATA),
    (
        b"\0\0\0\0\0\0\0\0\0\0\0\0\xC2\xEA\x81\x60",
        "it is a SAS data set; export it as CSV (`proc export`)",
    ),
    (
        b"HEADER RECORD*******LIB",
        "it is a SAS transport file; export it as CSV (`proc export`)",
    ),
    (
        b"\x03\0\x01EXPORT:V",
        "it is a dump of Oracle's `exp`; export the table as CSV (SQL*Plus: `set markup csv on`)",
    ),
    (
        b"PGDMP",
        "it is a dump of PostgreSQL; export the table as CSV (`\\copy (select …) to 'file.csv' csv header`)",
    ),
    (
        b"SQLite format 3\0",
        "it is an SQLite database; export the table as CSV",
    ),
    (
        b"\0\x01\0\0Standard Jet DB",
        "it is an Access database; export the table as CSV",
    ),
    (
        b"\0\x01\0\0Standard ACE DB",
        "it is an Access database; export the table as CSV",
    ),
    (
        b"{\\rtf",
        "it is a rich text document; save the table as CSV or as a workbook",
    ),
    (
        b"-----BEGIN PGP",
        "it is a key or a signature of PGP and no export; name the file that it belongs to",
    ),
    (b"Salted__", OPENSSL),
    // The same in base64.
    (b"U2FsdGVkX1", OPENSSL),
    (b"\x09\x00\x04\x00", OLD_EXCEL),
    (b"\x09\x02\x06\x00", OLD_EXCEL),
    (b"\x09\x04\x06\x00", OLD_EXCEL),
    (b"\x09\x08\x08\x00", OLD_EXCEL),
    (b"\x09\x08\x10\x00", OLD_EXCEL),
];

pub(super) const ARROW: &str = "it is a stream of Arrow; export it as CSV";
pub(super) const ORC: &str = "it is an ORC file; export it as CSV";
const SPSS: &str = "it is a data file of SPSS; save it as CSV or as .xlsx";
const STATA: &str = "it is a data file of Stata; export it as CSV (`export delimited`)";
pub(super) const SQL: &str =
    "it is a dump of a database, with statements of SQL; export the table as CSV with a header row";
const OPENSSL: &str =
    "it is encrypted with `openssl enc`; decrypt it, or have it encrypted with OpenPGP instead";
const OLD_EXCEL: &str = "it is a workbook of an Excel before 1995; open it and save it as .xlsx";

/// Beginnings of a text, without blanks and in small letters, that say what it is.
pub(super) const REFUSED_TEXTS: &[(&[u8], &str)] = &[
    (b"<!doctypehtml", WEB_PAGE),
    (b"<html", WEB_PAGE),
    (b"<head", WEB_PAGE),
    (b"<meta", WEB_PAGE),
    (b"<body", WEB_PAGE),
    (b"<style", WEB_PAGE),
    (b"<table", WEB_PAGE),
    (b"<div", WEB_PAGE),
    (b"insertinto", SQL),
    (b"createtable", SQL),
    (b"setidentity_insert", SQL),
    (b"/*!40", SQL),
    (b"--mysqldump", SQL),
    (b"--mariadbdump", SQL),
    (b"/*m!999999", SQL),
    (b"----postgresqldatabasedump", SQL),
    (b"\x1E{", SEQUENCE),
    (b"\x1E[", SEQUENCE),
    (b"{'", SINGLE_QUOTES),
    (b"[{'", SINGLE_QUOTES),
    (
        b"<?xml",
        "it is an XML file; open it in a spreadsheet program and save it as .xlsx or CSV",
    ),
];

pub(super) const SEQUENCE: &str = "it is JSON with separators between its texts (RFC 7464); export it as JSON lines, without them";
pub(super) const SINGLE_QUOTES: &str = "it looks like JSON with single quotes, as Python prints objects; export it as JSON, which has double quotes";
pub(super) const COMMENT: &str =
    "it is JSON with a comment at its beginning, which JSON does not have; take the comment out";

const WEB_PAGE: &str = "it is a web page, whatever its name says; open it in a spreadsheet program and save it as .xlsx or CSV";
pub(super) const EMPTY_ARCHIVE: &str =
    "it is a zip archive without anything in it; check how it was packed";
pub(super) const OPEN_DOCUMENT: &str =
    "it is an OpenDocument file and no spreadsheet; save the table as CSV or as a workbook";
pub(super) const DBF: &str =
    "it is a dBase table (.dbf); open it in a spreadsheet program and save it as .xlsx or CSV";
pub(super) const BZIP2: &str = "it is a bzip2 file; unpack it, or pack it as .gz or .zst";
pub(super) const TAR: &str = "it is a tar archive; unpack it and name what is in it";
