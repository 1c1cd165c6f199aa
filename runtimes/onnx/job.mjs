// The work directory of one job: what a runtime reads from it, what it leaves in it, and how it ends.

import { constants } from 'node:fs';
import { open, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { WireError, readModel } from './protobuf.mjs';
import { FormatError, decode, encode } from './safetensors.mjs';

/** Largest sizes taken, in bytes, and largest counts. */
export const LIMITS = Object.freeze({
  job: 64 << 10, model: 64 << 20, input: 64 << 20, outputs: 64 << 20, inputs: 16, samples: 4096, threads: 64,
});

const OUTPUTS = 'outputs.safetensors';
const RUN = 'run.json';

/** The job is at fault: the process ends with code 2. */
export class BadInput extends Error {}

async function readLimited(workdir, name, limit, what) {
  if (typeof name !== 'string' || name === '' || name.length > 255 || name.includes('\0') || isAbsolute(name))
    throw new BadInput(`${what}: file name ${JSON.stringify(name)?.slice(0, 80)} is not a relative path`);
  const within = (path) => path.startsWith(workdir + sep);
  if (!within(resolve(workdir, name))) throw new BadInput(`${what}: ${name} lies outside the work directory`);
  const path = await realpath(join(workdir, name)).catch(() => {
    throw new BadInput(`${what}: ${name} does not exist`);
  });
  if (!within(path)) throw new BadInput(`${what}: ${name} lies outside the work directory`);
  // Opening a pipe would wait for its writer for ever without O_NONBLOCK.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new BadInput(`${what}: ${name} is not a regular file`);
    if (stat.size > limit) throw new BadInput(`${what}: ${name} has ${stat.size} bytes, the limit is ${limit}`);
    const content = await file.readFile();
    if (content.length > limit) throw new BadInput(`${what}: ${name} has ${content.length} bytes, the limit is ${limit}`);
    return content;
  } finally {
    await file.close();
  }
}

function parseJob(content) {
  let job;
  try {
    job = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    throw new BadInput('job.json is not valid UTF-8 JSON');
  }
  if (job === null || typeof job !== 'object' || Array.isArray(job)) throw new BadInput('job.json is not an object');
  const unknown = Object.keys(job).find((key) => key !== 'model' && key !== 'inputs');
  if (unknown !== undefined) throw new BadInput(`job.json: key ${JSON.stringify(unknown.slice(0, 80))} is not known`);
  if (!Array.isArray(job.inputs) || job.inputs.length < 1 || job.inputs.length > LIMITS.inputs)
    throw new BadInput(`job.json: inputs must be an array of 1 to ${LIMITS.inputs} entries`);
  const names = new Set();
  for (const input of job.inputs) {
    if (input === null || typeof input !== 'object' || typeof input.name !== 'string')
      throw new BadInput('job.json: each input needs a name and a file');
    if (names.has(input.name)) throw new BadInput(`job.json: input ${JSON.stringify(input.name.slice(0, 80))} is given twice`);
    names.add(input.name);
  }
  return job;
}

async function readTensor(workdir, { name, file }) {
  const what = `input ${name.slice(0, 80)}`;
  const content = await readLimited(workdir, file, LIMITS.input, what);
  try {
    const tensors = decode(content);
    if (!Object.hasOwn(tensors, name)) throw new BadInput(`${what}: ${file} holds no tensor of that name`);
    return tensors[name];
  } catch (error) {
    if (error instanceof FormatError) throw new BadInput(`${what}: ${file}: ${error.message}`);
    throw error;
  }
}

const floatArrays = { F32: Float32Array, F64: Float64Array };

function checkFinite(name, { dtype, data }) {
  const kind = floatArrays[dtype];
  if (!kind) return;
  const at = new kind(Uint8Array.from(data).buffer).findIndex((number) => !Number.isFinite(number));
  if (at >= 0) throw new BadInput(`input ${name}: element ${at} is NaN or infinite`);
}

function checkSamples(tensors) {
  const counts = Object.entries(tensors).map(([name, { shape }]) => {
    if (shape.length === 0) throw new BadInput(`input ${name}: a scalar holds no samples`);
    return shape[0];
  });
  const samples = counts[0];
  if (counts.some((count) => count !== samples)) throw new BadInput(`inputs differ in the number of samples: ${counts.join(', ')}`);
  if (samples < 1 || samples > LIMITS.samples) throw new BadInput(`${samples} samples, allowed are 1 to ${LIMITS.samples}`);
  return samples;
}

/**
 * Reads and checks the job in a work directory.
 * @param {string} directory
 * @returns {Promise<{workdir: string, model: Buffer, graph: object, tensors: object, samples: number}>}
 *   graph as readModel gives it, tensors by input name as decode gives them
 * @throws {BadInput} with one line that says what is wrong
 */
export async function readJob(directory) {
  const workdir = await realpath(directory).catch(() => {
    throw new BadInput(`work directory ${directory} does not exist`);
  });
  await Promise.all([OUTPUTS, RUN].map((name) => rm(join(workdir, name), { force: true })));
  const job = parseJob(await readLimited(workdir, 'job.json', LIMITS.job, 'job'));
  const model = await readLimited(workdir, job.model, LIMITS.model, 'model');
  const graph = inspect(model);
  const tensors = {};
  for (const input of job.inputs) {
    tensors[input.name] = await readTensor(workdir, input);
    checkFinite(input.name, tensors[input.name]);
  }
  return { workdir, model, graph, tensors, samples: checkSamples(tensors) };
}

function inspect(model) {
  try {
    const graph = readModel(model);
    if (graph.external) throw new BadInput('model: asks for tensor data from other files');
    return graph;
  } catch (error) {
    if (error instanceof WireError) throw new BadInput(`model: ${error.message}`);
    throw error;
  }
}

async function replace(workdir, name, content) {
  const temporary = join(workdir, `.${name}.${process.pid}`);
  await writeFile(temporary, content);
  await rename(temporary, join(workdir, name));
}

/** Writes outputs.safetensors and then run.json (keys sorted); the second is there only when the first is whole. */
export async function writeResult(workdir, content, units, manifest) {
  await replace(workdir, OUTPUTS, content);
  await replace(workdir, RUN, JSON.stringify({ manifest, units }));
}

/** As writeResult, from tensors as encode takes them. */
export function writeTensors(workdir, tensors, units, manifest) {
  return writeResult(workdir, encode(tensors), units, manifest);
}

/**
 * Runs a runtime's main function and ends the process: 0 when it returns, 2 for BadInput, else 1. Native libraries may
 * print lines of their own; the reason is always the last line on stderr.
 * @param {{usage: string, options?: object}} command options beyond --provider, --threads and --help, as parseArgs takes them
 * @param {(directory: string, options: object) => Promise<void>} main
 */
export async function runtime({ usage, options = {} }, main) {
  try {
    const parsed = parseCommand(options);
    if (parsed.values.help) console.log(usage);
    else await main(parsed.directory, parsed.values);
    process.exit(0);
  } catch (error) {
    const line = String(error?.message ?? error).replace(/\s+/g, ' ').trim().slice(0, 500);
    console.error(line || 'failed without a message');
    process.exit(error instanceof BadInput ? 2 : 1);
  }
}

function parseCommand(options) {
  const common = {
    provider: { type: 'string', default: 'cpu' },
    threads: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  };
  let parsed;
  try {
    parsed = parseArgs({ options: { ...common, ...options }, allowPositionals: true });
  } catch (error) {
    throw new BadInput(error.message);
  }
  const { values, positionals } = parsed;
  if (!values.help && positionals.length !== 1) throw new BadInput('expected one work directory (see --help)');
  const threads = Number(values.threads);
  if (!Number.isInteger(threads) || threads < 1 || threads > LIMITS.threads)
    throw new BadInput(`--threads must be 1 to ${LIMITS.threads}, got ${values.threads}`);
  if (!['cpu', 'webgpu', 'cuda'].includes(values.provider))
    throw new BadInput(`--provider must be cpu, webgpu or cuda, got ${values.provider}`);
  return { directory: positionals[0], values: { ...values, threads } };
}

/** Reads the outputs of another job; undefined when the file is not well formed. */
export async function readOutputs(path) {
  const content = await readFile(path);
  try {
    return { content, tensors: decode(content) };
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
