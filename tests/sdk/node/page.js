// A page for the SDK outside of a browser: its globals are stand-ins, and its clock is ours.
'use strict';
const fs = require('fs');
const vm = require('vm');

/** A storage that pages and tabs share. With `broken` every call throws, as in a private window. */
function makeStorage(broken) {
  const kept = new Map();
  const guard = () => {
    if (broken) throw new Error('SecurityError');
  };
  return {
    kept,
    getItem: (key) => (guard(), kept.has(key) ? kept.get(key) : null),
    setItem: (key, text) => (guard(), void kept.set(key, String(text))),
    removeItem: (key) => (guard(), void kept.delete(key)),
    key: (i) => (guard(), [...kept.keys()][i] ?? null),
  };
}

/** The documented part of WeChat's `wx` that the SDK uses; it is strict where the document is. */
function makeWx(storage, serve) {
  const need = (right, text) => {
    if (!right) throw new Error(text);
  };
  return {
    request(call) {
      need(call.method === 'POST', 'method: upper case');
      need(['string', 'object'].includes(typeof call.data), 'data: string or object');
      serve(call.url, String(call.data), (answer) => {
        if (answer === null) return call.fail && call.fail({ errMsg: 'request:fail', errno: 5 });
        // Without another dataType the answer is parsed.
        const parsed = call.dataType === undefined || call.dataType === 'json';
        const data = parsed ? JSON.parse(answer) : answer;
        if (call.success) call.success({ data, statusCode: 200, header: {}, cookies: [] });
      });
    },
    getStorageSync: (key) => storage.getItem(key) ?? '',
    setStorageSync: (key, data) => storage.setItem(key, data),
    removeStorageSync: (key) => storage.removeItem(key),
    getStorageInfoSync: () => ({ keys: [...storage.kept.keys()], currentSize: 1, limitSize: 10240 }),
  };
}

/**
 * Open a page.
 *
 * kind: `wx`, `fetch` or `xhr`. service(path, body): {text, after} or null for no answer at all.
 * beacon(body): what sendBeacon returns; no beacon without it.
 */
function openPage({ file, kind, service, storage = makeStorage(), start = 1.7e12, beacon, query = '' }) {
  const calls = [];
  const timers = new Map();
  const listeners = {};
  let now = start;
  let last = 0;
  const setTimer = (run, delay, ...rest) => {
    timers.set(++last, { at: now + (delay || 0), run: () => run(...rest) });
    return last;
  };
  const serve = (url, body, done) => {
    const path = new URL(url, 'http://shop.example').pathname.slice('/v1/'.length);
    calls.push({ url, path, body: JSON.parse(body), at: now - start });
    const told = service(path, JSON.parse(body), calls.length);
    if (told && told.never) return;
    setTimer(() => done(told ? told.text : null), told ? told.after : 1);
  };
  const globals = {
    console,
    setTimeout: setTimer,
    clearTimeout: (id) => timers.delete(id),
    Date: { now: () => now },
    module: { exports: {} },
  };
  if (kind === 'wx') globals.wx = makeWx(storage, serve);
  else {
    Object.assign(globals, {
      window: globals,
      localStorage: storage,
      location: { search: query },
      document: { hidden: false },
      addEventListener: (name, run) => (listeners[name] = [...(listeners[name] || []), run]),
      navigator: beacon && {
        sendBeacon: (url, body) => {
          const taken = beacon(JSON.parse(body));
          calls.push({ url, path: 'beacon', body: JSON.parse(body), at: now - start });
          return taken;
        },
      },
    });
  }
  if (kind === 'fetch') {
    globals.fetch = (url, { method, body, headers }) =>
      new Promise((resolve, reject) => {
        if (method !== 'POST' || headers) throw new Error('not a simple POST');
        serve(url, body, (text) =>
          text === null
            ? reject(new TypeError('Failed to fetch'))
            : resolve({ text: () => Promise.resolve(text) })
        );
      });
  }
  if (kind === 'xhr') {
    globals.XMLHttpRequest = class {
      open(method, url) {
        Object.assign(this, { method, url, readyState: 1 });
      }
      send(body) {
        serve(this.url, body, (text) => {
          Object.assign(this, { readyState: 4, responseText: text ?? '', status: text ? 200 : 0 });
          this.onreadystatechange();
        });
      }
    };
    globals.Promise = undefined; // an old browser has none
  }
  globals.IntersectionObserver = class {
    constructor(run, options) {
      globals.observed = (ratio) => run([{ intersectionRatio: ratio }]);
      if (options.threshold !== 0.5) throw new Error('half of it');
    }
    observe() {}
  };
  vm.runInNewContext(fs.readFileSync(file, 'utf8'), globals);
  /** Let time pass: timers run in their order, and promises after each. */
  const pass = async (milliseconds) => {
    const until = now + milliseconds;
    for (;;) {
      for (let i = 0; i < 5; i++) await Promise.resolve();
      const next = [...timers].filter(([, t]) => t.at <= until).sort((a, b) => a[1].at - b[1].at)[0];
      if (!next) break;
      timers.delete(next[0]);
      now = Math.max(now, next[1].at);
      next[1].run();
    }
    now = until;
  };
  return {
    nudge: globals.module.exports,
    globals,
    calls,
    storage,
    pass,
    setClock: (time) => (now = time),
    happen: (name, event = {}) => (listeners[name] || []).forEach((run) => run(event)),
    sent: (path = 'events') => calls.filter((call) => call.path === path).map((call) => call.body),
    waiting: () => [...storage.kept.keys()].filter((key) => key.startsWith('nudge.e')),
  };
}

module.exports = { openPage, makeStorage };
