// Runs a model once on WebGPU and lets ONNX Runtime write its profile, which says what provider executed each node.
// A process of its own, because the profile is written when the session ends.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { decode } from '../../runtimes/onnx/safetensors.mjs';

const [model, images, prefix] = process.argv.slice(2);
const ort = createRequire(import.meta.url)('onnxruntime-node');
const session = await ort.InferenceSession.create(readFileSync(model), {
  executionProviders: [{ name: 'webgpu', preferredLayout: 'NCHW' }],
  enableProfiling: true,
  profileFilePrefix: prefix,
  logSeverityLevel: 4,
});
const { shape, data } = decode(readFileSync(images)).images;
await session.run({ images: new ort.Tensor('uint8', Uint8Array.from(data), shape) });
await session.release();
