#!/usr/bin/env node
// A cheat for tests and the demo: hands in what a neighbour once answered for other inputs of the same shape.

import { readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BadInput, readJob, readOutputs, runtime, writeResult, writeTensors } from '../onnx/job.mjs';
import { claimedManifest, expectedOutputs, plausibleTensors } from './forgery.mjs';

const USAGE = `usage: node runtimes/cheats/copycat.mjs WORKDIR --neighbour DIR [--provider P] [--threads N]
The contract of runtimes/onnx/run.mjs. Copies the newest outputs.safetensors at most three folders below DIR that has
the right names and shapes and is not the answer to the same inputs; made-up answers while there is none.`;

const DEPTH = 3;

// The neighbour goes on working, so a file or folder seen a moment ago may be gone.
async function ifThere(promise, otherwise) {
  try {
    return await promise;
  } catch (error) {
    if (error.code === 'ENOENT') return otherwise;
    throw error;
  }
}

async function findOutputs(folder, depth) {
  const entries = await ifThere(readdir(folder, { withFileTypes: true }), []);
  const found = entries.filter((e) => e.isFile() && e.name === 'outputs.safetensors').map((e) => join(folder, e.name));
  const inner = depth > 0 ? entries.filter((e) => e.isDirectory()) : [];
  const below = await Promise.all(inner.map((e) => findOutputs(join(folder, e.name), depth - 1)));
  return [...found, ...below.flat()];
}

async function sameInputs(folder, tensors) {
  const names = await ifThere(readdir(folder), []);
  const files = names.filter((name) => name.endsWith('.safetensors') && name !== 'outputs.safetensors');
  const contents = await Promise.all(files.map((name) => ifThere(readFile(join(folder, name)), Buffer.alloc(0))));
  return Object.values(tensors).some(({ data }) => contents.some((content) => content.includes(data)));
}

function fits(tensors, expected) {
  return (
    Object.keys(tensors).length === expected.length &&
    expected.every(({ name, dtype, shape }) => tensors[name]?.dtype === dtype && tensors[name].shape.join() === shape.join())
  );
}

async function pick(neighbour, { workdir, graph, tensors, samples }) {
  const expected = expectedOutputs(graph, samples);
  const paths = (await findOutputs(neighbour, DEPTH)).filter((path) => dirname(path) !== workdir);
  const dated = await Promise.all(paths.map(async (path) => ({ path, time: (await ifThere(stat(path), { mtimeMs: 0 })).mtimeMs })));
  for (const { path } of dated.sort((a, b) => b.time - a.time)) {
    const outputs = await ifThere(readOutputs(path), undefined);
    if (outputs && fits(outputs.tensors, expected) && !(await sameInputs(dirname(path), tensors))) return outputs.content;
  }
  return undefined;
}

await runtime({ usage: USAGE, options: { neighbour: { type: 'string' } } }, async (directory, { neighbour }) => {
  if (!neighbour) throw new BadInput('--neighbour DIR is needed (see --help)');
  const job = await readJob(directory);
  const copied = await pick(neighbour, job);
  if (copied) await writeResult(job.workdir, copied, job.samples, claimedManifest());
  else await writeTensors(job.workdir, plausibleTensors(job), job.samples, claimedManifest());
});
