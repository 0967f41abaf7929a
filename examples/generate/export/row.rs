//! One row of the extract: its columns, its cells, and how it is written as CSV.
//!
//! Invariants: the columns are stated once, here; a cell that is set again simply points to newer text, so
//! flaws can overwrite what the person was given; nothing is allocated per row once the buffer has grown.

macro_rules! columns {
    ($($name:ident $text:literal)*) => {
        /// A column of the extract.
        #[derive(Clone, Copy)]
        pub enum Col { $(#[doc = $text] $name),* }

        /// The header, in order.
        const COLUMNS: [&str; [$($text),*].len()] = [$($text),*];
    };
}

columns! {
    CustNo "CUST_NO"            AcctStat "ACCT_STAT"
    FirstNm "FIRST_NM"          MiddleNm "MIDDLE_NM"        LastNm "LAST_NM"
    BirthDt "BIRTH_DT"          TaxType "TAX_TYPE"          Ssn "SSN"
    TaxCtry "TAX_CTRY"          CtznCtry "CTZN_CTRY"        Email "EMAIL"
    CellPhone "CELL_PHONE"      HomePhone "HOME_PHONE"
    Addr1 "ADDR_1"              Addr2 "ADDR_2"              City "CITY"
    State "STATE"               Zip "ZIP"                   Ctry "CTRY"
    MailAddr1 "MAIL_ADDR_1"     MailCitySt "MAIL_CITY_ST"
    MailZip "MAIL_ZIP"          MailCtry "MAIL_CTRY"
    Marital "MARITAL"           Employer "EMPLOYER"         JobTitle "JOB_TITLE"
    EmpAddr "EMP_ADDR"          YrsEmpl "YRS_EMPL"
    AnnIncome "ANN_INCOME"      NetWorth "NET_WORTH"        LiqNetWorth "LIQ_NET_WORTH"
    Objective "OBJECTIVE"       Risk "RISK"                 Horizon "HORIZON"
    Liquidity "LIQUIDITY"       Experience "EXPERIENCE"     TaxBracket "TAX_BRACKET"
    AgrDoc "AGR_DOC"            AgrSigned "AGR_SIGNED"
    JtFirstNm "JT_FIRST_NM"     JtLastNm "JT_LAST_NM"       JtBirthDt "JT_BIRTH_DT"
    JtSsn "JT_SSN"              JtEmail "JT_EMAIL"          JtPhone "JT_PHONE"
}

/// The cells of one row.
pub struct Row {
    text: String,
    cells: [(usize, usize); COLUMNS.len()],
}

impl Default for Row {
    fn default() -> Row {
        Row {
            text: String::with_capacity(2048),
            cells: [(0, 0); COLUMNS.len()],
        }
    }
}

impl Row {
    /// Empties every cell.
    pub fn clear(&mut self) {
        self.text.clear();
        self.cells = [(0, 0); COLUMNS.len()];
    }

    /// What stands in a cell.
    pub fn get(&self, col: Col) -> &str {
        let (from, to) = self.cells[col as usize];
        &self.text[from..to]
    }

    /// Whether a cell is empty.
    pub fn is_blank(&self, col: Col) -> bool {
        let (from, to) = self.cells[col as usize];
        from == to
    }

    /// Sets a cell to what `write` appends.
    pub fn set(&mut self, col: Col, write: impl FnOnce(&mut String)) {
        let from = self.text.len();
        write(&mut self.text);
        self.cells[col as usize] = (from, self.text.len());
    }

    /// Sets a cell to a text.
    pub fn put(&mut self, col: Col, text: &str) {
        self.set(col, |cell| cell.push_str(text));
    }

    /// Empties cells.
    pub fn blank(&mut self, cols: &[Col]) {
        for col in cols {
            self.cells[*col as usize] = (0, 0);
        }
    }

    /// Keeps only the first `keep` bytes of a cell that holds ASCII.
    pub fn shorten(&mut self, col: Col, keep: usize) {
        let (from, to) = self.cells[col as usize];
        self.cells[col as usize] = (from, to.min(from + keep));
    }

    /// Appends the row as one line of CSV.
    pub fn write(&self, out: &mut Vec<u8>) {
        let text = self.text.as_bytes();
        for (index, (from, to)) in self.cells.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_cell(&text[*from..*to], out);
        }
        out.push(b'\n');
    }
}

/// Appends the header line.
pub fn header(out: &mut Vec<u8>) {
    out.extend_from_slice(COLUMNS.join(",").as_bytes());
    out.push(b'\n');
}

fn write_cell(cell: &[u8], out: &mut Vec<u8>) {
    if !cell.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n')) {
        out.extend_from_slice(cell);
        return;
    }
    out.push(b'"');
    for byte in cell {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}
