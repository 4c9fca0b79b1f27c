// Calls between real browsers over a network that misbehaves on purpose. Needs root, Linux and
// /dev/net/tun. `cargo xtask netbench` builds what it needs and runs it.
//
//     node netbench/main.mjs [--case NAME]... [--pair cc|cf|fc|ff]... [--runs N] [--blocked SECONDS] [--story] [--json FILE]

import { createServer } from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { CASES } from './cases.mjs';
import { keep, report, summary } from './report.mjs';
import { Scene } from './scene.mjs';

/** Ann's browser and Bob's. Ann joins, Bob waits for her. */
const PAIRS = ['cc', 'cf', 'fc', 'ff'];

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true, default: Object.keys(CASES) },
    pair: { type: 'string', multiple: true, default: ['cc', 'cf'] },
    runs: { type: 'string', default: '1' },
    /** How long T-N7 blocks the way to the server. */
    blocked: { type: 'string', default: '60' },
    json: { type: 'string' },
    /** Tells what happened in the pages, also where nothing failed. */
    story: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
if (values.list) {
  for (const [name, { title }] of Object.entries(CASES)) console.log(`${name.padEnd(6)} ${title}`);
  process.exit();
}
const names = values.case.map((wanted) => known(Object.keys(CASES), wanted));
const pairs = values.pair.map((wanted) => known(PAIRS, wanted));
const options = { blocked: Number(values.blocked) };

await onlyOne();
let scene;
let highest = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => leave(signal));

const figures = [];
for (const pair of pairs) figures.push(...(await measure(pair)));
console.log(`\n${report(figures)}`);
console.log(`\nload at most ${highest.toFixed(1)} on ${availableParallelism()} processors; with more than one each, times are those of the machine`);
process.exit(figures.every(({ passed }) => passed) ? 0 : 1);

/** The figures of all cases of a pair, one after the other in the same browsers. */
async function measure(pair) {
  const figures = [];
  scene = new Scene();
  try {
    await scene.prepare(pair);
    for (const name of names) {
      const runs = [];
      for (let run = 1; run <= Number(values.runs); run += 1) {
        runs.push(await once(name, run));
        console.log(`${name} ${pair} ${run}/${values.runs}: ${outcome(name, runs.at(-1))}`);
      }
      const found = summary({ name, pair, runs });
      if (values.json) keep(values.json, found);
      figures.push(...found);
    }
  } finally {
    await scene.end();
    scene = undefined;
  }
  return figures;
}

/** One run: its figures, and if it failed the `failure`, and the `story` that led to it. */
async function once(name, run) {
  const outcome = { figures: {} };
  highest = Math.max(highest, loadavg()[0]);
  try {
    await CASES[name].run(scene, outcome.figures, { ...options, run });
  } catch (error) {
    outcome.failure = error.message;
  }
  if (outcome.failure || values.story) outcome.story = await scene.story();
  try {
    await scene.reset();
  } catch (error) {
    outcome.failure ??= error.message;
  }
  return outcome;
}

function outcome(name, { figures, failure, story = [] }) {
  const texts = Object.entries(figures).map(([figure, value]) => `${figure} ${value.toFixed(0)} ${CASES[name].figures[figure].unit ?? 'ms'}`);
  if (failure) texts.push(`failed: ${failure}`);
  return [texts.join(', '), ...story.map((line) => `    ${line}`)].join('\n');
}

function known(all, wanted) {
  const found = all.find((one) => one.toLowerCase() === wanted.toLowerCase());
  if (!found) fail(`there is no ${wanted}, only ${all.join(', ')}`);
  return found;
}

/** The namespaces have fixed names, so that what a killed run leaves is found by the next one. */
function onlyOne() {
  const lock = createServer();
  return new Promise((resolve) => {
    lock.once('error', () => fail('another network bench is running on this machine'));
    lock.listen('\0videocalls-netbench', resolve);
  });
}

async function leave(signal) {
  console.error(`\n${signal}: taking everything down`);
  await scene?.end();
  process.exit(130);
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}
