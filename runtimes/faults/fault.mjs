#!/usr/bin/env node
// Hostile and broken runtimes for tests, each one kind of fault under the contract of runtimes/onnx/run.mjs.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { claimedManifest, expectedOutputs, plausibleTensors } from '../cheats/forgery.mjs';
import { BadInput, readJob, runtime, writeResult, writeTensors } from '../onnx/job.mjs';
import { encode } from '../onnx/safetensors.mjs';

const HUGE_ROWS = 2_500_000; // times 10 numbers of 4 bytes: 100 MB

const answer = (job, tensors, units = job.samples) => writeTensors(job.workdir, tensors, units, claimedManifest());
const write = (job, content) => writeResult(job.workdir, content, job.samples, claimedManifest());

function filled(job, change) {
  const changed = expectedOutputs(job.graph, job.samples).map((output) => ({ ...output, ...change(output) }));
  return Object.fromEntries(
    changed.map(({ name, dtype, shape, number = 0 }) => {
      const count = shape.reduce((a, b) => a * b, 1);
      const data = dtype === 'F32' ? new Float32Array(count).fill(number) : new Int32Array(count).fill(number);
      return [name, { dtype, shape, data: new Uint8Array(data.buffer) }];
    }),
  );
}

// Eight spaces more in the header, which every reader of the container takes and the canonical form forbids.
function respaced(file) {
  const length = Number(file.readBigUInt64LE(0));
  const longer = Buffer.alloc(8);
  longer.writeBigUInt64LE(BigInt(length + 8));
  return Buffer.concat([longer, file.subarray(8, 8 + length), Buffer.alloc(8, ' '), file.subarray(8 + length)]);
}

const KINDS = {
  garbage: ['4 KiB of random bytes as outputs.safetensors', (job) => write(job, randomBytes(4096))],
  nan: ['right names and shapes, every number F32 NaN', (job) => answer(job, filled(job, () => ({ dtype: 'F32', number: NaN })))],
  shape: ['one sample more than was asked for', (job) => answer(job, filled(job, ({ shape }) => ({ shape: [shape[0] + 1, ...shape.slice(1)] })))],
  dtype: ['F32 and I32 exchanged', (job) => answer(job, filled(job, ({ dtype }) => ({ dtype: dtype === 'F32' ? 'I32' : 'F32' })))],
  name: ['right shapes under another name', (job) => answer(job, Object.fromEntries(Object.entries(filled(job, () => ({}))).map(([name, t]) => [`${name}2`, t])))],
  truncated: ['a made-up answer that ends one byte early', (job) => write(job, encode(plausibleTensors(job)).subarray(0, -1))],
  spaced: ['a made-up answer whose header is valid but not canonical', (job) => write(job, respaced(encode(plausibleTensors(job))))],
  huge: ['a well-formed answer of 100 MB', (job) => answer(job, filled(job, ({ shape }) => ({ shape: [HUGE_ROWS, ...shape.slice(1)] })))],
  units: ['a made-up answer that claims a million samples', (job) => answer(job, plausibleTensors(job), 1_000_000)],
  norun: ['outputs.safetensors without run.json', (job) => writeFile(join(job.workdir, 'outputs.safetensors'), encode(plausibleTensors(job)))],
  badrun: ['run.json that is no JSON', async (job) => {
    await answer(job, plausibleTensors(job));
    await writeFile(join(job.workdir, 'run.json'), '{"units":');
  }],
  silent: ['exit code 0 and nothing written', () => {}],
  crash: ['ends by SIGABRT', () => process.abort()],
  noise: ['10 MB on stdout and stderr, then exit code 1', async () => {
    const line = `${'x'.repeat(1023)}\n`;
    for (let i = 0; i < 10_240; i++) await new Promise((done) => (i % 2 ? process.stdout : process.stderr).write(line, done));
    throw new Error('noise');
  }],
  hang: ['never ends, and ignores SIGTERM', () => {
    process.on('SIGTERM', () => console.log('still hanging'));
    setInterval(() => {}, 1_000_000);
    console.log('hanging');
    return new Promise(() => {});
  }],
  memory: ['takes memory until something stops it', () => {
    const taken = [];
    for (;;) taken.push(Buffer.alloc(16 << 20, 1));
  }],
};

const USAGE = `usage: node runtimes/faults/fault.mjs WORKDIR --kind KIND [--provider P] [--threads N]
${Object.entries(KINDS).map(([kind, [what]]) => `  ${kind.padEnd(10)} ${what}`).join('\n')}`;

await runtime({ usage: USAGE, options: { kind: { type: 'string', default: '' } } }, async (directory, { kind }) => {
  if (!Object.hasOwn(KINDS, kind)) throw new BadInput(`--kind must be one of ${Object.keys(KINDS).join(', ')}`);
  await KINDS[kind][1](await readJob(directory));
});
