import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decode, encode } from '../../runtimes/onnx/safetensors.mjs';
import { FAULT, answer, float32, model, samples, start, workdir } from './support.mjs';

const fresh = (name = 'int8') => workdir(model(name), samples(16));
const outputs = (directory) => join(directory, 'outputs.safetensors');

async function failing(kind, directory = fresh()) {
  const { code, signal } = await start(FAULT, directory, ['--kind', kind]);
  return { directory, code, signal };
}

test('garbage is no safetensors file', async () => {
  const { directory, code } = await failing('garbage');
  assert.equal(code, 0);
  assert.throws(() => decode(readFileSync(outputs(directory))));
});

test('nan fills the right shapes with NaN', async () => {
  const { tensors } = await answer(fresh('fp32'), ['--kind', 'nan'], {}, FAULT);
  assert.deepEqual(tensors.probabilities.shape, [16, 10]);
  assert.ok(float32(tensors.probabilities).every(Number.isNaN));
});

test('shape, dtype, name and units are each wrong in one thing', async () => {
  const tensors = async (kind) => Object.entries((await answer(fresh(), ['--kind', kind], {}, FAULT)).tensors).map(([name, t]) => `${name} ${t.dtype} [${t.shape}]`);
  assert.deepEqual(await tensors('shape'), ['labels I32 [17]', 'scores I32 [17,10]']);
  assert.deepEqual(await tensors('dtype'), ['labels F32 [16]', 'scores F32 [16,10]']);
  assert.deepEqual(await tensors('name'), ['labels2 I32 [16]', 'scores2 I32 [16,10]']);
  assert.deepEqual(await tensors('units'), ['labels I32 [16]', 'scores I32 [16,10]']);
  assert.equal((await answer(fresh(), ['--kind', 'units'], {}, FAULT)).run.units, 1_000_000);
});

test('truncated ends early and spaced is readable but not canonical', async () => {
  const { directory } = await failing('truncated');
  assert.throws(() => decode(readFileSync(outputs(directory))), /the file holds/);
  const { file, tensors } = await answer(fresh(), ['--kind', 'spaced'], {}, FAULT);
  assert.ok(!file.equals(encode(tensors)));
});

test('huge is a well-formed file of 100 MB', async () => {
  const { directory } = await failing('huge', fresh('fp32'));
  assert.ok(statSync(outputs(directory)).size > 100_000_000);
});

test('silent, norun and badrun leave an incomplete result behind code 0', async () => {
  const silent = await failing('silent');
  assert.deepEqual([silent.code, existsSync(outputs(silent.directory))], [0, false]);
  const norun = await failing('norun');
  assert.deepEqual([norun.code, existsSync(outputs(norun.directory)), existsSync(join(norun.directory, 'run.json'))], [0, true, false]);
  const badrun = await failing('badrun');
  assert.throws(() => JSON.parse(readFileSync(join(badrun.directory, 'run.json'), 'utf8')), SyntaxError);
});

test('crash ends by a signal and noise with 10 MB of output', async () => {
  assert.equal((await failing('crash')).signal, 'SIGABRT');
  const { code, stdout, stderr } = await start(FAULT, fresh(), ['--kind', 'noise']);
  assert.equal(code, 1);
  assert.ok(stdout.length + stderr.length > 10_000_000);
});

test('hang outlives SIGTERM and ends by SIGKILL', async () => {
  const child = spawn(process.execPath, [FAULT, fresh(), '--kind', 'hang'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal)));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGTERM');
  const woken = new Promise((resolve) => child.stdout.once('data', () => resolve('still there')));
  assert.equal(await Promise.race([woken, ended]), 'still there');
  child.kill('SIGKILL');
  assert.equal(await ended, 'SIGKILL');
});
