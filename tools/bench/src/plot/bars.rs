//! A chart of horizontal bars in groups, as SVG that follows the reader's choice of light or dark.

use std::fmt::Write as _;

/// A chart.
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) caption: String,
    /// Names of the colors.
    pub(super) series: Vec<String>,
    pub(super) groups: Vec<Group>,
    /// Where a line is drawn.
    pub(super) limit: Option<f64>,
}

/// The bars of one thing.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) bars: Vec<Bar>,
}

/// One bar.
pub(super) struct Bar {
    /// Of the chart's series.
    pub(super) series: usize,
    pub(super) value: f64,
    /// A part of the bar from its start that is drawn darker.
    pub(super) inner: Option<f64>,
    pub(super) text: String,
}

const WIDTH: f64 = 840.0;
/// Where bars start, and the room to the right of the longest for its text.
const START: f64 = 235.0;
const TEXT: f64 = 195.0;
const BAR: f64 = 16.0;
const GAP: f64 = 12.0;
const HEAD: f64 = 70.0;
const FOOT: f64 = 30.0;

/// Light first. The colors differ in lightness too, for readers who see few of them.
const STYLE: &str = "<style>
text{font:13px system-ui,sans-serif;fill:#1f2328;stroke:#fff;stroke-width:3px;paint-order:stroke}.title{font-weight:600;font-size:15px}.caption{fill:#59636e;font-size:12px}
.paper{fill:#fff}.limit{stroke:#d1242f;stroke-width:1.5;stroke-dasharray:5 3}.inner{fill:#000;opacity:.35}
.s0{fill:#0969da}.s1{fill:#8c959f}.s2{fill:#bf8700}.s3{fill:#8250df}.s4{fill:#1a7f37}
@media(prefers-color-scheme:dark){text{fill:#e6edf3;stroke:#0d1117}.caption{fill:#9198a1}.paper{fill:#0d1117}.limit{stroke:#ff7b72}
.s0{fill:#4493f8}.s1{fill:#6e7681}.s2{fill:#d29922}.s3{fill:#ab7df8}.s4{fill:#3fb950}}
</style>";

impl Chart {
    /// The whole file.
    pub(super) fn svg(&self) -> String {
        let bars: usize = self.groups.iter().map(|group| group.bars.len()).sum();
        let height = HEAD + BAR * count(bars) + GAP * count(self.groups.len()) + FOOT;
        let title = escaped(&self.title);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\">\n\
             {STYLE}\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
             <text class=\"title\" x=\"12\" y=\"24\">{title}</text>\n"
        );
        self.legend(&mut svg);
        let longest = self.longest();
        let scale = |value: f64| (WIDTH - START - TEXT) * value / longest;
        // Texts come last, so that the line does not cross them.
        let (mut y, mut texts) = (HEAD, String::new());
        for group in &self.groups {
            let middle = y + BAR * count(group.bars.len()) / 2.0 + 3.0;
            text(&mut texts, "end", START - 10.0, middle, &group.name);
            for bar in &group.bars {
                rect(&mut svg, &format!("s{}", bar.series), y, scale(bar.value));
                if let Some(inner) = bar.inner {
                    rect(&mut svg, "inner", y, scale(inner));
                }
                text(&mut texts, "start", START + scale(bar.value) + 6.0, y + 11.5, &bar.text);
                y += BAR;
            }
            y += GAP;
        }
        if let Some(limit) = self.limit {
            let x = START + scale(limit);
            let end = y - GAP;
            let _always = writeln!(
                svg,
                "<line class=\"limit\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{HEAD}\" y2=\"{end:.1}\"/>"
            );
        }
        svg.push_str(&texts);
        let _always = writeln!(
            svg,
            "<text class=\"caption\" x=\"12\" y=\"{:.1}\">{}</text>\n</svg>",
            height - 10.0,
            escaped(&self.caption)
        );
        svg
    }

    fn legend(&self, svg: &mut String) {
        let mut x = 12.0;
        for (series, name) in self.series.iter().enumerate() {
            let _always =
                writeln!(svg, "<rect class=\"s{series}\" x=\"{x}\" y=\"38\" width=\"12\" height=\"12\"/>");
            text(svg, "start", x + 18.0, 49.0, name);
            x += 44.0 + 7.0 * count(name.chars().count());
        }
    }

    /// The largest value; never zero.
    fn longest(&self) -> f64 {
        let values = self.groups.iter().flat_map(|group| &group.bars).map(|bar| bar.value);
        values.chain(self.limit).fold(f64::MIN_POSITIVE, f64::max)
    }
}

fn rect(svg: &mut String, class: &str, y: f64, width: f64) {
    let height = BAR - 3.0;
    let _always = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{START}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height}\"/>"
    );
}

fn text(svg: &mut String, anchor: &str, x: f64, y: f64, text: &str) {
    let text = escaped(text);
    let _always = writeln!(svg, "<text text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A number of things on the paper, which are few.
fn count(things: usize) -> f64 {
    f64::from(u16::try_from(things).unwrap_or(u16::MAX))
}

/// A whole number with commas.
pub(super) fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(limit: Option<f64>) -> Chart {
        let bar = |series, value: f64| Bar { series, value, inner: None, text: thousands(value) };
        let group = Group { name: "GetOrder".to_owned(), bars: vec![bar(0, 50.0), bar(1, 100.0)] };
        let series = vec!["a".to_owned(), "b".to_owned()];
        Chart { title: "1 < 2".to_owned(), caption: "x".to_owned(), series, groups: vec![group], limit }
    }

    fn widths(svg: &str) -> Vec<f64> {
        let bars = svg.lines().filter(|line| line.contains(&format!("x=\"{START}\"")));
        let width = |line: &str| line.split("width=\"").nth(1)?.split('"').next()?.parse().ok();
        bars.map(|line| width(line).expect("a width")).collect()
    }

    #[test]
    fn bars_are_as_long_as_their_values_and_fit() {
        let widths = widths(&chart(None).svg());
        assert!((widths[1] / widths[0] - 2.0).abs() < 0.01, "{widths:?}");
        assert!((START + widths[1] + TEXT - WIDTH).abs() < 0.1, "{widths:?}");
    }

    #[test]
    fn a_line_beyond_every_bar_still_fits() {
        let svg = chart(Some(200.0)).svg();
        assert!((widths(&svg)[1] - (WIDTH - START - TEXT) / 2.0).abs() < 0.1);
        assert!(svg.contains("class=\"limit\""));
        assert!(!chart(None).svg().contains("class=\"limit\""));
    }

    #[test]
    fn both_schemes_and_special_characters_are_written() {
        let svg = chart(None).svg();
        assert!(svg.contains("prefers-color-scheme:dark") && svg.contains("1 &lt; 2"));
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn numbers_have_commas() {
        let written = [0.0, 999.4, 1000.0, 1_234_567.0].map(thousands);
        assert_eq!(written, ["0", "999", "1,000", "1,234,567"]);
    }
}
