//! A table for browsers.

use super::{Align, Table};
use crate::report::escape::{html, html_text};

impl Table {
    /// As an HTML table with caption and scoped headers; the first column heads its row.
    #[must_use]
    pub fn html(&self) -> String {
        let mut text = String::from("<table");
        if !self.key.is_empty() {
            text.push_str(&format!(" id=\"table-{}\"", html(&self.key)));
        }
        text.push_str(">\n");
        if !self.title.is_empty() {
            text.push_str(&format!("<caption>{}</caption>\n", html_text(&self.title)));
        }
        text.push_str("<thead>\n<tr>");
        for (title, align) in &self.columns {
            text.push_str(&format!(
                "<th scope=\"col\"{}>{}</th>",
                class(*align),
                html(title)
            ));
        }
        text.push_str("</tr>\n</thead>\n<tbody>\n");
        for row in &self.rows {
            text.push_str("<tr>");
            for (at, (cell, (_, align))) in row.iter().zip(&self.columns).enumerate() {
                let shown = html(&cell.shown());
                text.push_str(&if at == 0 {
                    format!("<th scope=\"row\"{}>{shown}</th>", class(*align))
                } else {
                    format!("<td{}>{shown}</td>", class(*align))
                });
            }
            text.push_str("</tr>\n");
        }
        text.push_str("</tbody>\n</table>\n");
        text
    }
}

fn class(align: Align) -> &'static str {
    match align {
        Align::Left => "",
        Align::Right => " class=\"number\"",
        Align::Estimate => " class=\"estimate\"",
    }
}
