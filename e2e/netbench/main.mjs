// The network benchmark: calls between real browsers over a simulated network. Needs root, Linux and /dev/net/tun.
// `cargo xtask netbench` builds what it needs and runs it.
//
//     node netbench/main.mjs [--case NAME]... [--pair cc|cf|fc|ff]... [--runs N] [--blocked SECONDS] [--lenience FACTOR]
//         [--timeline] [--json FILE]

import { createServer } from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { CASES } from './cases.mjs';
import { report, store, summary } from './report.mjs';
import { Testbed } from './testbed.mjs';

/** Ann's browser and Bob's, by first letter. Bob is in the room first, then Ann joins. */
const PAIRS = ['cc', 'cf', 'fc', 'ff'];

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true, default: Object.keys(CASES) },
    pair: { type: 'string', multiple: true, default: ['cc', 'cf'] },
    runs: { type: 'string', default: '1' },
    /** Seconds for which T-N7 blocks the connection to the server. */
    blocked: { type: 'string', default: '60' },
    json: { type: 'string' },
    /** The factor by which a figure may exceed its budget. Budgets are for a quiet machine. */
    lenience: { type: 'string', default: '1' },
    /** Prints the events of the pages for all runs, not only for those that failed. */
    timeline: { type: 'boolean', default: false },
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

await lock();
let testbed;
let highestLoad = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => leave(signal));

const figures = [];
for (const pair of pairs) figures.push(...(await measure(pair)));
console.log(`\n${report(figures)}`);
console.log(`\nload at most ${highestLoad.toFixed(1)} on ${availableParallelism()} processors; above one per processor, the times measure the machine`);
process.exit(figures.every(({ passed }) => passed) ? 0 : 1);

/** Measures all cases with one pair, one after the other in the same browsers. */
async function measure(pair) {
  const figures = [];
  testbed = new Testbed();
  try {
    await testbed.prepare(pair);
    for (const name of names) {
      const runs = [];
      for (let run = 1; run <= Number(values.runs); run += 1) {
        runs.push(await once(name, run));
        console.log(`${name} ${pair} ${run}/${values.runs}: ${outcome(name, runs.at(-1))}`);
      }
      const found = summary({ name, pair, runs, lenience: Number(values.lenience) });
      if (values.json) store(values.json, found);
      figures.push(...found);
    }
  } finally {
    await testbed.end();
    testbed = undefined;
  }
  return figures;
}

/** Runs a case once. Returns its figures and, if it failed, the `failure` and the `timeline` of the pages. */
async function once(name, run) {
  const outcome = { figures: {} };
  highestLoad = Math.max(highestLoad, loadavg()[0]);
  try {
    await CASES[name].run(testbed, outcome.figures, { ...options, run });
  } catch (error) {
    outcome.failure = error.message;
  }
  if (outcome.failure || values.timeline) outcome.timeline = await testbed.timeline();
  try {
    await testbed.reset();
  } catch (error) {
    outcome.failure ??= error.message;
  }
  return outcome;
}

function outcome(name, { figures, failure, timeline = [] }) {
  const texts = Object.entries(figures).map(([figure, value]) => `${figure} ${value.toFixed(0)} ${CASES[name].figures[figure].unit ?? 'ms'}`);
  if (failure) texts.push(`failed: ${failure}`);
  return [texts.join(', '), ...timeline.map((line) => `    ${line}`)].join('\n');
}

function known(all, wanted) {
  const found = all.find((one) => one.toLowerCase() === wanted.toLowerCase());
  if (!found) fail(`${wanted} is unknown; known are ${all.join(', ')}`);
  return found;
}

/**
 * Makes sure that only one benchmark runs on this machine, because the namespaces have fixed names. They have, so that the next
 * run finds and removes what a killed one has left.
 */
function lock() {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => fail('another network benchmark is running on this machine'));
    server.listen('\0videocalls-netbench', resolve);
  });
}

async function leave(signal) {
  console.error(`\n${signal}: cleaning up`);
  await testbed?.end();
  process.exit(130);
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}
