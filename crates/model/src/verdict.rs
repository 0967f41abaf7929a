//! What becomes of a record.

/// What becomes of one record; exactly one each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Complete.
    Ready,
    /// Sent, with gaps.
    Grace,
    /// Not sent: something that the wire or the policy requires is missing or invalid.
    Blocked,
    /// Left out by the operator.
    Excluded,
    /// Another row holds the same clientAccountId.
    Duplicate,
}

impl Verdict {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Ready => "ready",
            Verdict::Grace => "grace",
            Verdict::Blocked => "blocked",
            Verdict::Excluded => "excluded",
            Verdict::Duplicate => "duplicate",
        }
    }

    /// Whether such a record is sent.
    pub fn sendable(self) -> bool {
        matches!(self, Verdict::Ready | Verdict::Grace)
    }
}
