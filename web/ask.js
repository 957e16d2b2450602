// Questions to a worker that runs no job, for the self-check and the rates, which load this file.

import { worker_problem } from './files.js';

const silence_ms = 30000; // an answer takes a second or two
const suspicious_ms = 1000; // an empty script runs without an error

/**
 * Sends a message; resolves to the worker's answer of that type.
 * @param {Worker} worker
 * @param {Message} message
 * @param {string} type
 * @returns {Promise<any>}
 */
export function answer_of(worker, message, type) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), silence_ms);
    const doubt = setTimeout(async () => {
      const problem = await worker_problem();
      if (problem) reject(new Error(problem));
    }, suspicious_ms);
    worker.onmessage = ({ data }) => {
      clearTimeout(doubt);
      if (data.type !== type && data.type !== 'died') return;
      clearTimeout(timer);
      if (data.type === type) resolve(data);
      else reject(new Error(data.reason));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      clearTimeout(timer);
      clearTimeout(doubt);
      reject(new Error(event.message || 'the worker did not load'));
    };
    worker.postMessage(message);
  });
}
