// The console on the orders app, in headless browsers: a walk through everything, attacks, and how it looks.
// Then the console on an app that is somebody else's, and on one whose build fails.
// CONSOLE_URL is the console's, APP_URL the app's, ANYONE_URL that of the other console, CONSOLE_SHOTS the folder for
// pictures, XTASK this project's program.

import { after, before, test } from "node:test";
import { anyone } from "../../../crates/functions-emulator/browser/anyone.mjs";
import { attacks } from "../../../crates/functions-emulator/browser/attacks.mjs";
import { launch } from "../../../crates/functions-emulator/browser/browser.mjs";
import { firefox } from "../../../crates/functions-emulator/browser/firefox.mjs";
import { lists } from "../../../crates/functions-emulator/browser/lists.mjs";
import { looks } from "../../../crates/functions-emulator/browser/looks.mjs";
import { safari } from "../../../crates/functions-emulator/browser/safari.mjs";
import { views } from "../../../crates/functions-emulator/browser/views.mjs";
import { rebuild } from "./rebuild.mjs";
import { traces } from "./traces.mjs";
import { walk } from "./walk.mjs";

const { CONSOLE_URL: url, APP_URL: app, CONSOLE_SHOTS: shots, CONSOLE_TENANT: tenant } = process.env;
const { ANYONE_URL: other, XTASK: xtask } = process.env;
let started;
const browser = () => started;

before(async () => (started = await launch()));
after(() => started?.close());

walk(test, browser, url);
traces(test, browser, url, shots);
attacks(test, browser, url, { app, tenant, queue: "orders-incoming", user: "admin" });
looks(test, browser, url, shots, ["functions/CreateOrder", "calls/1", "calls/2?with=1", "api/CreateOrder"]);
lists(test, browser, other, "SimpleHttpTrigger");
anyone(test, browser, other);
views(test, browser, other);
firefox(test, url, shots);
safari(test);
rebuild(test, browser, xtask, shots);
