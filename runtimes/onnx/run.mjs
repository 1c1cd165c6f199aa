#!/usr/bin/env node
// Runs one job with ONNX Runtime and ends. README.md beside this file is the contract.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { BadInput, LIMITS, readJob, runtime, writeTensors } from './job.mjs';
import { elementCount } from './safetensors.mjs';

const USAGE = `usage: node runtimes/onnx/run.mjs WORKDIR [--provider cpu|webgpu|cuda] [--threads N]
Reads WORKDIR/job.json and the files it names, writes WORKDIR/outputs.safetensors and then WORKDIR/run.json.
  --provider   execution provider of ONNX Runtime (default cpu)
  --threads    threads inside one operator on the CPU (default 1)
Exit code 0: done. 2: the job is at fault. 1: the runtime is. The last line on stderr says why.`;

const TYPES = {
  bool: ['BOOL', Uint8Array], uint8: ['U8', Uint8Array], int8: ['I8', Int8Array],
  uint16: ['U16', Uint16Array], int16: ['I16', Int16Array], uint32: ['U32', Uint32Array], int32: ['I32', Int32Array],
  uint64: ['U64', BigUint64Array], int64: ['I64', BigInt64Array], float32: ['F32', Float32Array], float64: ['F64', Float64Array],
};

function loadOnnxRuntime() {
  const require = createRequire(import.meta.url);
  const ort = require('onnxruntime-node');
  ort.env.logLevel = 'fatal';
  return { ort, version: ort.env.versions.node ?? ort.env.versions.common };
}

async function createSession(ort, model, provider, threads) {
  const options = (name) => ({
    // Without a change of layout there are fewer kernels to compile, which is most of a small job's time.
    executionProviders: [name === 'webgpu' ? { name, preferredLayout: 'NCHW' } : name],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 4,
  });
  try {
    return await ort.InferenceSession.create(model, options(provider));
  } catch (error) {
    // A model that the CPU loads is sound, so then the provider is what failed.
    const sound = provider !== 'cpu' && (await ort.InferenceSession.create(model, options('cpu')).catch(() => undefined));
    if (sound) throw new Error(`provider ${provider} is not usable here: ${error.message}`);
    throw new BadInput(`model: ONNX Runtime cannot load it: ${error.message}`);
  }
}

function checkInput(expected, tensor, free) {
  const { name, type, shape } = expected;
  if (!expected.isTensor || !TYPES[type]) throw new BadInput(`model: input ${name} of type ${type} is not supported`);
  if (tensor.dtype !== TYPES[type][0]) throw new BadInput(`input ${name}: dtype is ${tensor.dtype}, the model takes ${TYPES[type][0]}`);
  const refuse = () => new BadInput(`input ${name}: shape is [${tensor.shape}], the model takes [${shape}]`);
  if (tensor.shape.length !== shape.length) throw refuse();
  shape.forEach((dimension, i) => {
    const actual = tensor.shape[i];
    const wanted = typeof dimension === 'string' && dimension !== '' ? (free[dimension] ??= actual) : dimension;
    if (wanted !== '' && wanted !== actual) throw refuse();
  });
}

function makeFeeds(ort, session, tensors) {
  const free = Object.create(null);
  for (const name of Object.keys(tensors))
    if (!session.inputNames.includes(name)) throw new BadInput(`input ${name}: the model takes ${session.inputNames.join(', ')}`);
  return Object.fromEntries(
    session.inputMetadata.map((expected) => {
      const tensor = Object.hasOwn(tensors, expected.name) ? tensors[expected.name] : undefined;
      if (!tensor) throw new BadInput(`input ${expected.name}: the model takes it, the job does not give it`);
      checkInput(expected, tensor, free);
      const array = new TYPES[expected.type][1](Uint8Array.from(tensor.data).buffer);
      return [expected.name, new ort.Tensor(expected.type, array, tensor.shape)];
    }),
  );
}

function readResults(results) {
  let total = 0;
  return Object.fromEntries(
    Object.entries(results).map(([name, { type, dims, data }]) => {
      if (!TYPES[type]) throw new BadInput(`model: output ${name} of type ${type} is not supported`);
      const shape = [...dims];
      total += elementCount(shape) * data.BYTES_PER_ELEMENT;
      if (total > LIMITS.outputs) throw new Error(`outputs take more than ${LIMITS.outputs} bytes`);
      return [name, { dtype: TYPES[type][0], shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }];
    }),
  );
}

// ONNX Runtime does not tell which adapter it took; the driver libraries in this process' address space do.
function vulkanDrivers() {
  const paths = readFileSync('/proc/self/maps', 'utf8').split('\n').map((line) => line.split(/\s+/)[5] ?? '');
  const names = paths.map((path) => path.slice(path.lastIndexOf('/') + 1));
  return [...new Set(names)].filter((name) => /^lib(vk_|vulkan_|GLX_nvidia|amdvlk|nvidia-vulkan)/.test(name)).sort();
}

function cudaDevices() {
  const require = createRequire(import.meta.url);
  const { readdirSync } = require('node:fs');
  const folder = '/proc/driver/nvidia/gpus';
  return readdirSync(folder).map((bus) => /^Model:\s*(.+)$/m.exec(readFileSync(`${folder}/${bus}/information`, 'utf8'))?.[1] ?? bus);
}

function device(provider) {
  const cpu = `${cpus()[0]?.model.trim() ?? 'unknown'} (${process.arch})`;
  if (provider === 'webgpu') return `vulkan ${vulkanDrivers().join(' ')} on ${cpu}`;
  if (provider === 'cuda') return cudaDevices().join(', ');
  return cpu;
}

// cuBLAS and cuDNN would round fp32 inputs to ten bits by default. They read this when they are loaded.
process.env.NVIDIA_TF32_OVERRIDE = '0';

async function main(directory, { provider, threads }) {
  const { workdir, model, tensors, samples } = await readJob(directory);
  const { ort, version } = loadOnnxRuntime();
  const session = await createSession(ort, model, provider, threads);
  const results = await session.run(makeFeeds(ort, session, tensors));
  await writeTensors(workdir, readResults(results), samples, {
    device: device(provider).replace(/[^\x20-\x7e]/g, '?').slice(0, 200),
    provider,
    runtime: 'onnx',
    versions: { node: process.versions.node, onnxruntime: version },
  });
}

await runtime({ usage: USAGE }, main);
