import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encode } from '../../runtimes/onnx/safetensors.mjs';
import { COPYCAT, PLAUSIBLE, accuracy, answer, batch, batchNames, folder, float32, int32, model, rowLabels, samples, start, workdir } from './support.mjs';

const described = (tensors) => Object.entries(tensors).map(([name, { dtype, shape }]) => [name, dtype, shape]);

for (const name of ['int8', 'fp32'])
  test(`Plausible answers to the ${name} model are well formed and wrong`, async () => {
    const honest = await answer(workdir(model(name), samples(16)));
    const cheat = await answer(workdir(model(name), samples(16)), ['--provider', 'webgpu'], {}, PLAUSIBLE);
    assert.deepEqual(described(cheat.tensors), described(honest.tensors));
    assert.ok(cheat.file.equals(encode(cheat.tensors)));
    assert.ok(!cheat.file.equals(honest.file));
    assert.deepEqual(cheat.run, honest.run);
  });

test('Plausible labels are the largest of their own scores and mostly not the truth', async () => {
  const int8 = await answer(workdir(model('int8'), samples(256)), [], {}, PLAUSIBLE);
  assert.deepEqual(rowLabels(int32(int8.tensors.scores)), [...int32(int8.tensors.labels)]);
  assert.ok(accuracy([...int32(int8.tensors.labels)]) < 0.3);
  const fp32 = await answer(workdir(model('fp32'), samples(256)), [], {}, PLAUSIBLE);
  for (const row of rowSums(float32(fp32.tensors.probabilities))) assert.ok(Math.abs(row - 1) < 1e-5);
});

const rowSums = (numbers) => Array.from({ length: numbers.length / 10 }, (_, i) => numbers.slice(i * 10, i * 10 + 10).reduce((a, b) => a + b, 0));

test('A copycat hands in the newest answer of the right shape and not its own inputs', async () => {
  const neighbour = folder();
  const answers = {};
  for (const [i, [name, file]] of [['int8', 1], ['int8', 2], ['fp32', 3], ['int8', 0]].entries()) {
    const directory = workdir(model(name), batch(batchNames[file]), join(neighbour, 'jobs', String(i)));
    answers[i] = (await answer(directory)).file;
    utimesSync(join(directory, 'outputs.safetensors'), 1000 + i, 1000 + i);
  }
  workdir(model('int8'), samples(7), join(neighbour, 'jobs', '4'));
  await answer(join(neighbour, 'jobs', '4'));
  const copied = await answer(workdir(model('int8'), batch(batchNames[0])), ['--neighbour', neighbour], {}, COPYCAT);
  assert.ok(copied.file.equals(answers[1]));
  assert.equal(copied.run.units, 16);
});

test('A copycat without an answer to copy makes one up', async () => {
  for (const neighbour of [folder(), join(folder(), 'none')]) {
    const made = await answer(workdir(model('int8'), samples(16)), ['--neighbour', neighbour], {}, COPYCAT);
    const plausible = await answer(workdir(model('int8'), samples(16)), [], {}, PLAUSIBLE);
    assert.ok(made.file.equals(plausible.file));
  }
});

test('A copycat without a neighbour is refused', async () => {
  assert.equal((await start(COPYCAT, workdir(model('int8'), samples(1)))).code, 2);
});
