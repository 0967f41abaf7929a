//! Rows that are headers, and first customers that are none.

use super::*;

fn table(text: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().map(cells).collect()
}

const CUSTOMERS: &str = "K00001,Roe,Joel,2/2/1951,75201,Dallas
K00002,Marlow,Bo,3/14/1962,75202,Austin
K00003,Hart,Cy,12/1/1973,75203,Waco";

#[test]
fn a_customer_with_placeholders_is_no_header() {
    for nothing in [
        "N/A",
        "n/a",
        "Unknown",
        "None",
        "NULL",
        "-",
        "?",
        "TBD",
        "XXX-XX-XXXX",
        "#N/A",
        "",
    ] {
        for id in ["K00000", "ABC", "TEST"] {
            let first = format!("{id},Smith,John,{nothing},{nothing},Austin");
            let rows = table(&format!("{first}\n{CUSTOMERS}"));
            assert_eq!(header_row(&rows), None, "{first}");
        }
    }
    for rows in [
        "Smith,John,Unknown,None\nRoe,Joel,2/2/1951,75201\nMarlow,Bo,3/14/1962,75202",
        "Smith,John,TBD,-,?\nRoe,Joel,2/2/1951,75201,Dallas\nMarlow,Bo,3/14/1962,75202,Waco",
        "Mara A. Quill\nJoel Pike\nAnn Roe",
    ] {
        assert_eq!(header_row(&table(rows)), None, "{rows}");
    }
}

#[test]
fn a_customer_with_few_cells_is_no_title_and_no_header() {
    for first in [",Smith,John,,,", "K00000,Smith,,,,", "Smith,,,,,"] {
        let rows = table(&format!("{first}\n{CUSTOMERS}"));
        assert_eq!(header_row(&rows), None, "{first}");
    }
}

#[test]
fn placeholders_below_say_nothing_against_a_header() {
    for rows in [
        "ID,NAME,BORN,NOTE\nK1,Ann Roe,N/A,N/A\nK2,Bo Hart,N/A,N/A\nK3,Cy Fox,2/2/1951,N/A",
        "Ref,Surname,Given,Town\nK1,Roe,Joel,Unknown\nK2,Fox,Bo,Unknown\nK3,Hart,Cy,Unknown",
        "CIF,Party\nK00001,Ann Roe\nK00002,Bo Hart",
        "Reviewer\nAnn Roe\nBo Hart\nCy Fox",
        "Full Name\nAnn Roe\nBo Hart\nCy Fox",
        "NONE,NAME\n1,Ann\n2,Bo",
    ] {
        assert_eq!(header_row(&table(rows)), Some(0), "{rows}");
    }
}

#[test]
fn a_row_of_placeholders_and_an_id_cannot_be_set_as_header() {
    let rows = table(&format!("K00000,Smith,John,N/A,N/A,Austin\n{CUSTOMERS}"));
    assert!(!may_be_header(&rows));
    let rows = table(&format!("NR,LAST,FIRST,BORN,ZIP,CITY\n{CUSTOMERS}"));
    assert!(may_be_header(&rows));
}
