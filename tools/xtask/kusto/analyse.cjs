// Parses and analyses queries with Microsoft's own parser of KQL, against the published columns of their tables.
//
// stdin:  { parser, tables: { NAME: { COLUMN: TYPE } }, queries: [{ file, line, text }] }
// stdout: [{ file, line, column, says }], one for each thing that is wrong
const { readFileSync } = require('node:fs');
const { runInThisContext } = require('node:vm');

const { parser, tables, queries } = JSON.parse(readFileSync(0, 'utf8'));
// The package is made for browsers: its scripts define globals.
for (const script of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
  runInThisContext(readFileSync(`${parser}/${script}`, 'utf8'));
}
const { GlobalState, KustoCode, Symbols, Syntax } = Kusto.Language;

const symbols = Object.entries(tables).map(([name, columns]) => {
  const schema = Object.entries(columns).map(([column, type]) => `['${column}']: ${type}`);
  return new Symbols.TableSymbol.$ctor7(name, `(${schema.join(', ')})`, null);
});
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1('workspace', symbols, false));

// The parser compares an integer with a string and finds nothing wrong; the service answers SEM0064.
const EQUALITY = ['==', '!=', '<>', 'in', '!in'];
const KINDS = { int: 'number', long: 'number', real: 'number', decimal: 'number' };
const COMPARED = ['number', 'string', 'datetime', 'timespan', 'bool', 'guid'];

function kind(expression) {
  const type = expression.ResultType?.Name;
  return KINDS[type] ?? type;
}

function compared(node) {
  if (!EQUALITY.includes(node.Operator?.Text?.trim())) {
    return [];
  }
  if (Bridge.is(node, Syntax.BinaryExpression)) {
    return [node.Right];
  }
  const list = node.Right?.Expressions;
  return list ? Array.from({ length: list.Count }, (_, index) => list.getItem(index).Element$1) : [];
}

function incomparable(root) {
  const found = [];
  Syntax.SyntaxElement.WalkNodes(root, (node) => {
    const left = compared(node).length ? kind(node.Left) : undefined;
    for (const right of compared(node)) {
      const kinds = [left, kind(right)];
      if (left !== kinds[1] && kinds.every((one) => COMPARED.includes(one))) {
        const [one, other] = [node.Left, right].map((side) => side.ResultType.Name);
        found.push({ start: right.TextStart, says: `cannot compare ${one} with ${other}: convert one of them` });
      }
    }
  });
  return found;
}

function said(code) {
  const all = code.GetDiagnostics();
  const diagnostics = Array.from({ length: all.Count }, (_, index) => all.getItem(index));
  return diagnostics
    .filter(({ Severity }) => ['Error', 'Warning'].includes(Severity))
    .map(({ Start, Code, Message }) => ({ start: Start, says: `${Code} ${Message}` }));
}

const faults = queries.flatMap(({ file, line, text }) => {
  const code = KustoCode.ParseAndAnalyze(text, globals);
  return [...said(code), ...incomparable(code.Syntax)].map(({ start, says }) => {
    const [row, column] = [{ v: 0 }, { v: 0 }];
    code.TryGetLineAndOffset(start, row, column);
    return { file, line: line + row.v - 1, column: column.v, says };
  });
});
console.log(JSON.stringify(faults));
