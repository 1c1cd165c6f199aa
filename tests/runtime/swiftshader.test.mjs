import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, folder, vulkan } from './support.mjs';

const script = join(ROOT, 'scripts/swiftshader');
const run = (program, args, env) =>
  new Promise((resolve) => execFile(program, args, { env }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr })));

test('The variables name files that are there', () => {
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES, LD_LIBRARY_PATH } = vulkan();
  assert.equal(VK_DRIVER_FILES, VK_ICD_FILENAMES);
  for (const path of [VK_DRIVER_FILES, join(LD_LIBRARY_PATH, 'libvulkan.so.1'), join(LD_LIBRARY_PATH, 'libvk_swiftshader.so')]) assert.ok(existsSync(path), path);
});

test('Run again, it prints one line', async () => {
  const runs = await Promise.all([run(script, [], process.env), run(script, [], process.env)]);
  for (const { code, stdout } of runs) {
    assert.equal(code, 0);
    assert.match(stdout, /^swiftshader: present: .*\n$/);
  }
});

test('Without the tools it needs it says so in one line and leaves nothing', async () => {
  const other = folder();
  const tools = join(other, 'bin');
  mkdirSync(join(other, 'scripts'));
  mkdirSync(tools);
  for (const tool of ['bash', 'dirname', 'uname', 'mkdir']) symlinkSync(`/usr/bin/${tool}`, join(tools, tool));
  copyFileSync(script, join(other, 'scripts/swiftshader'));
  const { code, stdout, stderr } = await run('/bin/bash', [join(other, 'scripts/swiftshader')], { PATH: tools });
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^swiftshader: absent: apt-get is not on this machine.*\n$/);
  assert.ok(!existsSync(join(other, '.tools/swiftshader')));
});
