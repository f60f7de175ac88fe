// Lists whose rows stay what they are while others come and go.

/**
 * Shows items in a list, a row for each. Rows are kept by key, so a row that is focused or being read stays so. `make`
 * returns a row: its `node`, and `show`, which is called with the item at each change.
 */
export function keyed(list, key, make) {
  const rows = new Map();
  return (items) => {
    const settle = held(list);
    const wanted = new Set(items.map(key));
    let lost = false;
    for (const [name, { node }] of rows) {
      if (wanted.has(name)) continue;
      lost ||= node.contains(document.activeElement);
      node.remove();
      rows.delete(name);
    }
    let next = list.firstElementChild;
    for (const item of items) {
      const name = key(item);
      if (!rows.has(name)) rows.set(name, make(item));
      const { node, show } = rows.get(name);
      show(item);
      if (node === next) next = next.nextElementSibling;
      else list.insertBefore(node, next);
    }
    settle();
    if (lost) list.querySelector("a, button")?.focus({ preventScroll: true });
  };
}

/** A row whose content is drawn anew only if the item has changed. `node` is what is put into the list. */
export function row(node, place, draw) {
  let before = null;
  return {
    node,
    show(item) {
      const now = JSON.stringify(item);
      if (now !== before) place.replaceChildren(...draw(item));
      before = now;
    },
  };
}

/** Notes where the reader is; the answer puts that row back there. At the very top, what is new shows itself. */
function held(list) {
  const scroller = scrollerOf(list);
  const focused = document.activeElement.matches(":focus-visible") ? document.activeElement.closest("li") : null;
  const at = list.contains(focused) ? focused : null;
  if (!at && scroller.scrollTop === 0) return () => {};
  const edge = scroller === document.scrollingElement ? 0 : scroller.getBoundingClientRect().top;
  const row = at ?? [...list.children].find((child) => child.getBoundingClientRect().bottom > edge);
  const before = row?.getBoundingClientRect().top;
  return () => {
    if (row?.isConnected) scroller.scrollTop += row.getBoundingClientRect().top - before;
  };
}

function scrollerOf(element) {
  for (let at = element.parentElement; at; at = at.parentElement) {
    if (at !== document.body && ["auto", "scroll"].includes(getComputedStyle(at).overflowY)) return at;
  }
  return document.scrollingElement;
}
