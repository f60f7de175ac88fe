//! A flame graph as SVG, without a script in it: a box for each function above the one that called it, as wide as
//! its share of the instructions. A pointer on a box shows its name in full.
//!
//! callgrind counts by function and call, not by stack. A function that several others call is drawn above each of
//! them, with as much of its own calls as the share of that caller.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use crate::callgrind::counts::Counts;

/// Of the picture, in pixels.
const WIDTH: f64 = 1600.0;
const ROW: f64 = 17.0;
/// Narrower boxes are left out.
const NARROWEST: f64 = 1.0;
/// Of a letter of the labels.
const LETTER: f64 = 6.4;

struct Drawing<'a> {
    counts: &'a Counts,
    callees: BTreeMap<&'a str, Vec<(&'a str, u64)>>,
    boxes: Vec<Frame<'a>>,
    stack: Vec<&'a str>,
}

struct Frame<'a> {
    name: &'a str,
    depth: usize,
    left: f64,
    instructions: f64,
}

/// Draws the counts of one request.
pub(super) fn svg(title: &str, counts: &Counts) -> String {
    let mut callees: BTreeMap<&str, Vec<(&str, u64)>> = BTreeMap::new();
    for ((caller, callee), count) in &counts.calls {
        callees.entry(caller).or_default().push((callee, *count));
    }
    let mut drawing = Drawing { counts, callees, boxes: Vec::new(), stack: Vec::new() };
    let inclusive = counts.inclusive();
    let called: BTreeSet<&str> = counts.calls.keys().map(|(_, callee)| callee.as_str()).collect();
    let mut left = 0.0;
    for root in inclusive.keys().filter(|name| !called.contains(*name)) {
        let instructions = number(inclusive[root]);
        drawing.draw(root, left, instructions);
        left += instructions;
    }
    drawing.picture(title)
}

impl<'a> Drawing<'a> {
    fn draw(&mut self, name: &'a str, left: f64, instructions: f64) {
        let scale = WIDTH / number(self.counts.total).max(1.0);
        if instructions * scale < NARROWEST || self.stack.contains(&name) {
            return;
        }
        self.boxes.push(Frame { name, depth: self.stack.len(), left: left * scale, instructions });
        let callees = self.callees.get(name).cloned().unwrap_or_default();
        let own = self.counts.own.get(name).copied().unwrap_or_default();
        let all = number(own + callees.iter().map(|(_, count)| count).sum::<u64>()).max(1.0);
        self.stack.push(name);
        let mut next = left;
        for (callee, count) in callees {
            let part = number(count) / all * instructions;
            self.draw(callee, next, part);
            next += part;
        }
        self.stack.pop();
    }

    fn picture(&self, title: &str) -> String {
        let total = self.counts.total;
        let rows = 2 + self.boxes.iter().map(|frame| frame.depth + 1).max().unwrap_or_default();
        let height = ROW * number(rows as u64);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             font-family=\"monospace\" font-size=\"11\">\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
             <text x=\"4\" y=\"13\">{}: {total} instructions a request</text>\n",
            escaped(title),
        );
        for frame in &self.boxes {
            writeln!(svg, "{}", frame.shape(height, total)).expect("a text takes all");
        }
        svg + "</svg>\n"
    }
}

impl Frame<'_> {
    fn shape(&self, height: f64, total: u64) -> String {
        let width = self.instructions * WIDTH / number(total).max(1.0);
        let (left, top) = (self.left, height - ROW * number(self.depth as u64 + 1));
        let percent = 100.0 * self.instructions / number(total).max(1.0);
        let color = 40 + self.name.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 80);
        let fits = (1_u32..).map(f64::from).zip(self.name.chars());
        let label: String = fits
            .take_while(|(letters, _)| letters * LETTER < width - 4.0)
            .map(|(_, letter)| letter)
            .collect();
        format!(
            "<g><title>{} {:.0} instructions, {percent:.1} %</title><rect x=\"{left:.1}\" y=\"{top:.1}\" \
             width=\"{width:.1}\" height=\"{:.1}\" fill=\"hsl({color},75%,65%)\" stroke=\"#fff\" \
             stroke-width=\"0.5\"/><text x=\"{:.1}\" y=\"{:.1}\">{}</text></g>",
            escaped(self.name),
            self.instructions,
            ROW - 1.0,
            left + 2.0,
            top + 12.0,
            escaped(&label),
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "a picture shows no more digits")]
fn number(count: u64) -> f64 {
    count as f64
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_drawn_above_its_caller() {
        let call = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let counts = Counts {
            total: 100,
            own: [("main".to_owned(), 25), ("Vec<u8>".to_owned(), 75)].into(),
            calls: [(call("main", "Vec<u8>"), 75), (call("Vec<u8>", "Vec<u8>"), 10)].into(),
        };
        let svg = svg("GetOrder", &counts);
        assert!(
            svg.contains("<title>main 100 instructions, 100.0 %</title><rect x=\"0.0\" y=\"51.0\""),
            "{svg}"
        );
        assert!(svg.contains("<title>Vec&lt;u8&gt; ") && svg.contains("y=\"34.0\""), "{svg}");
        assert_eq!(svg.matches("<g>").count(), 2);
    }
}
