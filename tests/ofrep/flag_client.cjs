// A client of flags for the tests: reads commands as lines of JSON, writes an answer for each.
'use strict';
const path = require('path');
const readline = require('readline');

const load = (name) => require(path.join(process.env.MODULES, 'node_modules', name));
const events = [];
let calls = [];
let sdk, client, kind;

// The provider's own fetch, told: how often it asks, and what it is answered.
async function toldFetch(request, options) {
  const response = await fetch(request, options);
  calls.push({ url: request.url, status: response.status, tag: request.headers.get('if-none-match') });
  return response;
}

async function start(command) {
  kind = command.kind;
  const auth = [['Authorization', `Bearer ${command.key}`]];
  const options = Object.assign({ baseUrl: command.url, fetchImplementation: toldFetch }, command.options);
  delete options.context;
  if (kind === 'web') {
    options.headers = auth;
    sdk = load('@openfeature/web-sdk');
    const { OFREPWebProvider } = load('@openfeature/ofrep-web-provider');
    await sdk.OpenFeature.setContext(command.options.context || {});
    watch();
    await sdk.OpenFeature.setProviderAndWait(new OFREPWebProvider(options)).catch(() => {});
  } else {
    options.headers = auth;
    sdk = load('@openfeature/server-sdk');
    const { OFREPProvider } = load('@openfeature/ofrep-provider');
    watch();
    await sdk.OpenFeature.setProviderAndWait(new OFREPProvider(options)).catch(() => {});
  }
  client = sdk.OpenFeature.getClient();
  return { status: client.providerStatus, name: client.metadata.providerMetadata.name };
}

function watch() {
  for (const name of Object.values(sdk.ProviderEvents)) {
    sdk.OpenFeature.addHandler(name, (told) => events.push({ name, flags: told && told.flagsChanged }));
  }
}

const TYPES = { Boolean: 'Boolean', String: 'String', Integer: 'Number', Float: 'Number', Object: 'Object' };

async function details(command) {
  const ask = `get${TYPES[command.type]}Details`;
  if (kind === 'web') {
    if (command.context) await sdk.OpenFeature.setContext(command.context);
    return client[ask](command.key, command.default);
  }
  return client[ask](command.key, command.default, command.context || {});
}

async function until(command) {
  const end = Date.now() + command.ms;
  const found = () => (command.event
    ? events.some((one) => one.name === command.event)
    : calls.filter((one) => one.status === command.status).length >= command.times);
  while (!found() && Date.now() < end) await new Promise((go) => setTimeout(go, 10));
  return { found: found(), events, calls, status: client.providerStatus };
}

const OPERATIONS = {
  start,
  details,
  until,
  forget: async () => { calls = []; events.length = 0; return {}; },
};

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    let answer;
    try {
      answer = await OPERATIONS[command.op](command);
    } catch (error) {
      answer = { thrown: String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer === undefined ? null : answer)}\n`);
  }
  process.exit(0);
}

main();
