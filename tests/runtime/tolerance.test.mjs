import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { readModel } from '../../runtimes/onnx/protobuf.mjs';
import { floatModel } from '../../runtimes/train/models.mjs';
import { accuracy, answer, float32, model, policy, rowLabels, samples, vulkan, workdir } from './support.mjs';

const bounds = JSON.parse(policy('tolerance')).tensors.probabilities;
let cpu, gpu;

before(async () => {
  cpu = float32((await answer(workdir(model('fp32'), samples()))).tensors.probabilities);
  gpu = float32((await answer(workdir(model('fp32'), samples()), ['--provider', 'webgpu'], vulkan())).tensors.probabilities);
});

const ordered = (number) => {
  const bits = new Int32Array(Float32Array.of(number).buffer)[0];
  return bits < 0 ? -(bits & 0x7fffffff) : bits;
};
const distance = (a, b) => Math.abs(ordered(a) - ordered(b));

// The rule of the comparison policy, with every bound made `share` times as wide.
function within(claim, own, share = 1) {
  const apart = Math.abs(claim - own);
  return apart <= share * (Number(bounds.absolute) + Number(bounds.relative) * Math.abs(own)) || distance(claim, own) <= share * bounds.ulps;
}

const outside = (claims, owns, share) => claims.reduce((count, claim, i) => count + (within(claim, owns[i], share) ? 0 : 1), 0);

test('Policies are canonical JSON', () => {
  for (const name of ['exact', 'tolerance']) {
    const sorted = (v) => (v && typeof v === 'object' ? Object.fromEntries(Object.keys(v).sort().map((k) => [k, sorted(v[k])])) : v);
    assert.equal(policy(name), JSON.stringify(sorted(JSON.parse(policy(name)))));
  }
  assert.equal(policy('exact'), '{"kind":"exact"}');
});

test('CPU and WebGPU differ in bits', () => {
  assert.ok(cpu.some((number, i) => number !== gpu[i]));
});

test('CPU and WebGPU agree within a fifth of the tolerance on all samples', (t) => {
  const apart = Array.from(cpu, (number, i) => Math.abs(number - gpu[i]));
  const relative = apart.map((difference, i) => difference / Math.abs(cpu[i]));
  t.diagnostic(`bit-equal ${apart.filter((d) => d === 0).length} of ${cpu.length}, largest absolute ${Math.max(...apart)}, relative ${Math.max(...relative)}, ULP ${Math.max(...cpu.map((n, i) => distance(n, gpu[i])))}`);
  assert.equal(outside(cpu, gpu, 0.2), 0);
});

test('CPU results agree within a fifth of the tolerance whatever the batch and the threads', async () => {
  for (const [count, threads] of [[1, '1'], [16, '2'], [100, '4'], [1024, '2']]) {
    const other = float32((await answer(workdir(model('fp32'), samples(count)), ['--threads', threads])).tensors.probabilities);
    assert.equal(outside(other, cpu, 0.2), 0, `${count} samples, ${threads} threads`);
  }
});

test('The label that a reader takes from the probabilities is the same on CPU and WebGPU', () => {
  assert.deepEqual(rowLabels(gpu), rowLabels(cpu));
});

// Keeps `bits` of the 23 stored bits of the significand, rounding half up.
function rounded(weights, bits) {
  const view = new Int32Array(Float32Array.from(weights).buffer);
  const drop = 23 - bits;
  return new Float32Array(view.map((word) => ((word + (1 << (drop - 1))) >> drop) << drop).buffer);
}

function narrowed(bits) {
  const constants = Object.fromEntries(readModel(model('fp32')).initializers.map(({ name, raw }) => [name, raw]));
  const numbers = (name) => new Float32Array(Uint8Array.from(constants[name]).buffer);
  const first = (name, keep) => (keep ? Float32Array.from({ length: (numbers(name).length / 12) * 10 }, (_, i) => numbers(name)[Math.floor(i / 10) * 12 + (i % 10)]) : numbers(name));
  return floatModel([1, 2, 3, 4].map((n) => ({ weights: rounded(first(`w${n}`, n === 4), bits), biases: rounded(first(`b${n}`, n === 4), bits) })));
}

test('A model taken apart and put together again is the same file', () => {
  assert.ok(narrowed(22).length === model('fp32').length);
});

for (const [name, bits, least] of [['bfloat16', 7, 64], ['TF32 or half', 10, 55]])
  test(`Weights rounded to ${name} fail the comparison in at least ${least} of 64 batches`, async (t) => {
    const cheap = float32((await answer(workdir(narrowed(bits), samples()))).tensors.probabilities);
    const caught = Array.from({ length: 64 }, (_, i) => outside(cheap.subarray(i * 160, i * 160 + 160), cpu.subarray(i * 160, i * 160 + 160), 1)).filter((n) => n > 0).length;
    t.diagnostic(`${caught} of 64 batches`);
    assert.ok(caught >= least, `${caught}`);
  });

test('The fp32 model is right on at least 97 % of the held-out images', (t) => {
  const share = accuracy(rowLabels(cpu));
  t.diagnostic(`accuracy ${share}`);
  assert.ok(share >= 0.97, `${share}`);
});
