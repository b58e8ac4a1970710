//! A page for print: the driver that reads in the tables, with everything that stands between them.

use super::escape;
use super::page::Block;

/// What the document needs, before its text. Debian's `texlive-latex-recommended` has all of it;
/// outlines of the letters come from `lmodern` where it is installed.
const PREAMBLE: &str = r"\documentclass[a4paper,10pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{textcomp}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage[margin=1.5cm]{geometry}
\usepackage{array}
\usepackage{booktabs}
\usepackage{longtable}
\usepackage{pdflscape}
\usepackage{caption}
\captionsetup{font=small,labelfont=bf,justification=raggedright,singlelinecheck=false}
\newcolumntype{L}[1]{>{\raggedright\arraybackslash}p{#1}}
\setlength{\LTleft}{0pt}
\setlength{\LTright}{\fill}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5em}
\setlength{\emergencystretch}{3em}
% A heading moves to the next page unless so much room is left.
\newcommand{\room}[1]{\par\begingroup\dimen0=\pagegoal\advance\dimen0-\pagetotal\ifdim\dimen0<#1\relax\newpage\fi\endgroup}
\begin{document}
";

/// A document of these blocks. Tables are read in by their key, which has to be a file beside it.
#[must_use]
pub fn document(provenance: &[String], blocks: &[Block]) -> String {
    let mut text: String = provenance
        .iter()
        .map(|line| format!("% {}\n", escape::ascii(line)))
        .collect();
    text.push_str(PREAMBLE);
    for block in blocks {
        match block {
            Block::Heading(1, title) => text.push_str(&format!(
                "{{\\LARGE\\bfseries {}\\par}}\n\\tableofcontents\n",
                running(title)
            )),
            Block::Heading(2, title) => text.push_str(&format!(
                "\\clearpage\n\\section*{{{0}}}\n\\addcontentsline{{toc}}{{section}}{{{0}}}\n",
                running(title)
            )),
            Block::Heading(3, title) => text.push_str(&format!(
                "\\room{{8em}}\\subsection*{{{0}}}\n\\addcontentsline{{toc}}{{subsection}}{{{0}}}\n",
                running(title)
            )),
            Block::Heading(_, title) => {
                text.push_str(&format!("\\subsubsection*{{{}}}\n", running(title)));
            }
            Block::Text(paragraph) => text.push_str(&format!("{}\n\n", running(paragraph))),
            Block::List(points) => {
                text.push_str("\\begin{itemize}\n");
                for point in points {
                    text.push_str(&format!("\\item {}\n", running(point)));
                }
                text.push_str("\\end{itemize}\n");
            }
            Block::Table(table) => text.push_str(&format!("\\input{{{}}}\n", table.key())),
            // Figures are vector graphics that this compiler does not read; the other formats show them.
            Block::Figure { .. } => {}
            Block::Preformatted(lines) => text.push_str(&preformatted(lines)),
        }
    }
    text.push_str("\\end{document}\n");
    text
}

/// Running text in which our own sentences set names between backticks.
#[must_use]
pub fn running(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        // An unpaired mark came from outside.
        return escape::latex(text);
    }
    parts
        .iter()
        .enumerate()
        .map(|(at, part)| {
            if at % 2 == 0 {
                escape::latex(part)
            } else {
                format!("\\texttt{{{}}}", escape::latex(part))
            }
        })
        .collect()
}

fn preformatted(lines: &str) -> String {
    let mut text =
        String::from("{\\scriptsize\\ttfamily\\raggedright\\setlength{\\parskip}{0pt}\n");
    for line in lines.lines() {
        if line.trim().is_empty() {
            text.push_str("\\vspace{0.6em}\n");
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        text.push_str(&format!(
            "\\hangindent=2em\\hangafter=1 \\leavevmode {}{}\\par\n",
            "\\ ".repeat(indent),
            escape::latex(line.trim_start())
        ));
    }
    text.push_str("}\n");
    text
}
