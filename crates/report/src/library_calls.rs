//! Calls of the workbook library, which keeps cells in temporary files and panics when it cannot write one.
//!
//! A full disk is no mistake of the program, so it must not end like one: here such a panic becomes the error of the system that
//! caused it, as every other file tells it. Whoever writes cells or saves a workbook does it in [`with_disk_errors`]. Invariant: any
//! other panic stays one. Left out: what is written (`workbook`, `sheet`, `plain_sheet`).

use std::any::Any;
use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether this thread is in a call whose disk errors are told otherwise.
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Calls the library. What it was writing must not be used any more after an error.
pub(crate) fn with_disk_errors<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    silence();
    let was_inside = IS_INSIDE.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    IS_INSIDE.set(was_inside);
    done.unwrap_or_else(|panic| match disk_error(&*panic) {
        Some(error) => Err(error.into()),
        None => resume_unwind(panic),
    })
}

/// Lets panics that are told as errors print nothing.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            let is_told = IS_INSIDE.get() && disk_error(panic.payload()).is_some();
            if !is_told {
                before(panic);
            }
        }));
    });
}

/// The error of the system that somebody has unwrapped.
fn disk_error(panic: &(dyn Any + Send)) -> Option<io::Error> {
    let words = panic.downcast_ref::<String>()?;
    let (_, error) = words.split_once("Os { code: ")?;
    let code = error.split(',').next()?;
    Some(io::Error::from_raw_os_error(code.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the system says of a write to a full disk.
    fn write_to_full_disk() -> io::Result<()> {
        Err(io::Error::from_raw_os_error(28))
    }

    #[test]
    fn an_unwrapped_error_of_the_system_is_that_error() {
        let unwrapped: [fn(); 2] = [
            || write_to_full_disk().unwrap(),
            || write_to_full_disk().expect("the file can be written"),
        ];
        for panics in unwrapped {
            let told = with_disk_errors(|| {
                panics();
                Ok(())
            });
            let told = told.unwrap_err();
            let told = told.downcast_ref::<io::Error>().unwrap();
            assert_eq!(told.raw_os_error(), Some(28), "{told}");
        }
        assert!(!IS_INSIDE.get());
    }

    #[test]
    fn a_mistake_stays_a_panic_and_an_error_an_error() {
        let panics = || {
            let _ = with_disk_errors::<()>(|| panic!("a mistake, number {}", 7));
        };
        assert!(catch_unwind(panics).is_err());
        assert!(!IS_INSIDE.get());
        let told = with_disk_errors::<()>(|| anyhow::bail!("an error"));
        assert_eq!(told.unwrap_err().to_string(), "an error");
        assert_eq!(with_disk_errors(|| Ok(7)).unwrap(), 7);
    }
}
