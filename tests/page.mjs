// Looks at a rendered report in a headless browser: widths, themes, console, links, requests, accessibility, screenshots.
//
//   node tests/page.mjs REPORT_FOLDER [SCREENSHOT_FOLDER]
//
// Needs Node 22, or 20 with --experimental-websocket, and Chromium (`CHROMIUM` names another program). `AXE` is the path of axe-core's
// axe.min.js (`npm install axe-core`); without it that part is skipped, and says so. Exit code 0: nothing wrong or skipped.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [report, shots] = process.argv.slice(2);
const page = resolve(report ?? ".", "index.html");
if (!existsSync(page)) {
  console.error(`no index.html in ${report ?? "."}: name the folder of a rendered report`);
  process.exit(2);
}
const browser = process.env.CHROMIUM ?? "chromium";
if (spawnSync(browser, ["--version"]).status !== 0 || typeof WebSocket === "undefined") {
  console.log("skipped: needs Chromium, and Node 22 (or 20 with --experimental-websocket)");
  process.exit(0);
}
const axe = process.env.AXE ? readFileSync(process.env.AXE, "utf8") : null;
if (!axe) console.log("skipped: axe-core (AXE is not set)");

const profile = mkdtempSync(join(tmpdir(), "page-"));
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", `--user-data-dir=${profile}`];
const child = spawn(browser, flags, { stdio: ["ignore", "ignore", "pipe"] });
const address = await new Promise((found) => {
  let text = "";
  child.stderr.on("data", (data) => {
    text += data;
    const match = text.match(/ws:\/\/\S+/);
    if (match) found(match[0]);
  });
});
const socket = new WebSocket(address);
await new Promise((open) => (socket.onopen = open));

let number = 0;
const waiting = new Map();
const events = [];
let session;
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.id) {
    waiting.get(message.id)(message);
    waiting.delete(message.id);
  } else events.push(message);
};
async function send(method, params = {}) {
  const id = ++number;
  const answer = new Promise((done) => waiting.set(id, done));
  socket.send(JSON.stringify({ id, method, params, ...(session ? { sessionId: session } : {}) }));
  const { result, error } = await answer;
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}
async function evaluate(expression) {
  const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
}
async function event(name) {
  for (let i = 0; i < 1200; i++) {
    const at = events.findIndex((e) => e.method === name);
    if (at >= 0) return events.splice(at, 1)[0];
    await new Promise((r) => setTimeout(r, 50));
  }
  throw new Error(`${name} never came`);
}

const { targetId } = await send("Target.createTarget", { url: "about:blank" });
({ sessionId: session } = await send("Target.attachToTarget", { targetId, flatten: true }));
for (const domain of ["Page", "Runtime", "Network", "Log"]) await send(`${domain}.enable`);
if (shots) mkdirSync(shots, { recursive: true });

const wrong = [];
for (const theme of ["light", "dark"]) {
  for (const width of [360, 768, 1440]) {
    const where = `${width} px, ${theme}`;
    const say = (text) => wrong.push(`${where}: ${text}`);
    await send("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: width < 500 });
    await send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: theme }] });
    events.length = 0;
    await send("Page.navigate", { url: pathToFileURL(page).href });
    await event("Page.loadEventFired");
    const found = await evaluate(`(() => {
      const root = document.documentElement;
      const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
      const links = [...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute("href").slice(1));
      // what a box of its own does not scroll
      const out = [...document.body.querySelectorAll("*")].filter((e) =>
        !e.closest(".scroll, pre, svg, .skip, #tip, .contents") && e.getBoundingClientRect().right > root.clientWidth + 1);
      return {
        overflow: root.scrollWidth - root.clientWidth,
        out: out.slice(0, 5).map((e) => e.tagName + "." + e.className),
        doubled: ids.filter((id, i) => ids.indexOf(id) !== i),
        dead: links.filter((id) => id && !document.getElementById(id)),
        height: root.scrollHeight,
      };
    })()`);
    if (found.overflow > 0) say(`the page is ${found.overflow} px too wide`);
    if (found.out.length) say(`reaches beyond the page: ${found.out.join(", ")}`);
    if (found.doubled.length) say(`ids used twice: ${found.doubled.join(", ")}`);
    if (found.dead.length) say(`links to nowhere: ${found.dead.join(", ")}`);
    if (axe) {
      await evaluate(axe + ";0");
      const bad = await evaluate(`axe.run(document, { resultTypes: ["violations"] }).then((r) =>
        r.violations.map((v) => v.id + " (" + v.nodes.length + "): " + v.nodes[0].html.slice(0, 160)))`);
      bad.forEach((text) => say(`axe: ${text}`));
    }
    for (const e of events) {
      if (e.method === "Runtime.exceptionThrown") say(`error: ${e.params.exceptionDetails.text}`);
      if (e.method === "Runtime.consoleAPICalled" && e.params.type === "error") say("console error");
      if (e.method === "Log.entryAdded" && e.params.entry.level === "error") say(`log: ${e.params.entry.text}`);
      const url = e.params?.request?.url ?? "";
      if (e.method === "Network.requestWillBeSent" && !/^(file|data):/.test(url)) say(`request to ${url}`);
    }
    if (shots) {
      // whole pages are longer than a picture can be
      for (let i = 0, y = 0; y < found.height && i < 60; i++, y += 2400) {
        const clip = { x: 0, y, width, height: Math.min(2400, found.height - y), scale: 1 };
        const { data } = await send("Page.captureScreenshot", { clip, captureBeyondViewport: true });
        writeFileSync(join(shots, `${theme}-${width}-${String(i).padStart(2, "0")}.png`), Buffer.from(data, "base64"));
      }
    }
  }
}
socket.close();
await new Promise((gone) => (child.on("exit", gone), child.kill()));
rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
wrong.forEach((text) => console.error(text));
console.log(wrong.length ? `${wrong.length} wrong` : "nothing wrong");
process.exitCode = wrong.length ? 1 : 0;
