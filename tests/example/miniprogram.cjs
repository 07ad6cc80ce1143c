// Runs a page of a mini-program in node: `wx` by its documented interface, over real HTTP.
// node miniprogram.cjs NUDGE_JS PAGE_JS
const fs = require('fs');
const vm = require('vm');
const kept = new Map();
const calls = [];

global.wx = {
  request({ url, method, data, success, fail }) {
    calls.push(new URL(url).pathname);
    fetch(url, { method, body: data }).then(
      async (answer) => success({ statusCode: answer.status, data: await answer.text() }),
      (error) => fail({ errMsg: `request:fail ${error}` })
    );
  },
  getStorageSync: (key) => (kept.has(key) ? kept.get(key) : ''),
  setStorageSync: (key, value) => void kept.set(key, value),
  removeStorageSync: (key) => void kept.delete(key),
  getStorageInfoSync: () => ({ keys: [...kept.keys()] })
};

// A busy machine takes more than the SDK's budget of 300 ms; here the answer counts.
const later = setTimeout;
global.setTimeout = (call, wait, ...more) => later(call, wait === 300 ? 20000 : wait, ...more);

let page;
const waiting = () => [...kept.keys()].filter((key) => key.startsWith('nudge.e')).length;
vm.runInThisContext(`(function (require, Page) {${fs.readFileSync(process.argv[3], 'utf8')}\n})`)(
  () => require(process.argv[2]),
  (given) => (page = given)
);
page.setData = (given) => {
  Object.assign(page.data, given);
  page.onPay();
  const look = setInterval(() => {
    if (waiting()) return;
    clearInterval(look);
    console.log(JSON.stringify({ data: page.data, calls, visitor: kept.get('nudge.v') }));
    process.exit(0);
  }, 20);
};
page.onLoad();
