// What the runtime tests share: work directories, processes as a node starts them, and the committed files.

import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after } from 'node:test';
import { decode, encode } from '../../runtimes/onnx/safetensors.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const RUN = join(ROOT, 'runtimes/onnx/run.mjs');
export const PLAUSIBLE = join(ROOT, 'runtimes/cheats/plausible.mjs');
export const COPYCAT = join(ROOT, 'runtimes/cheats/copycat.mjs');
export const FAULT = join(ROOT, 'runtimes/faults/fault.mjs');

const ONNX = join(ROOT, 'runtimes/onnx');
const home = mkdtempSync(join(tmpdir(), 'assay-runtime-'));
after(() => rmSync(home, { recursive: true, force: true }));

export const model = (name) => readFileSync(join(ONNX, 'models', `digits-${name}.onnx`));
export const policy = (name) => readFileSync(join(ONNX, 'policies', `${name}.json`), 'utf8');
export const labels = JSON.parse(readFileSync(join(ONNX, 'samples/labels.json'), 'utf8'));
export const batchNames = readdirSync(join(ONNX, 'samples')).filter((name) => name.endsWith('.safetensors')).sort();
export const batch = (name) => decode(readFileSync(join(ONNX, 'samples', name))).images.data;

/** All 1,024 held-out images, or the first `count` of them. */
export const samples = (count = 1024) => Buffer.concat(batchNames.map(batch)).subarray(0, count * 784);

/** An empty folder that is removed when the test file ends. */
export function folder() {
  return mkdtempSync(join(home, 'd-'));
}

/** A work directory with a job over the given model bytes and images (N times 784 bytes). */
export function workdir(modelBytes, images, at = folder()) {
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, 'model.onnx'), modelBytes);
  writeFileSync(join(at, 'images.safetensors'), encode({ images: { dtype: 'U8', shape: [images.length / 784, 784], data: images } }));
  writeFileSync(join(at, 'job.json'), '{"model":"model.onnx","inputs":[{"name":"images","file":"images.safetensors"}]}');
  return at;
}

/** Variables for the WebGPU provider; throws with the script's reason where SwiftShader cannot be had. */
export function vulkan() {
  const lines = execFileSync(join(ROOT, 'scripts/swiftshader'), ['--env'], { encoding: 'utf8' });
  return Object.fromEntries(lines.trim().split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** Starts a runtime as a node does: empty environment, cwd is the work directory. */
export function start(program, directory, args = [], env = {}) {
  return new Promise((resolve) => {
    const options = { cwd: directory, env, encoding: 'utf8', timeout: 120_000, killSignal: 'SIGKILL', maxBuffer: 64 << 20 };
    execFile(process.execPath, [program, directory, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, signal: error?.signal ?? null, stdout, stderr }),
    );
  });
}

/** Runs a job that must succeed; its raw outputs file, the tensors in it, and run.json. */
export async function answer(directory, args = [], env = {}, program = RUN) {
  const { code, stderr } = await start(program, directory, args, env);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  const file = readFileSync(join(directory, 'outputs.safetensors'));
  return { file, tensors: decode(file), run: JSON.parse(readFileSync(join(directory, 'run.json'), 'utf8')) };
}

export const int32 = ({ data }) => new Int32Array(Uint8Array.from(data).buffer);
export const float32 = ({ data }) => new Float32Array(Uint8Array.from(data).buffer);

/** First index of the largest number in each row of ten. */
export function rowLabels(numbers) {
  return Array.from({ length: numbers.length / 10 }, (_, i) => {
    const row = numbers.slice(i * 10, i * 10 + 10);
    return row.indexOf(Math.max(...row));
  });
}

/** Share of the first labels that are right. */
export function accuracy(found) {
  const truth = batchNames.flatMap((name) => labels[name]);
  return found.filter((label, i) => label === truth[i]).length / found.length;
}
