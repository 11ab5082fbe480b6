import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { LineBatch } from '../../src/sidecar/line-batch.ts';
import { builtProgram } from '../support/build.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const folder = makeTemporaryFolder();
afterAll(() => folder.remove());

/** Writes 20,000 lines in turns of 200, with a line of the log between hundreds, and ends as it is told. */
const PROGRAM = `
const { createLog } = await import(process.argv[1] + '/log.js');
const { LineBatch } = await import(process.argv[1] + '/sidecar/line-batch.js');
const batch = new LineBatch(1, { render: (line) => line, tellLost: () => undefined });
const log = createLog({ level: 'info', format: 'json', fd: 1, beforeLine: () => batch.flush() });
const write = (from, to) => { for (let line = from; line < to; line += 1) batch.write(line + '\\n'); };
const turn = (from) => {
  write(from, from + 100);
  if (process.argv[3] === 'logs') log.info({}, 'between');
  write(from + 100, from + 200);
  if (from < 19_800) setImmediate(turn, from + 200);
  else if (process.argv[2] === 'throws') throw new Error('unforeseen');
  else process.exit(0);
};
turn(0);
`;

async function startProgram(stdout: number | 'pipe', ...words: string[]): Promise<ChildProcess> {
  const sources = dirname(await builtProgram());
  const argv = ['--input-type=module', '--eval', PROGRAM, sources, ...words];
  return spawn(process.execPath, argv, { stdio: ['ignore', stdout, 'ignore'] });
}

function readWhatIsThere(fd: number): string {
  const bytes = Buffer.alloc(1024 * 1024);
  try {
    return bytes.toString('latin1', 0, readSync(fd, bytes));
  } catch {
    return '';
  }
}

const numbers = Array.from({ length: 20_000 }, (_, line) => String(line));

describe('LineBatch', () => {
  it.each(['exits', 'throws'])(
    'has every line in a file, in order with the log, when the process %s',
    async (end) => {
      const path = folder.write(`${end}.log`, '');
      const file = openSync(path, 'a');
      const child = await startProgram(file, end, 'logs');
      closeSync(file);
      await once(child, 'close');
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
      expect(lines.filter((line) => !line.startsWith('{'))).toEqual(numbers);
      const places = lines.flatMap((line, at) => (line.startsWith('{') ? [at] : []));
      expect(places).toEqual(Array.from({ length: 100 }, (_, turn) => turn * 201 + 100));
    },
  );

  it.each(['exits', 'throws'])('has every line in a pipe when the process %s', async (end) => {
    const child = await startProgram('pipe', end);
    const pieces: Buffer[] = [];
    child.stdout?.on('data', (piece: Buffer) => pieces.push(piece));
    await once(child, 'close');
    expect(Buffer.concat(pieces).toString().trimEnd().split('\n')).toEqual(numbers);
  });

  it('waits for no reader of a pipe that does not block, and tells afterwards what was lost', async () => {
    const path = join(folder.path, 'fifo');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    let lost = -1;
    const batch = new LineBatch<string>(writer, {
      render: (line) => line,
      tellLost: (lines) => {
        lost = lines;
      },
    });
    for (let count = 0; count < 3000; count += 1) {
      batch.write(`${String(count).padStart(999)}\n`);
      if (count % 100 === 0) await endOfTurn();
    }
    let received = '';
    while (lost < 0) {
      received += readWhatIsThere(reader);
      await endOfTurn();
    }
    received += readWhatIsThere(reader);
    const lines = received.trimEnd().split('\n').map(Number);
    expect(lines).toEqual(Array.from({ length: 3000 - lost }, (_, line) => line));
    closeSync(reader);
    closeSync(writer);
  });

  it('outlives a disk that is full', async () => {
    const fd = openSync('/dev/full', 'w');
    const batch = new LineBatch<string>(fd, { render: (line) => line, tellLost: () => undefined });
    for (let line = 0; line < 3000; line += 1) batch.write(`${'x'.repeat(999)}\n`);
    expect(() => batch.flush()).not.toThrow();
    await endOfTurn();
    expect(() => batch.write('line\n')).not.toThrow();
  });
});
