// Tollhouse's tag: records from a web page who its visitor is, and what happened. Described in docs/tag.md.
//
// A call is written into the page's storage with an idempotency key of its own before it is sent, and stays there until
// its answer is known. However often it is then sent (by this page, the next one, another tab, or a beacon as the page
// goes away) it has one effect.
(() => {
  "use strict";
  const stub = window.cp;
  if (stub && stub.isTollhouse) return;

  const PATHS = { identify: "/customers", event: "/events", charge: "/charges", tag: "/tags", page: "/pages" };
  const DATED = ["/events", "/charges", "/pages"];
  const CALLS_MAX = 500;
  const BYTES_MAX = 60000; // of one call, and of the beacons of one page: browsers take 64 kB
  const BEACONS_MAX = 20;
  const ANSWER_MS = 30000;
  const LATE_MS = 60000;
  const GAP_MS_MAX = 60000;
  const RETRY_AFTER_MS_MAX = 3600000;

  const source = document.currentScript && document.currentScript.src;
  let api = source ? new URL("..", source).href.replace(/\/+$/, "") : "";
  let gapMs = 1000;
  let key = "";
  let who = null; // whom this page itself has named
  let held = []; // calls that wait for init, or to know whose they are
  let order = 0;
  let failures = 0;
  let timer = 0;
  let isSending = false;
  let saidPush = false;
  const beaconed = new Set();

  const warn = (text, ...more) => console.warn(`cp: ${text}`, ...more);
  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const isGiven = (value) => value !== undefined && value !== null && value !== "";
  const isNamed = (fields) => isGiven(fields.user_id) || isGiven(fields.email);
  const bytes = (text) => new Blob([text]).size;

  // Storage: the page's own, or memory where that is refused or full.

  const memory = new Map();
  const place = (name) => `cp:${key}:${name}`;
  const attempt = (work) => {
    try {
      return work();
    } catch {
      return null;
    }
  };
  const read = (name) => memory.get(name) || attempt(() => localStorage.getItem(name));
  const write = (name, value) => {
    const text = JSON.stringify(value);
    memory.set(name, text);
    attempt(() => (localStorage.setItem(name, text), memory.delete(name)));
  };
  const erase = (name) => {
    memory.delete(name);
    attempt(() => localStorage.removeItem(name));
  };
  const parsed = (name) => attempt(() => JSON.parse(read(name)));
  const waiting = () => {
    const names = [...memory.keys(), ...(attempt(() => Object.keys(localStorage)) || [])];
    return names.filter((name) => name.startsWith(place("call:"))).sort();
  };

  function randomKey() {
    if (crypto.randomUUID) return crypto.randomUUID();
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // Calls.

  function cp(name, ...given) {
    try {
      if (name === "init") init(given[0], given[1]);
      else if (name === "push") push();
      else if (name === "forget" || Object.hasOwn(PATHS, name)) take({ name, fields: fieldsOf(name, given[0]), at: Date.now() });
      else warn(`there is no call "${String(name)}"`);
    } catch (error) {
      warn(`${String(name)} was not recorded:`, error);
    }
  }

  function init(given, options) {
    const { api: base = api, retry_ms: retryMs = gapMs } = options || {};
    if (typeof given !== "string" || !/^[!-~]{1,255}$/.test(given)) return warn("init wants a public key");
    if (/^[sa]k_/.test(given)) return warn("init was given a secret key, which no page may show: revoke it, and use a public one");
    if (!/^https?:\/\//.test(base)) return warn("init wants the server's address: {api: 'https://...'}");
    if (key && key !== given) return warn("init was called before with another key");
    [key, api, gapMs] = [given, base.replace(/\/+$/, ""), Number(retryMs) || gapMs];
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
    if (name === "identify" && !isNamed(given)) throw new TypeError("it wants a user_id or an email");
    // Neither query nor fragment: they may hold what is nobody else's business.
    if (name === "page") return { url: location.origin + location.pathname, title: document.title, ...given };
    return { ...given };
  }

  function take(call) {
    const { name, fields, at } = call;
    if (key && name === "forget") return forget();
    if (key && name === "identify") {
      who = { user_id: fields.user_id, email: fields.email };
      write(place("who"), who);
    }
    const whose = isNamed(fields) ? {} : who || parsed(place("who"));
    if (!key || !whose) return hold(call);
    keep({ path: PATHS[name], at, body: { ...whose, ...fields } });
    if (name === "identify") release();
    drain();
  }

  function hold(call) {
    if (held.length < CALLS_MAX) held.push(call);
    else warn(`${call.name} was dropped: too many calls wait for ${key ? "identify" : "init"}`);
  }

  function release() {
    const calls = held;
    held = [];
    calls.forEach(take);
  }

  function forget() {
    who = null;
    held = [];
    erase(place("who"));
  }

  function keep(call) {
    if (waiting().length >= CALLS_MAX) return warn(`a call to ${call.path} was dropped: too many wait to be sent`);
    if (bytes(JSON.stringify(call.body)) > BYTES_MAX) return warn(`a call to ${call.path} was dropped: it is too large`);
    order = Math.max(Date.now(), order + 1);
    write(place(`call:${order}:${randomKey()}`), call);
  }

  // Sending: one call after the other, in the order in which they were made.

  const keyOf = (name) => name.slice(name.lastIndexOf(":") + 1);
  const hasOwnKey = (call) => !isGiven(call.body.idempotency_key);

  // What is sent late says when it was; what is sent at once leaves that to the server, whose clock is right.
  function isDatedByUs(call) {
    const isLate = Date.now() - call.at > LATE_MS;
    return isLate && !call.undated && DATED.includes(call.path) && hasOwnKey(call) && !isGiven(call.body.created_at);
  }

  const bodyOf = (call) => (isDatedByUs(call) ? { ...call.body, created_at: Math.floor(call.at / 1000) } : call.body);

  async function drain() {
    if (!key || timer || isSending) return;
    isSending = true;
    const waitMs = await alone(round);
    isSending = false;
    if (!waitMs) failures = 0;
    // What was added meanwhile by another tab is sent by that tab.
    if (waitMs) timer = setTimeout(again, waitMs);
  }

  function again() {
    clearTimeout(timer);
    timer = 0;
    drain();
  }

  // One tab at a time where the browser can tell; where it cannot, two may send the same, which does no harm.
  function alone(work) {
    if (!navigator.locks) return work();
    const giveUp = new AbortController();
    setTimeout(() => giveUp.abort(), ANSWER_MS);
    return navigator.locks.request(place("lock"), { signal: giveUp.signal }, work).catch(work);
  }

  // Sends all that wait; for how long to wait before the next round, 0 when nothing is left to send.
  async function round() {
    const tried = new Set();
    let waitMs = 0;
    for (;;) {
      const name = waiting().find((one) => !tried.has(one));
      if (!name) return waitMs;
      tried.add(name);
      const call = parsed(name);
      if (!isObject(call)) {
        erase(name);
        continue;
      }
      const answer = await send(name, call);
      const isAgain = !answer || answer.status >= 500 || answer.status === 408 || answer.status === 429;
      if (!isAgain && (await settle(name, call, answer))) {
        failures = 0;
        continue;
      }
      if (!isAgain) {
        tried.delete(name);
        continue;
      }
      waitMs = Math.max(waitMs, gap(answer));
      // A fault may be of this call alone; anything else is the server's or the way's, and the next would meet it too.
      if (!answer || answer.status !== 500) return waitMs;
    }
  }
