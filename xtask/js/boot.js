// Starts the app. If the app cannot start, or stops because of an internal error, the page says so; the
// glue has released what the app held.

import glue from './app_glue.js';

const broken = document.querySelector('#broken');
const { load, holdings } = glue(() => {
  broken.hidden = false;
  document.body.replaceChildren(broken);
});

load({ module_or_path: new URL('app_bg.wasm', import.meta.url) }).then(offerFaults, (error) => {
  document.body.append('This page could not be started. Please reload it, or use a newer browser.');
  throw error;
});

/** Shows the panel for simulated faults if the address has `?debug`. */
async function offerFaults() {
  if (!new URLSearchParams(location.search).has('debug')) return;
  const { panel } = await import('/videocalls/simulate.js');
  document.body.append(panel(holdings));
}
