//! How cells of the workbook look.
//!
//! Owner of fonts, colours, borders and number formats. Left out: where a look is used (`cover`, `table_frame`).

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

/// How cells look.
pub(super) struct SheetFormats {
    pub(super) title: Format,
    pub(super) section: Format,
    pub(super) head: Format,
    pub(super) text: Format,
    pub(super) wrapped: Format,
    pub(super) number: Format,
    pub(super) sum: Format,
    pub(super) sum_number: Format,
    pub(super) good: Format,
    pub(super) bad: Format,
    pub(super) sandbox: Format,
    pub(super) line: Format,
    pub(super) soft: Format,
}

impl SheetFormats {
    pub(super) fn new() -> SheetFormats {
        let line = || {
            Format::new()
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0xC5CDD9))
        };
        // A text that somebody edits stays one.
        let text = || {
            Format::new()
                .set_num_format("@")
                .set_align(FormatAlign::Top)
        };
        let mark = |ink: u32, ground: u32| {
            Format::new()
                .set_bold()
                .set_font_color(Color::RGB(ink))
                .set_background_color(Color::RGB(ground))
                .set_text_wrap()
                .set_align(FormatAlign::VerticalCenter)
        };
        SheetFormats {
            title: Format::new().set_bold().set_font_size(18.0),
            section: Format::new()
                .set_bold()
                .set_font_size(12.0)
                .set_border_bottom(FormatBorder::Medium),
            head: line()
                .set_bold()
                .set_background_color(Color::RGB(0xDCE3EC))
                .set_text_wrap()
                .set_align(FormatAlign::Top),
            text: text(),
            wrapped: text().set_text_wrap(),
            number: Format::new().set_num_format("#,##0"),
            sum: Format::new().set_bold().set_border_top(FormatBorder::Thin),
            sum_number: Format::new()
                .set_bold()
                .set_num_format("#,##0")
                .set_border_top(FormatBorder::Thin),
            good: mark(0x1F6F54, 0xEEF7F3),
            bad: mark(0xA8322D, 0xFCEFEE),
            sandbox: mark(0xFFFFFF, 0x4A2F7A),
            line: line().set_align(FormatAlign::VerticalCenter),
            soft: Format::new()
                .set_font_color(Color::RGB(0x4C5666))
                .set_text_wrap(),
        }
    }
}
