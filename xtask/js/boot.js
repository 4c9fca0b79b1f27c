// Starts the app. If it can't start, or fails later, the page says so instead of staying empty; what the app held is
// released by then.

import glue from './app_glue.js';

const broken = document.querySelector('#broken');
const { load, holdings } = glue(() => {
  broken.hidden = false;
  document.body.replaceChildren(broken);
});

load(new URL('app_bg.wasm', import.meta.url)).then(offerFaults, (error) => {
  document.body.append('This page could not be started. Please reload it, or use a newer browser.');
  throw error;
});

/** For developers: `?debug` in the address shows a panel that simulates faults. */
async function offerFaults() {
  if (!new URLSearchParams(location.search).has('debug')) return;
  const { panel } = await import('/videocalls/simulate.js');
  document.body.append(panel(holdings));
}
