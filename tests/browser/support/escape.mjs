// A reader's function that tries to get out of its sealed frame, and a server that would notice.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { listen } from '../../../web/serve.mjs';

/** Accepts every request and records it: origin, visits, close(). The first visit is the test's own. */
export async function start_neighbour() {
  const visits = [];
  const server = createServer((request, response) => {
    visits.push(request.url);
    response.writeHead(200, { 'Access-Control-Allow-Origin': '*', 'Content-Type': 'text/javascript' }).end('');
  });
  server.on('upgrade', (request, socket) => {
    visits.push(request.url);
    socket.destroy();
  });
  const origin = `http://localhost:${await listen(server, 8780)}/`;
  assert.equal((await fetch(`${origin}by-the-test`)).status, 200);
  return { origin, visits, close() {
    server.closeAllConnections();
    server.close();
  } };
}

/** Text of a function that stops with "reached [...]": the numbers of the attempts that succeeded. */
export const escape_to = (there) => `
const tries = [
  () => fetch('${there}fetch'),
  () => new Promise((resolve, reject) => {
    const socket = new WebSocket('${there.replace('http', 'ws')}socket');
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('refused'));
  }),
  () => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.onload = resolve;
    request.onerror = reject;
    request.open('GET', '${there}request');
    request.send();
  }),
  () => import('${there}import'),
  async () => importScripts('${there}scripts'),
  () => new Promise((resolve, reject) => {
    const open = indexedDB.open('x');
    open.onsuccess = resolve;
    open.onerror = reject;
  }),
  async () => document.title,
  async () => eval('1'),
];
let reached = [];
let done = 0;
tries.forEach((attempt, i) => {
  Promise.resolve().then(attempt).then(() => reached.push(i), () => {}).finally(() => { done += 1; });
});
// Long answers, one after the other, so that attempted requests can end in between.
function f(X) {
  if (done === tries.length) throw new Error('reached ' + JSON.stringify(reached) + ' of ' + done);
  for (const begin = performance.now(); performance.now() - begin < 50;);
  return X[X.length - 1][0];
}`;
