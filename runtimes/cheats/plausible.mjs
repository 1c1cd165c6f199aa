#!/usr/bin/env node
// A cheat for tests and the demo: well-formed answers of the right shape without running the model.

import { readJob, runtime, writeTensors } from '../onnx/job.mjs';
import { claimedManifest, plausibleTensors } from './forgery.mjs';

const USAGE = `usage: node runtimes/cheats/plausible.mjs WORKDIR [--provider P] [--threads N]
The contract of runtimes/onnx/run.mjs, with made-up answers.`;

await runtime({ usage: USAGE }, async (directory) => {
  const job = await readJob(directory);
  await writeTensors(job.workdir, plausibleTensors(job), job.samples, claimedManifest());
});
