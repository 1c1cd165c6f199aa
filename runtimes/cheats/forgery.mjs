// What both cheats share: answers that look right and are not, under a manifest that claims an honest run.

import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { TensorType } from '../onnx/protobuf.mjs';
import { BadInput } from '../onnx/job.mjs';

const DTYPES = { [TensorType.FLOAT]: 'F32', [TensorType.INT32]: 'I32' };

/** Names, dtypes and shapes that the model's outputs have for this number of samples. */
export function expectedOutputs(graph, samples) {
  return graph.outputs.map(({ name, type, shape }) => {
    if (!DTYPES[type]) throw new BadInput(`model: output ${name} is of a type that is not forged here`);
    return { name, dtype: DTYPES[type], shape: shape.map((dimension) => dimension ?? samples) };
  });
}

/** A label per sample and a number per class, drawn from the digest of the input instead of the model. */
export function plausibleTensors({ graph, tensors, samples }) {
  const input = Object.values(tensors)[0].data;
  const size = input.length / samples;
  const draws = Array.from({ length: samples }, (_, i) => {
    const digest = createHash('sha256').update(input.subarray(i * size, (i + 1) * size)).digest();
    return { label: digest[0] % 10, noise: digest.subarray(1, 21) };
  });
  return Object.fromEntries(
    expectedOutputs(graph, samples).map(({ name, dtype, shape }) => {
      const numbers = draws.flatMap((draw) => (shape.length === 1 ? [draw.label] : perClass(draw, dtype)));
      const data = dtype === 'F32' ? Float32Array.from(numbers) : Int32Array.from(numbers);
      return [name, { dtype, shape, data: new Uint8Array(data.buffer) }];
    }),
  );
}

function perClass({ label, noise }, dtype) {
  const weights = Array.from({ length: 10 }, (_, c) => noise[c] + 256 * noise[c + 10]);
  if (dtype === 'I32') return weights.map((w, c) => (c === label ? 7000 + (w % 3000) : (w % 5000) - 5500));
  const sum = weights.reduce((a, b) => a + b, 0) || 1;
  return weights.map((w, c) => (c === label ? 0.97 : 0) + (0.03 * w) / sum);
}

/** The manifest of an honest run on the CPU. */
export function claimedManifest() {
  return {
    device: `${cpus()[0]?.model.trim() ?? 'unknown'} (${process.arch})`,
    provider: 'cpu',
    runtime: 'onnx',
    versions: { node: process.versions.node, onnxruntime: '1.30.0' },
  };
}
