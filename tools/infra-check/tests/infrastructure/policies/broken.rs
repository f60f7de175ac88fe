//! The policies with one thing wrong: every value, element and text of them in turn.

use infra_check::policy::Element;

/// One change, in words, and the policy with it.
pub(super) type Violation = (String, Element);

/// Every way to break an element or what is in it by one change: another value, no such attribute, no such element,
/// another text.
pub(super) fn ways(element: &Element) -> Vec<Violation> {
    let mut ways = Vec::new();
    let name = &element.name;
    for (place, (key, value)) in element.attributes.iter().enumerate() {
        let mut other = element.clone();
        other.attributes[place].1 = format!("{value}0");
        ways.push((format!("<{name} {key}> is another"), other));
        let mut without = element.clone();
        without.attributes.remove(place);
        ways.push((format!("<{name}> without {key}"), without));
    }
    if !element.text.is_empty() {
        ways.push((
            format!("<{name}> says something else"),
            Element { text: format!("{}0", element.text), ..element.clone() },
        ));
    }
    for (place, child) in element.children.iter().enumerate() {
        // What another scope does is in its own policy.
        if child.name == "base" {
            continue;
        }
        let mut without = element.clone();
        without.children.remove(place);
        ways.push((format!("<{name}> without <{}>", child.name), without));
        let changed = ways_in(element, place, child);
        ways.extend(changed);
    }
    ways
}

fn ways_in(element: &Element, place: usize, child: &Element) -> Vec<Violation> {
    let put = |(what, changed): Violation| {
        let mut other = element.clone();
        other.children[place] = changed;
        (format!("{}: {what}", element.name), other)
    };
    ways(child).into_iter().map(put).collect()
}
