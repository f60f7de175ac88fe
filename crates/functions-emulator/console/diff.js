// How two texts differ, line by line.

/** Lines of each text that are compared; what follows counts as different. */
const MOST = 1500;

/** Lines as pairs of a mark and a text: `=` stands in both, `-` in the first alone, `+` in the second alone. */
export function diff(first, second) {
  const [one, other] = [first, second].map((text) => (text === "" ? [] : text.split("\n")));
  let start = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start++;
  let end = 0;
  while (end < one.length - start && end < other.length - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  const middle = (lines) => lines.slice(start, lines.length - end);
  return [...marked("=", one.slice(0, start)), ...between(middle(one), middle(other)),
    ...marked("=", one.slice(one.length - end))];
}

const marked = (mark, lines) => lines.map((line) => [mark, line]);

/** The longest common subsequence, by its table. */
function between(one, other) {
  if (one.length > MOST || other.length > MOST) return [...marked("-", one), ...marked("+", other)];
  const width = other.length + 1;
  const common = new Uint16Array((one.length + 1) * width);
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      common[i * width + j] = one[i] === other[j] ? common[(i + 1) * width + j + 1] + 1
        : Math.max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  const lines = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    if (i < one.length && j < other.length && one[i] === other[j]) lines.push(["=", one[i++]]), j++;
    else if (j === other.length || (i < one.length && common[(i + 1) * width + j] >= common[i * width + j + 1])) lines.push(["-", one[i++]]);
    else lines.push(["+", other[j++]]);
  }
  return lines;
}
