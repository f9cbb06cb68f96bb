// Tollhouse's tag: tells the server who visits a web page, and what happened there. See docs/tag.md.
//
// A call is written into the page's storage, with an idempotency key of its own, before it is sent, and stays there
// until its answer is known. However often it is sent, by whichever page, it has one effect.
(() => {
  "use strict";
  if (window.cp && window.cp.isTollhouse) return;

  const PATHS = {
    __proto__: null,
    identify: "/customers",
    event: "/events",
    charge: "/charges",
    tag: "/tags",
    page: "/pages",
  };
  const DATED = ["event", "charge", "page"];
  const CALLS_MAX = 500;
  const CALL_BYTES_MAX = 50000;
  const BEACONS_MAX = 20;
  const ANSWER_MS_MAX = 30000;
  const LATE_MS = 60000;
  const GAP_MS_MAX = 60000;
  const RETRY_AFTER_MS_MAX = 3600000;

  const source = document.currentScript && document.currentScript.src;
  let api = source ? new URL("..", source).href : "";
  let gapMs = 1000;
  let key = "";
  let who = null; // whom this page itself named
  let held = []; // calls that wait for init, or for somebody whose they are
  let lastPlace = 0;
  let timer = 0;
  let isSending = false;
  let isMore = false;
  let saidPush = false;
  const beaconed = new Set();

  const warn = (text, ...more) => console.warn(`cp: ${text}`, ...more);
  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const isGiven = (value) => value !== undefined && value !== null && value !== "";
  const isNamed = (fields) => isGiven(fields.user_id) || isGiven(fields.email);
  const isId = (value) => typeof value === "string" || Number.isInteger(value);
  const isEmail = (value) => typeof value === "string" && value.length < 255 && /^[^@]+@[^@]+$/.test(value.trim());
  const bytes = (text) => new Blob([text]).size;
  const attempt = (work) => {
    try {
      return work();
    } catch {
      return null;
    }
  };

  // Storage: the page's own; memory where that is refused or full.

  const memory = new Map();
  const place = (name) => `cp:${key}:${name}`;
  const read = (name) => attempt(() => JSON.parse(memory.get(name) || localStorage.getItem(name)));
  const write = (name, value) => {
    const text = JSON.stringify(value);
    memory.set(name, text);
    attempt(() => {
      localStorage.setItem(name, text);
      memory.delete(name);
    });
  };
  const erase = (name) => {
    memory.delete(name);
    attempt(() => localStorage.removeItem(name));
  };
  const waiting = () => {
    const names = [...memory.keys(), ...(attempt(() => Object.keys(localStorage)) || [])];
    return names.filter((name) => name.startsWith(place("call:"))).sort();
  };

  // What a page calls.

  function cp(name, given, options) {
    try {
      if (name === "init") init(given, options || {});
      else if (name === "push") push();
      else if (name === "forget" || PATHS[name]) take({ name, fields: fieldsOf(name, given), at: Date.now() });
      else warn(`there is no call "${String(name)}"`);
    } catch (error) {
      warn(`${String(name)} was not recorded:`, error);
    }
  }

  function init(given, options) {
    const address = new URL(options.api || api || "data:,", location.href).href;
    if (typeof given !== "string" || !/^[!-~]{1,255}$/.test(given)) return warn("init wants a public key");
    if (/^[sa]k_/.test(given)) return warn("init wants a public key; revoke this one, now that a page shows it");
    if (!/^https?:/.test(address)) return warn("init wants the server's address: { api: 'https://...' }");
    if (key && key !== given) return warn("init was called with another key before");
    key = given;
    api = address.replace(/\/+$/, "");
    gapMs = options.retry_ms > 0 ? Math.min(options.retry_ms, GAP_MS_MAX) : gapMs;
    release();
    drain();
  }

  function push() {
    if (!saidPush) console.info("cp: push messages are not served here");
    saidPush = true;
  }

  function fieldsOf(name, given) {
    if (name === "forget") return {};
    if (name === "tag" && typeof given === "string") return { name: given };
    if (name === "page" && given === undefined) given = {};
    if (!isObject(given)) throw new TypeError("it wants an object");
    if (name === "identify") checkIdentity(given.user_id, given.email);
    // Of the address neither query nor fragment, which may hold secrets; of what was given a copy of what it is now.
    const here = name === "page" ? { url: location.origin + location.pathname, title: title() } : {};
    return { ...here, ...JSON.parse(JSON.stringify(given)) };
  }

  // As much of it as the server takes, without half a character at its end.
  const title = () => document.title.slice(0, 500).replace(/[\ud800-\udbff]$/, "");

  function checkIdentity(id, email) {
    if (isGiven(id) && !isId(id)) throw new TypeError("a user_id is a text or a whole number");
    if (!isGiven(id) && !isEmail(email)) throw new TypeError("it wants a user_id or an email");
  }

  function take(call) {
    const { name, fields, at } = call;
    if (key && name === "forget") return forget();
    if (key && name === "identify") {
      // An address that will be refused must not take the charges that follow with it.
      who = { user_id: fields.user_id, email: isEmail(fields.email) ? fields.email : undefined };
      write(place("who"), who);
    }
    const whose = isNamed(fields) ? {} : who || read(place("who"));
    if (!key || !whose) return hold(call);
    keep({ kind: name, at, body: { ...whose, ...fields } });
    if (name === "identify") release();
    drain();
  }

  function hold(call) {
    if (held.length < CALLS_MAX) held.push(call);
    else warn(`${call.name} was dropped: too many calls wait for ${key ? "identify" : "init"}`);
  }

  function drop(why) {
    if (held.length) warn(`${held.length} calls were dropped: ${why}`);
    held = [];
  }

  function forget() {
    who = null;
    erase(place("who"));
    drop("nobody was identified before forget");
  }

  function release() {
    const calls = held;
    held = [];
    calls.forEach(take);
  }

  function keep(call) {
    if (waiting().length >= CALLS_MAX) return warn(`${call.kind} was dropped: too many calls wait to be sent`);
    if (bytes(JSON.stringify(call.body)) > CALL_BYTES_MAX) return warn(`${call.kind} was dropped: it is too large`);
    lastPlace = Math.max(Date.now(), lastPlace + 1);
    write(place(`call:${lastPlace}:${call.kind}:${randomKey()}`), call);
  }

  function randomKey() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const random = Array.from(crypto.getRandomValues(new Uint8Array(16)));
    return random.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // Sending: one call after another, in the order in which they were made.

  const keyOf = (name) => name.split(":").pop();
  const kindOf = (name) => name.split(":").slice(-2)[0];
  const callAt = (name) => {
    const call = read(name);
    if (call && PATHS[call.kind] && isObject(call.body)) return call;
    return erase(name); // nothing that a tag wrote
  };
  const hasOurKey = (call) => !isGiven(call.body.idempotency_key);

  // What is sent at once leaves its time to the server, whose clock is right; what is sent late says when it was.
  const isDatedByUs = (call) =>
    Date.now() - call.at > LATE_MS &&
    !call.isUndated &&
    DATED.includes(call.kind) &&
    hasOurKey(call) &&
    !isGiven(call.body.created_at);
  const bodyOf = (call) => (isDatedByUs(call) ? { ...call.body, created_at: Math.floor(call.at / 1000) } : call.body);

  // Until when to wait, and after how many failures: of one call, of a kind of calls, or ("") of all.
  const waits = new Map();
  const now = () => performance.now();
  const dueIn = (name) => {
    const untils = ["", kindOf(name), name].map((one) => (waits.has(one) ? waits.get(one).until : 0));
    return Math.max(...untils) - now();
  };
  const postpone = (what, answer) => {
    const { failures } = waits.get(what) || { failures: 0 };
    waits.set(what, { until: now() + gapAfter(answer, failures), failures: failures + 1 });
  };

  async function drain() {
    isMore = true;
    if (!key || isSending) return;
    isSending = true;
    while (isMore) {
      isMore = false;
      await alone(round);
    }
    isSending = false;
    clearTimeout(timer);
    const soonest = Math.min(...waiting().map(dueIn));
    if (soonest < Infinity) timer = setTimeout(drain, Math.max(soonest, gapMs / 2));
  }

  function again() {
    waits.clear();
    drain();
  }

  // One tab at a time, where the browser can tell. Where it cannot, two may send the same, which does no harm.
  function alone(work) {
    if (!navigator.locks) return work();
    const patience = new AbortController();
    setTimeout(() => patience.abort(), ANSWER_MS_MAX);
    return navigator.locks.request(place("lock"), { signal: patience.signal }, work).catch(work);
  }

  async function round() {
    const tried = new Set();
    for (let name; (name = waiting().find((one) => !tried.has(one) && dueIn(one) <= 0)); ) {
      tried.add(name);
      const call = callAt(name);
      if (!call) continue;
      const answer = await post(call, keyOf(name));
      if (answer && answer.status < 500 && ![408, 429].includes(answer.status)) {
        if (await isSettled(name, call, answer)) erase(name);
        else tried.delete(name);
        ["", call.kind, name].forEach((one) => waits.delete(one));
      } else if (!answer) {
        // The first time all wait, so that the order is kept. But what goes on failing must not hold up the rest: some
        // blockers let no events through.
        const isFirst = !waits.has(call.kind);
        postpone(call.kind, null);
        if (isFirst) waits.set("", { ...waits.get(call.kind), failures: 0 });
      } else {
        // A fault may be of this call alone; anything else is what the server says to all.
        postpone(answer.status === 500 ? name : "", answer);
      }
    }
  }

  // The answer; null when none came.
  async function post(call, ourKey) {
    const patience = new AbortController();
    const limit = setTimeout(() => patience.abort(), ANSWER_MS_MAX);
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    if (hasOurKey(call)) headers["Idempotency-Key"] = ourKey;
    try {
      return await fetch(api + PATHS[call.kind], {
        method: "POST",
        headers,
        body: JSON.stringify(bodyOf(call)),
        credentials: "omit",
        keepalive: true,
        signal: patience.signal,
      });
    } catch {
      return null;
    } finally {
      clearTimeout(limit);
    }
  }

  // Whether a call is over; false: it is to be sent again, changed.
  async function isSettled(name, call, answer) {
    // Under a key of ours only an earlier try of the same call, without a time or with one, can have come first.
    if (answer.ok || (answer.status === 409 && hasOurKey(call))) return true;
    const told = await answer.json().catch(() => ({}));
    if (isDatedByUs(call) && told.errors && told.errors.created_at) {
      // This clock is ahead; the server's own time is the better one.
      write(name, { ...call, isUndated: true });
      return false;
    }
    warn(`the server refused ${call.kind} (${answer.status}): ${told.message || answer.statusText}`);
    return true;
  }

  function gapAfter(answer, failures) {
    const asked = (answer && answer.headers.get("Retry-After")) || "";
    const askedMs = /^\d+$/.test(asked) ? asked * 1000 : Date.parse(asked) - Date.now() || 0;
    const growing = Math.min(gapMs * 2 ** failures, GAP_MS_MAX) * (0.5 + Math.random() / 2);
    return Math.max(growing, Math.min(askedMs, RETRY_AFTER_MS_MAX));
  }

  // As the page goes away: what waits is sent by beacons, which outlive it. No answer comes, so it goes on waiting too.
  function sendBeacons() {
    if (!key || !navigator.sendBeacon) return;
    const names = waiting().filter((name) => !beaconed.has(name));
    for (const name of names.slice(0, BEACONS_MAX)) {
      const call = callAt(name);
      if (!call) continue;
      const ours = hasOurKey(call) ? { idempotency_key: keyOf(name) } : {};
      const text = JSON.stringify({ ...bodyOf(call), ...ours, api_key: key });
      // Browsers take 64 kB at once, and say no to more.
      if (!navigator.sendBeacon(api + PATHS[call.kind], text)) return;
      beaconed.add(name);
    }
  }

  function start() {
    addEventListener("pagehide", () => {
      sendBeacons();
      drop(`this page never said ${key ? "whose they are (identify)" : "init"}`);
    });
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && sendBeacons());
    addEventListener("pageshow", (event) => event.persisted && again());
    addEventListener("online", again);
    const { q = [] } = window.cp;
    cp.isTollhouse = true;
    cp.q = { push: (call) => cp(...call) };
    window.cp = cp;
    for (const call of q) attempt(() => cp(...call));
  }

  // What a page does that is only rendered ahead, and perhaps never seen, has not happened yet.
  window.cp = window.cp || function () { (window.cp.q = window.cp.q || []).push(arguments); };
  if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
})();
