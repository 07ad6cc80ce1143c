// Rules of the SDK, each played on a page: name -> function that returns what happened, as JSON.
// `node rules.js FILE KIND` plays all of them with one file and one transport.
'use strict';
const { openPage, makeStorage } = require('./page.js');
const [file, kind] = process.argv.slice(2);

const OPTIONS = {
  endpoint: 'https://nudge.example/',
  key: 'a key',
  channel: kind === 'wx' ? 'miniprogram' : 'wap',
  defaults: { banner: 'own', denomination: 100, payment_retry: 'choose' },
};
const accepted = () => ({ text: '{"accepted":1,"duplicates":0,"rejected":[]}', after: 20 });
const decided = (body, after = 20) => ({
  after,
  text: JSON.stringify({
    decisions: Object.fromEntries(
      body.slots.map((slot) => [
        slot,
        { decision_id: `id-${slot}`, variant: 'b', value: `their ${slot}`, reason: 'policy' },
      ])
    ),
    device_token: 'token-1',
  }),
});
const healthy = (path, body) => (path === 'decisions' ? decided(body) : accepted());
const open = (more = {}, options = {}) => {
  const page = openPage({ file, kind, service: healthy, ...more });
  page.nudge.init({ ...OPTIONS, ...options });
  return page;
};
/** What a page is shown, each time that it is told. */
const ask = (page, slots = ['banner'], context = { page: 'home' }) => {
  const shown = [];
  page.nudge.decide(slots, context, (answers) => shown.push(structuredClone(answers)));
  return shown;
};
const ids = (bodies) => bodies.flatMap((body) => body.events.map((event) => event.event_id));

const RULES = {
  async answered() {
    const page = open();
    const shown = ask(page, ['banner', 'denomination'], { page: 'home', city_tier: '1' });
    await page.pass(25);
    const first = page.calls[0];
    ask(page, ['banner'], { page: 'recharge' });
    await page.pass(25);
    return { shown, url: first.url, body: first.body, second: page.sent('decisions')[1] };
  },
  async late() {
    const page = open({ service: (path, body) => (path === 'decisions' ? decided(body, 400) : accepted()) });
    const shown = ask(page);
    await page.pass(299);
    const before = shown.length;
    await page.pass(1);
    const at_budget = shown.length;
    await page.pass(5000);
    const again = ask(page);
    page.nudge.shown(again[0].banner.decision_id);
    page.nudge.shown(undefined);
    await page.pass(6000);
    return { before, at_budget, shown, again, events: page.sent(), token: page.storage.kept.get('nudge.t') };
  },
  async broken() {
    const found = {};
    const answers = { none: null, html: { text: '<html>', after: 5 }, error: { text: '{"code":"internal"}', after: 5 }, null: { text: 'null', after: 5 } };
    for (const [name, told] of Object.entries(answers)) {
      const page = open({ service: () => told });
      const shown = ask(page);
      await page.pass(10);
      found[name] = shown;
    }
    return found;
  },
  async remembered() {
    const page = open();
    const first = ask(page);
    await page.pass(50);
    const second = ask(page, ['banner', 'denomination']);
    await page.pass(50);
    const called = page.sent('decisions').map((body) => body.slots);
    await page.pass(18e5);
    ask(page);
    await page.pass(50);
    return { first, second, called, later: page.sent('decisions').length };
  },
  async acknowledged() {
    const page = open();
    page.nudge.shown('id-1');
    page.nudge.track('step', { step: 'home' });
    const kept = page.waiting().length;
    await page.pass(100);
    return { kept, left: page.waiting().length, events: page.sent() };
  },
  async repeated() {
    // Nothing, an error, a portal's page, a limit: all of them come again, in the next page too.
    const answers = [null, { text: '{"code":"internal"}', after: 5 }, { text: '<html>', after: 5 },
      { text: '{"accepted":1,"rejected":[{"event_id":"x","code":"too_many_requests"}]}', after: 5 }, { never: true }];
    const storage = makeStorage();
    const first = open({ storage, service: (path, body, n) => answers[n - 1] ?? null });
    first.nudge.shown('id-1');
    first.nudge.track('step', { step: 'home' });
    await first.pass(90e3);
    const tries = first.calls.map((call) => call.at);
    const left = first.waiting().length;
    const next = open({ storage });
    await next.pass(100);
    const same = new Set([...first.sent(), ...next.sent()].map((body) => ids([body]).join()));
    return { tries, left, same: same.size, gone: next.waiting().length };
  },
  async batches() {
    const page = open();
    for (let i = 0; i < 60; i++) page.nudge.track('step', { step: 'home' });
    await page.pass(500);
    const sizes = page.sent().map((body) => body.events.length);
    return { sizes, distinct: new Set(ids(page.sent())).size, left: page.waiting().length };
  },
  async bounded() {
    const page = open({ service: () => null });
    for (let i = 0; i < 130; i++) {
      page.nudge.track('feedback', { score: i % 10, scene: `s${i}` });
      await page.pass(1);
    }
    const scenes = page.waiting().map((key) => JSON.parse(page.storage.kept.get(key)).scene).sort();
    return { kept: scenes.length, newest: scenes.includes('s129'), oldest: scenes.includes('s0') };
  },
  async storage_throws() {
    const page = open({ storage: makeStorage(true) });
    const shown = ask(page);
    await page.pass(50);
    page.nudge.shown(shown[0].banner.decision_id);
    await page.pass(50);
    const asked = page.sent('decisions')[0];
    return { shown, events: page.sent(), visitor: asked.visitor_id.length > 20 };
  },
  async two_tabs() {
    const storage = makeStorage();
    const down = { storage, service: () => null };
    const [one, two] = [open(down), open(down)];
    one.nudge.track('step', { step: 'home' });
    two.nudge.track('step', { step: 'recharge' });
    one.nudge.shown('id-1');
    two.nudge.shown('id-1');
    await Promise.all([one.pass(50), two.pass(50)]);
    const next = open({ storage });
    await next.pass(100);
    const sent = next.sent()[0].events;
    const visitors = new Set(sent.map((event) => event.visitor_id)).size;
    return { names: [...new Set(ids(next.sent()))].length, visitors, left: next.waiting().length };
  },
  async clock() {
    // The clock of 1970 is put right while the event waits; another is set back by a day.
    const storage = makeStorage();
    const page = open({ storage, start: 1000, service: () => null });
    page.nudge.track('step', { step: 'home' });
    await page.pass(10e3);
    const ages = page.sent().map((body) => body.events[0].ago);
    const next = open({ storage, start: 1.7e12 - 864e5 });
    next.nudge.track('step', { step: 'home' });
    await next.pass(10);
    return { ages, timed: JSON.stringify(next.sent()).includes('"at"'), all: next.sent()[0].events.map((e) => e.ago) };
  },
  async corrupt() {
    const storage = makeStorage();
    storage.setItem('nudge.e1700000000000.x', '{broken');
    storage.setItem('nudge.e1700000000000.y', 'null');
    storage.setItem('nudge.a', '{');
    storage.setItem('', 'of another program');
    const page = open({ storage });
    page.nudge.track('step', { step: 'home' });
    const shown = ask(page, ['denomination']);
    await page.pass(100);
    return { sent: ids(page.sent()).length, left: page.waiting().length, shown };
  },
  async carried() {
    const storage = makeStorage();
    const home = open({ storage });
    ask(home, ['denomination'], { page: 'home' });
    await home.pass(50);
    home.nudge.track('step', { step: 'amount', amount: 30 });
    const same = ask(home, ['denomination'], { page: 'home' });
    await home.pass(50);
    const recharge = open({ storage });
    const there = ask(recharge, ['denomination', 'banner'], { page: 'recharge' });
    await recharge.pass(50);
    const later = open({ storage, start: 1.7e12 + 2e6 });
    const late = ask(later, ['denomination'], { page: 'recharge' });
    await later.pass(50);
    return { same, there, asked: recharge.sent('decisions').map((body) => body.slots), late };
  },
  async failed() {
    const page = open();
    const before = ask(page, ['payment_retry', 'banner'], { page: 'pay' });
    await page.pass(50);
    page.nudge.paymentFailed('insufficient_balance', 'card');
    const after = ask(page, ['payment_retry', 'banner'], { page: 'pay' });
    await page.pass(50);
    page.nudge.paymentFailed();
    ask(page, ['payment_retry'], { page: 'pay', method: 'wallet' });
    await page.pass(50);
    return { before, after, asked: page.sent('decisions'), events: page.sent().flatMap((b) => b.events) };
  },
  async overridden() {
    const listed = { banner: { coffee: { title: 'Coffee' } } };
    const plain = open();
    plain.nudge.override(listed);
    plain.nudge.override(listed, '');
    const found = {};
    const links = ['nudge.banner=coffee', 'nudge.banner=evil', 'nudge.banner=constructor',
      'nudge.constructor=name', 'nudge.__proto__=toString', 'nudge.denomination=1', 'x=1&nudge.banner=coffee&y'];
    for (const link of links) {
      const page = open({ query: `?${link}` });
      page.nudge.override(listed, kind === 'wx' ? `?${link}` : undefined);
      const shown = ask(page, ['banner', 'denomination']);
      await page.pass(50);
      found[link] = Object.values(shown[0]).map((one) => one.reason + (one.decision_id ? '+' : ''));
    }
    return found;
  },
  async unique() {
    // All at one moment: the clock adds nothing.
    const page = open({ beacon: () => true });
    for (let i = 0; i < 50; i++) {
      for (let j = 0; j < 20; j++) page.nudge.track('step', { step: 'home' });
      if (kind === 'wx') await page.pass(25);
      else page.happen('pagehide');
    }
    const visitors = new Set();
    for (let i = 0; i < 50; i++) visitors.add(open().storage.kept.get('nudge.v'));
    const sent = ids([...page.sent('beacon'), ...page.sent()]);
    return { ids: new Set(sent).size, visitors: visitors.size };
  },
  async number() {
    const page = open({ service: (path, body) => (path === 'decisions' ? decided(body) : null) });
    ask(page);
    await page.pass(50);
    page.nudge.track('step', { step: 'number', msisdn: '13812345678' });
    const stored = JSON.stringify([...page.storage.kept]).includes('13812345678');
    await page.pass(10e3);
    const sent = page.sent().map((body) => body.events[0]);
    return { stored, tries: sent.length, numbers: sent.map((e) => [e.msisdn, e.device_token]) };
  },
  async own_ids() {
    const storage = makeStorage();
    const page = open({ storage }, { visitorId: 'login-1', deviceToken: 'from-server' });
    ask(page);
    await page.pass(50);
    const next = open({ storage });
    ask(next);
    await next.pass(50);
    const told = (p) => p.sent('decisions').map((body) => [body.visitor_id, body.device_token])[0];
    return { first: told(page), next: told(next) };
  },
  async own_transport() {
    const calls = [];
    const page = openPage({ file, kind, service: () => null, beacon: () => true });
    page.nudge.init({
      ...OPTIONS,
      transport: (url, body, done) => {
        calls.push(url);
        if (calls.length > 1) throw new Error('a bad transport');
        done('{"decisions":{"banner":{"value":1,"reason":"policy"}}}');
      },
    });
    const shown = ask(page);
    page.nudge.track('step', { step: 'home' });
    await page.pass(10);
    return { shown, calls: calls.length, others: page.calls.length };
  },
};

/** Rules of browsers alone: what a mini-program has none of. */
const BROWSER = {
  async beacon_first() {
    const beacons = [];
    const page = open({ beacon: (body) => beacons.push(body) });
    page.nudge.shown('id-1');
    page.nudge.shown('id-2');
    const before = beacons.length;
    await page.pass(1);
    const calls = page.sent().length;
    const kept = page.waiting().length;
    await page.pass(5100);
    return { before, beacons: ids(beacons), calls, kept, confirmed: ids(page.sent()), left: page.waiting().length };
  },
  async beacon_refused() {
    const page = open({ beacon: () => false });
    page.nudge.shown('id-1');
    await page.pass(50);
    const thrown = open({ beacon: () => { throw new Error('no'); } });
    thrown.nudge.shown('id-1');
    await thrown.pass(50);
    return { refused: ids(page.sent()), thrown: ids(thrown.sent()) };
  },
  async hidden() {
    const beacons = [];
    const page = open({ beacon: (body) => beacons.push(body) });
    for (let i = 0; i < 30; i++) page.nudge.track('step', { step: 'home' });
    page.happen('pagehide');
    const sizes = beacons.map((body) => body.events.length);
    await page.pass(1);
    return { sizes, after: beacons.length };
  },
  async restored() {
    // The back-forward cache keeps timers still: nothing but its own event tells of it.
    let down = true;
    const page = open({ beacon: () => true, service: () => (down ? { never: true } : accepted()) });
    page.nudge.shown('id-1');
    await page.pass(6000);
    const before = page.sent().length;
    down = false;
    page.happen('pageshow', { persisted: false });
    await page.pass(100);
    const fresh = page.sent().length;
    page.happen('pageshow', { persisted: true });
    await page.pass(100);
    return { before, fresh, after: page.sent().length, left: page.waiting().length };
  },
  async seen() {
    const page = open();
    const events = () => page.waiting().length + ids(page.sent()).length;
    page.nudge.seen({}, undefined);
    page.nudge.seen(null, 'id-1');
    await page.pass(3000);
    const none = events();
    page.nudge.seen({}, 'id-1');
    page.globals.observed(0.4);
    await page.pass(3000);
    const part = events();
    page.globals.observed(0.6);
    await page.pass(900);
    page.globals.observed(0.3);
    await page.pass(3000);
    const brief = events();
    page.globals.observed(0.6);
    page.globals.document.hidden = true;
    await page.pass(3000);
    const hidden = events();
    page.globals.document.hidden = false;
    await page.pass(1001);
    page.globals.observed(1);
    await page.pass(3000);
    const seen = new Set(ids(page.sent())).size;
    delete page.globals.IntersectionObserver;
    page.nudge.seen({}, 'id-2');
    await page.pass(1100);
    return { none, part, brief, hidden, seen, old: new Set(ids(page.sent())).size };
  },
  async promised() {
    const page = open();
    const got = page.nudge.decide(['banner'], { page: 'home' });
    if (!got) return { promise: false };
    await page.pass(50);
    return { promise: true, reason: (await got).banner.reason };
  },
};

(async () => {
  const found = {};
  const all = kind === 'wx' ? RULES : { ...RULES, ...BROWSER };
  for (const [name, play] of Object.entries(all)) found[name] = await play();
  console.log(JSON.stringify(found));
})();
