//! Draws the diagram: positions and style.

use std::fmt::Write as _;

use super::read::{Arrow, Box, Cell, Diagram, Zone};

const WIDTH: f64 = 216.0;
const HEIGHT: f64 = 76.0;
/// Room between boxes, for arrows and their labels.
const GAP: (f64, f64) = (112.0, 50.0);
/// Room around boxes in a zone; its title stands in the upper part.
const PAD: f64 = 16.0;
const TITLE: f64 = 26.0;
const MARGIN: f64 = 28.0;
const LINE: f64 = 16.0;

/// Both colour schemes; the background is drawn too, because the page may have the other scheme.
const STYLE: &str = "\
svg{--ground:#ffffff;--ink:#1f2933;--soft:#52606d;--box:#eef4fb;--edge:#33658a;--zone:#f7f9fb;--rim:#9aa5b1}\
@media(prefers-color-scheme:dark){svg{--ground:#14181d;--ink:#e6eaef;--soft:#a9b4c0;--box:#1f2f3f;--edge:#7fb2dc;\
--zone:#1a2027;--rim:#5b6773}}\
text{font:13px system-ui,sans-serif;fill:var(--soft);text-anchor:middle}\
.name{font-weight:600;fill:var(--ink)}.zone{text-anchor:start}\
.label,.ground,.inside{font-size:12px}.ground,.inside{stroke-width:5px;stroke-linejoin:round;stroke:var(--ground)}\
.inside{stroke:var(--zone)}";

pub(super) fn svg(diagram: &Diagram) -> String {
    let cells = diagram.boxes.iter().map(|one| one.at).collect::<Vec<_>>();
    let last = (cells.iter().map(|at| at.0).max(), cells.iter().map(|at| at.1).max());
    let corner = corner((last.0.unwrap_or_default(), last.1.unwrap_or_default()));
    let (width, height) = (corner.0 + WIDTH + MARGIN, corner.1 + HEIGHT + MARGIN + PAD);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"The deployed system\">\n<style>{STYLE}</style>\n<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" \
         refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" \
         fill=\"var(--edge)\"/></marker></defs>\n<rect width=\"{width}\" height=\"{height}\" fill=\"var(--ground)\"/>\n"
    );
    diagram.zones.iter().for_each(|one| zone(&mut svg, one));
    diagram.boxes.iter().for_each(|one| block(&mut svg, one));
    diagram.arrows.iter().for_each(|one| arrow(&mut svg, one));
    diagram.arrows.iter().for_each(|one| label(&mut svg, one, &diagram.zones));
    svg.push_str("</svg>\n");
    svg
}

/// The upper left corner of a box.
fn corner((column, row): Cell) -> (f64, f64) {
    let step = |number: u16, size: f64, gap: f64| f64::from(number) * (size + gap);
    (MARGIN + PAD + step(column, WIDTH, GAP.0), MARGIN + TITLE + step(row, HEIGHT, GAP.1))
}

fn zone(svg: &mut String, zone: &Zone) {
    let (from, to) = (corner(zone.first), corner(zone.last));
    let (x, y) = (from.0 - PAD, from.1 - TITLE);
    let (width, height) = (to.0 + WIDTH + PAD - x, to.1 + HEIGHT + PAD - y);
    put(
        svg,
        format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"10\" fill=\"var(--zone)\" \
             stroke=\"var(--rim)\"/>\n<text class=\"zone\" x=\"{}\" y=\"{}\">{}</text>",
            x + PAD,
            y + LINE + 1.0,
            escaped(&zone.title)
        ),
    );
}

fn block(svg: &mut String, block: &Box) {
    let (x, y) = corner(block.at);
    put(
        svg,
        format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"6\" fill=\"var(--box)\" \
             stroke=\"var(--edge)\"/>"
        ),
    );
    text(
        svg,
        (x + WIDTH / 2.0, y + HEIGHT / 2.0),
        &block.lines,
        |line| if line == 0 { "name" } else { "more" },
    );
}

/// Lines of text around a point, one below the other.
fn text(svg: &mut String, at: (f64, f64), lines: &[String], class: impl Fn(usize) -> &'static str) {
    let count = u32::try_from(lines.len()).unwrap_or_default();
    let mut y = at.1 + 4.5 - f64::from(count.saturating_sub(1)) * LINE / 2.0;
    for (number, line) in lines.iter().enumerate() {
        let class = class(number);
        put(svg, format_args!("<text class=\"{class}\" x=\"{}\" y=\"{y}\">{}</text>", at.0, escaped(line)));
        y += LINE;
    }
}

fn arrow(svg: &mut String, arrow: &Arrow) {
    let (from, to) = ends(arrow.from, arrow.to);
    let dashes = if arrow.dashed { " stroke-dasharray=\"5 4\"" } else { "" };
    put(
        svg,
        format_args!(
            "<path d=\"M{} {} {} {}\" fill=\"none\" stroke=\"var(--edge)\" stroke-width=\"1.4\"{dashes} \
             marker-end=\"url(#tip)\"/>",
            from.0, from.1, to.0, to.1
        ),
    );
}

/// The label of an arrow, on a background that hides the arrows below it.
fn label(svg: &mut String, arrow: &Arrow, zones: &[Zone]) {
    let (from, to) = ends(arrow.from, arrow.to);
    let inside = zones.iter().any(|zone| within(zone, arrow.from) && within(zone, arrow.to));
    let ground = if inside { "inside" } else { "ground" };
    let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
    text(svg, middle, &arrow.lines, |_| ground);
    text(svg, middle, &arrow.lines, |_| "label");
}

fn within(zone: &Zone, at: Cell) -> bool {
    (zone.first.0..=zone.last.0).contains(&at.0) && (zone.first.1..=zone.last.1).contains(&at.1)
}

/// The ends of an arrow at its two boxes: on the sides that face each other. Lines that come from above are a little
/// to one side and those from below to the other, so that two lines do not overlap.
fn ends(from: Cell, to: Cell) -> ((f64, f64), (f64, f64)) {
    let (a, b) = (corner(from), corner(to));
    if from.0 == to.0 {
        let down = to.1 > from.1;
        let (leave, meet) = if down { (a.1 + HEIGHT, b.1) } else { (a.1, b.1 + HEIGHT) };
        return ((a.0 + WIDTH / 2.0, leave), (b.0 + WIDTH / 2.0, meet));
    }
    let right = to.0 > from.0;
    let (leave, meet) = if right { (a.0 + WIDTH, b.0) } else { (a.0, b.0 + WIDTH) };
    // The position on a side follows from where the line leads.
    let lean = |own: Cell, other: Cell| {
        let rows = f64::from(other.1) - f64::from(own.1);
        HEIGHT / 2.0 + rows.clamp(-2.0, 2.0) * 10.0 + if right { 4.0 } else { -4.0 } * rows.abs().min(1.0)
    };
    ((leave, a.1 + lean(from, to)), (meet, b.1 + lean(to, from)))
}

fn put(svg: &mut String, line: std::fmt::Arguments) {
    // Writing to a string cannot fail.
    let _written = writeln!(svg, "{line}");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
