//! Reading back what custody has made.
