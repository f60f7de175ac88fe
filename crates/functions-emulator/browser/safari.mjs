// Whether the scripts of the console use only what Safari has. No Safari runs here: this reads its published tables.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { tools } from "./browser.mjs";

const CONSOLE = fileURLToPath(new URL("../console/", import.meta.url));
const BROWSERS = ["safari >= 17"];

export function safari(test) {
  const { ESLint } = tools("eslint");
  const compat = tools("eslint-plugin-compat");
  const eslint = new ESLint({
    cwd: CONSOLE, overrideConfigFile: true,
    overrideConfig: [{ ...(compat.default ?? compat).configs["flat/recommended"], settings: { browsers: BROWSERS } },
      { languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: globals() } }],
  });
  const faults = (results) => results.flatMap(({ filePath, messages }) =>
    messages.map(({ line, message }) => `${filePath.replace(CONSOLE, "")}:${line}: ${message}`));

  test("the scripts use nothing that Safari 17 lacks", async () => {
    assert.deepEqual(faults(await eslint.lintFiles(["**/*.js"])), []);
  });

  test("what Safari 17 lacks is found", async () => {
    const [found] = faults(await eslint.lintText("new URLPattern({ pathname: '/' });", { filePath: "views/made-up.js" }));
    assert.match(found, /URLPattern.*Safari 17/i);
  });
}

/** A name that the page has, not the script's own, is what the rule looks at. */
const globals = () => Object.fromEntries(["URLPattern", "document", "location", "history", "navigator", "fetch", "URL",
  "URLSearchParams", "TextDecoderStream", "TextEncoder", "CustomEvent", "ClipboardItem", "Blob"].map((name) => [name, "readonly"]));
