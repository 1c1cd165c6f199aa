import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readModel } from '../../runtimes/onnx/protobuf.mjs';
import { integerModel } from '../../runtimes/train/models.mjs';
import { Random } from '../../runtimes/train/random.mjs';
import { ROOT, accuracy, answer, batch, batchNames, int32, model, samples, vulkan, workdir } from './support.mjs';

const EXACT = 2 ** 24; // every integer up to here, and every sum of them up to here, is an fp32 number

const typed = { 1: Float32Array, 3: Int8Array, 6: Int32Array };

function layersOf(file) {
  const graph = readModel(file);
  const constants = Object.fromEntries(
    graph.initializers.filter(({ type }) => typed[type]).map(({ name, type, shape, raw }) => [name, { shape, data: new typed[type](Uint8Array.from(raw).buffer) }]),
  );
  return [1, 2, 3].map((n) => ({
    inputs: constants[`weights${n}`].shape[0],
    outputs: constants[`weights${n}`].shape[1],
    weights: constants[`weights${n}`].data,
    biases: constants[`biases${n}`].data,
    scale: constants[`scale${n}`]?.data[0],
  }));
}

// The largest magnitude that any partial sum, in any order, of any column can take.
function worstSum({ inputs, outputs, weights, biases }) {
  return Math.max(
    ...Array.from({ length: outputs }, (_, j) => {
      let sum = Math.abs(biases[j]);
      for (let i = 0; i < inputs; i++) sum += 127 * Math.abs(weights[i * outputs + j]);
      return sum;
    }),
  );
}

// The same arithmetic on integers only: rounding is half up, done by a shift.
function referenceScores(layers, images) {
  return Array.from({ length: images.length / 784 }, (_, n) => {
    let values = Array.from(images.subarray(n * 784, n * 784 + 784), (pixel) => pixel >> 1);
    for (const { inputs, outputs, weights, biases, scale } of layers) {
      const sums = Array.from(biases);
      for (let i = 0; i < inputs; i++) for (let j = 0; j < outputs; j++) sums[j] += values[i] * weights[i * outputs + j];
      const shift = scale && -Math.log2(scale);
      values = scale ? sums.map((sum) => Math.min(127, Math.max(0, (sum + (1 << (shift - 1))) >> shift))) : sums;
    }
    return values.slice(0, 10);
  }).flat();
}

const extremes = (seed) => {
  const random = new Random(seed);
  const layer = (inputs, outputs, shift) => ({
    inputs, outputs, shift,
    // Every fourth column has one sign only, so that its sums come near 784 * 127 * 127; the others cancel.
    weights: Int8Array.from({ length: inputs * outputs }, (_, i) => [127, 126, 127, 127][random.below(4)] * (i % 4 && random.below(2) ? -1 : 1)),
    biases: Int32Array.from({ length: outputs }, () => random.below(1 << 20) - (1 << 19)),
  });
  return integerModel([layer(784, 128, 12), layer(128, 64, 11), layer(64, 10, undefined)]);
};
const noise = (count, seed) => {
  const random = new Random(seed);
  return Buffer.from(Uint8Array.from({ length: count * 784 }, () => [0, 255, random.below(256)][random.below(3)]));
};

test('No sum of the int8 model can leave the integers that fp32 holds exactly', (t) => {
  for (const [i, layer] of layersOf(model('int8')).entries()) {
    const worst = worstSum(layer);
    t.diagnostic(`layer ${i + 1}: worst sum ${worst}, ${(EXACT / worst).toFixed(1)} times below 2^24`);
    const half = layer.scale ? 0.5 / layer.scale : 0;
    assert.ok(Number.isInteger(half) && worst + half < EXACT, `layer ${i + 1}: ${worst} + ${half}`);
    assert.ok(layer.weights.every((weight) => weight >= -127));
  }
});

test('Scales of the int8 model are powers of two', () => {
  for (const { scale } of layersOf(model('int8')).slice(0, 2)) assert.ok(Number.isInteger(Math.log2(scale)) && scale < 1);
});

test('The int8 model holds no operation but those that are exact on such integers', () => {
  const { nodes } = readModel(model('int8'));
  const exact = ['Add', 'ArgMax', 'Cast', 'Clip', 'Floor', 'MatMul', 'Mul', 'Slice'];
  assert.deepEqual([...new Set(nodes.map(({ operator }) => operator))].sort(), exact);
  for (const { inputs } of nodes.filter(({ operator }) => operator === 'MatMul')) {
    const made = (name) => nodes.find(({ outputs }) => outputs.includes(name)).operator;
    assert.match(made(inputs[0]), /Clip|Floor/);
    assert.equal(made(inputs[1]), 'Cast');
  }
});

test('The CPU gives the integer reference on all samples with one, two and four threads', async () => {
  const images = samples();
  const expected = referenceScores(layersOf(model('int8')), images);
  const runs = await Promise.all(['1', '2', '4'].map((threads) => answer(workdir(model('int8'), images), ['--threads', threads])));
  assert.deepEqual([...int32(runs[0].tensors.scores)], expected);
  for (const { file } of runs) assert.ok(file.equals(runs[0].file));
});

test('WebGPU gives the same bytes as the CPU on all samples', async () => {
  const images = samples();
  const cpu = await answer(workdir(model('int8'), images));
  const gpu = await answer(workdir(model('int8'), images), ['--provider', 'webgpu'], vulkan());
  assert.equal(gpu.run.manifest.provider, 'webgpu');
  assert.match(gpu.run.manifest.device, /vulkan \S+\.so/);
  assert.ok(gpu.file.equals(cpu.file));
});

for (const [name, onCpu] of [['int8', [['Cast', 'labels']]], ['fp32', []]])
  test(`WebGPU executes the ${name} model itself`, () => {
    const directory = workdir(model(name), samples(16));
    const args = [join(ROOT, 'tests/runtime/placement.mjs'), 'model.onnx', 'images.safetensors', 'profile'];
    execFileSync(process.execPath, args, { cwd: directory, env: vulkan() });
    const profile = readdirSync(directory).find((file) => file.startsWith('profile'));
    const executed = JSON.parse(readFileSync(join(directory, profile), 'utf8'))
      .filter((event) => event.cat === 'Node' && event.name.endsWith('_kernel_time'))
      .map(({ name: node, args: { op_name: operator, provider } }) => ({ operator, provider, node: node.replace(/_kernel_time$/, '') }));
    assert.ok(executed.filter(({ operator, provider }) => /Gemm|MatMul/.test(operator) && provider === 'WebGpuExecutionProvider').length >= 2);
    assert.deepEqual(executed.filter(({ provider }) => provider !== 'WebGpuExecutionProvider').map(({ operator, node }) => [operator, node]), onCpu);
  });

test('An answer does not depend on the size of the batch', async () => {
  const whole = int32((await answer(workdir(model('int8'), samples()))).tensors.scores);
  for (const [i, name] of batchNames.entries()) {
    const part = int32((await answer(workdir(model('int8'), batch(name)))).tensors.scores);
    assert.deepEqual([...part], [...whole.subarray(i * 160, i * 160 + 160)], name);
  }
});

for (const count of [1, 7, 16])
  test(`WebGPU gives the same bytes as the CPU on a batch of ${count}`, async () => {
    const cpu = await answer(workdir(model('int8'), samples(count)));
    const gpu = await answer(workdir(model('int8'), samples(count)), ['--provider', 'webgpu'], vulkan());
    assert.ok(gpu.file.equals(cpu.file));
  });

test('Weights and pixels at their extremes are exact on CPU and WebGPU', async () => {
  for (const seed of [1, 2]) {
    const images = noise(64, seed);
    const expected = referenceScores(layersOf(extremes(seed)), images);
    assert.ok(new Set(expected).size > 100, 'the case is not degenerate');
    for (const [provider, env] of [['cpu', {}], ['webgpu', vulkan()]]) {
      const { tensors } = await answer(workdir(extremes(seed), images), ['--provider', provider], env);
      assert.deepEqual([...int32(tensors.scores)], expected, `${provider}, seed ${seed}`);
    }
  }
});

test('Equal scores give the first label on CPU and WebGPU', async () => {
  const layer = (inputs, outputs, shift) => ({ inputs, outputs, shift, weights: new Int8Array(inputs * outputs), biases: new Int32Array(outputs).fill(-3) });
  const flat = integerModel([layer(784, 128, 8), layer(128, 64, 8), layer(64, 10, undefined)]);
  for (const [provider, env] of [['cpu', {}], ['webgpu', vulkan()]]) {
    const { tensors } = await answer(workdir(flat, samples(4)), ['--provider', provider], env);
    assert.deepEqual([...int32(tensors.labels)], [0, 0, 0, 0], provider);
  }
});

test('The int8 model is right on at least 97 % of the held-out images', async (t) => {
  const { tensors } = await answer(workdir(model('int8'), samples()));
  const share = accuracy([...int32(tensors.labels)]);
  t.diagnostic(`accuracy ${share}`);
  assert.ok(share >= 0.97, `${share}`);
});
