import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TensorType as T, model as onnx, node, tensor, value } from '../../runtimes/onnx/protobuf.mjs';
import { encode } from '../../runtimes/onnx/safetensors.mjs';
import { RUN, ROOT, answer, folder, model, samples, start, workdir } from './support.mjs';

const exists = (directory) => ['outputs.safetensors', 'run.json'].filter((name) => existsSync(join(directory, name)));

test('A job with an empty environment ends with outputs, units and a manifest', async () => {
  const directory = workdir(model('int8'), samples(16));
  const { tensors, run } = await answer(directory);
  assert.deepEqual(Object.entries(tensors).map(([name, t]) => [name, t.dtype, t.shape]), [['labels', 'I32', [16]], ['scores', 'I32', [16, 10]]]);
  assert.equal(run.units, 16);
  assert.equal(run.manifest.runtime, 'onnx');
  assert.equal(run.manifest.provider, 'cpu');
  assert.equal(run.manifest.versions.node, process.versions.node);
  assert.equal(run.manifest.versions.onnxruntime, JSON.parse(readFileSync(join(ROOT, 'node_modules/onnxruntime-node/package.json'))).version);
  assert.equal(readFileSync(join(directory, 'run.json'), 'utf8'), JSON.stringify({ manifest: run.manifest, units: run.units }));
});

test('The fp32 model returns probabilities only', async () => {
  const { tensors } = await answer(workdir(model('fp32'), samples(3)));
  assert.deepEqual(Object.entries(tensors).map(([name, t]) => [name, t.dtype, t.shape]), [['probabilities', 'F32', [3, 10]]]);
});

test('The outputs file is the canonical encoding of its tensors', async () => {
  const { file, tensors } = await answer(workdir(model('int8'), samples(5)));
  assert.ok(file.equals(encode(tensors)));
});

test('--help prints the usage', async () => {
  const { code, stdout } = await start(RUN, folder(), ['--help']);
  assert.equal(code, 0);
  assert.match(stdout, /^usage: /);
});

test('Old outputs do not survive a failed run', async () => {
  const directory = workdir(model('int8'), samples(1));
  await answer(directory);
  writeFileSync(join(directory, 'job.json'), '{');
  assert.equal((await start(RUN, directory)).code, 2);
  assert.deepEqual(exists(directory), []);
});

const put = (name, content) => (directory) => writeFileSync(join(directory, name), content);
const images = (dtype, shape, data) => put('images.safetensors', encode({ images: { dtype, shape, data } }));
const job = (content) => put('job.json', typeof content === 'string' ? content : JSON.stringify(content));
const input = { name: 'images', file: 'images.safetensors' };

const floats = onnx({
  name: 'floats', description: '', opset: 17, nodes: [node('Neg', ['images'], ['y'])], initializers: [],
  inputs: [value('images', T.FLOAT, ['N', 2])], outputs: [value('y', T.FLOAT, ['N', 2])],
});
const withFloats = (...numbers) => (directory) => {
  put('model.onnx', floats)(directory);
  images('F32', [1, 2], Buffer.from(Float32Array.of(...numbers).buffer))(directory);
};
function externalModel() {
  const data = tensor('w', T.FLOAT, [2], new Float32Array(0));
  // data_location 1 and a location of another file, as fields 14 and 13 of the tensor
  data.push(Buffer.from([112, 1, 106, 24, 10, 8]), Buffer.from('location'), Buffer.from([18, 12]), Buffer.from('../../secret'));
  return onnx({
    name: 'external', description: '', opset: 17, nodes: [node('Add', ['images', 'w'], ['y'])], initializers: [data],
    inputs: [value('images', T.FLOAT, ['N', 2])], outputs: [value('y', T.FLOAT, ['N', 2])],
  });
}

const faults = {
  'job.json that is no JSON': [job('{"model"'), /job\.json is not valid/],
  'job.json that is an array': [job([]), /job\.json is not an object/],
  'job.json with an unknown key': [job({ model: 'model.onnx', inputs: [input], env: {} }), /key "env" is not known/],
  'job.json without inputs': [job({ model: 'model.onnx', inputs: [] }), /1 to 16/],
  'an input given twice': [job({ model: 'model.onnx', inputs: [input, input] }), /given twice/],
  'a job.json of 1 MB': [job(' '.repeat(1 << 20)), /limit is 65536/],
  'a model that is not there': [job({ model: 'other.onnx', inputs: [input] }), /model: other\.onnx does not exist/],
  'a model outside the work directory': [job({ model: '../model.onnx', inputs: [input] }), /outside the work directory/],
  'an absolute path': [job({ model: '/etc/passwd', inputs: [input] }), /not a relative path/],
  'a path with a null byte': [job({ model: 'a\0b', inputs: [input] }), /not a relative path/],
  'a file name that is a number': [job({ model: 7, inputs: [input] }), /not a relative path/],
  'a link out of the work directory': [(d) => (symlinkSync('/etc/passwd', join(d, 'link')), job({ model: 'link', inputs: [input] })(d)), /outside the work directory/],
  'a folder as model': [job({ model: '.git/..', inputs: [input] }), /outside the work directory|does not exist/],
  'a pipe as model': [(d) => (execFileSync('mkfifo', [join(d, 'pipe')]), job({ model: 'pipe', inputs: [input] })(d)), /not a regular file/],
  'an empty model': [put('model.onnx', ''), /model: holds 0 graphs/],
  'a model of random text': [put('model.onnx', 'this is not a model'), /^model: /],
  'a model cut in half': [(d) => put('model.onnx', model('int8').subarray(0, 50_000))(d), /^model: /],
  'a model with data in other files': [put('model.onnx', externalModel()), /other files/],
  'a model with an unknown operator': [put('model.onnx', onnx({
    name: 'odd', description: '', opset: 17, nodes: [node('Teleport', ['images'], ['y'])], initializers: [],
    inputs: [value('images', T.UINT8, ['N', 784])], outputs: [value('y', T.UINT8, ['N', 784])],
  })), /ONNX Runtime cannot load it/],
  'an input cut by one byte': [(d) => put('images.safetensors', readFileSync(join(d, 'images.safetensors')).subarray(0, -1))(d), /the file holds/],
  'an empty input file': [put('images.safetensors', ''), /header length/],
  'an input of the wrong dtype': [images('I8', [1, 784], Buffer.alloc(784)), /dtype is I8, the model takes U8/],
  'an input of the wrong width': [images('U8', [1, 783], Buffer.alloc(783)), /shape is \[1,783\], the model takes \[N,784\]/],
  'an input of the wrong rank': [images('U8', [1, 28, 28], Buffer.alloc(784)), /shape is \[1,28,28\]/],
  'a scalar input': [images('U8', [], Buffer.alloc(1)), /a scalar holds no samples/],
  'no samples': [images('U8', [0, 784], Buffer.alloc(0)), /0 samples, allowed are 1 to 4096/],
  'too many samples': [images('U8', [4097, 784], Buffer.alloc(4097 * 784)), /4097 samples, allowed are 1 to 4096/],
  'a tensor of another name': [put('images.safetensors', encode({ image: { dtype: 'U8', shape: [1, 784], data: Buffer.alloc(784) } })), /no tensor of that name/],
  'an input that the model does not take': [(d) => {
    put('images.safetensors', encode({ extra: { dtype: 'U8', shape: [1, 784], data: Buffer.alloc(784) } }))(d);
    job({ model: 'model.onnx', inputs: [{ name: 'extra', file: 'images.safetensors' }] })(d);
  }, /input extra: the model takes images/],
  'an input named like a property of every object': [job({ model: 'model.onnx', inputs: [{ name: 'constructor', file: 'images.safetensors' }] }), /no tensor of that name/],
  'NaN in an input': [withFloats(1, NaN), /element 1 is NaN or infinite/],
  'infinity in an input': [withFloats(-Infinity, 1), /element 0 is NaN or infinite/],
};

for (const [what, [spoil, reason]] of Object.entries(faults))
  test(`${what} is refused with code 2 and one line`, async () => {
    const directory = workdir(model('int8'), samples(1));
    spoil(directory);
    const { code, stderr } = await start(RUN, directory);
    assert.match(stderr, reason);
    assert.equal(stderr.trim().split('\n').length, 1);
    assert.equal(code, 2);
    assert.deepEqual(exists(directory), []);
  });

test('A finite float input is taken', async () => {
  const directory = workdir(model('int8'), samples(1));
  withFloats(1, -2)(directory);
  const { tensors } = await answer(directory);
  assert.deepEqual([...new Float32Array(Uint8Array.from(tensors.y.data).buffer)], [-1, 2]);
});

test('A second work directory is refused with code 2', async () => {
  const { code, stderr } = await start(RUN, folder(), ['extra']);
  assert.equal(code, 2);
  assert.match(stderr, /one work directory/);
});

test('A work directory that is not there is refused with code 2', () => {
  const { status, stderr } = spawnSync(process.execPath, [RUN, join(folder(), 'none')], { env: {}, encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /none does not exist/);
});

test('A NaN that the model produces is written as it is', async () => {
  const root = onnx({
    name: 'root', description: '', opset: 17, nodes: [node('Sqrt', ['images'], ['y'])], initializers: [],
    inputs: [value('images', T.FLOAT, ['N', 2])], outputs: [value('y', T.FLOAT, ['N', 2])],
  });
  const directory = workdir(model('int8'), samples(1));
  withFloats(4, -1)(directory);
  put('model.onnx', root)(directory);
  const { tensors } = await answer(directory);
  assert.deepEqual([...new Float32Array(Uint8Array.from(tensors.y.data).buffer)], [2, NaN]);
});

test('A provider that is not on the machine ends with code 1 and says so', async () => {
  const directory = workdir(model('int8'), samples(1));
  const { code, stderr } = await start(RUN, directory, ['--provider', 'webgpu'], { VK_DRIVER_FILES: '/none', VK_ICD_FILENAMES: '/none' });
  assert.equal(code, 1);
  assert.match(stderr.trim().split('\n').at(-1), /provider webgpu is not usable here/);
  assert.deepEqual(exists(directory), []);
});

for (const args of [['--provider', 'abacus'], ['--threads', '0'], ['--threads', 'many'], ['--unknown']])
  test(`${args.join(' ')} is refused with code 2`, async () => {
    assert.equal((await start(RUN, workdir(model('int8'), samples(1)), args)).code, 2);
  });
