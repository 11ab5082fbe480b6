/**
 * What failed in a run, by name and reason, and short: where a log keeps only a part of what vitest says, this part is small
 * enough to be kept. A reporter that vitest makes by the default export, as its interface wants it.
 */
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestModule } from 'vitest/node';

/** Of the message of a failure, and of its difference. */
const MOST_LINES = 5;
const MOST_CHARACTERS = 160;
/** Characters that all reasons share, and what one has of them at least. */
const ROOM = 1_400;
const LEAST_SHARE = 120;
const MOST_NAMES = 12;

export default class WhatFailed implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly Fault[]): void {
    const outside = { name: 'outside every test', errors: unhandled };
    const failures = [...modules.flatMap(partsOf), outside].filter(({ errors }) => errors.length > 0);
    if (failures.length > 0) process.stdout.write(render(failures));
  }
}

/** The part of vitest's errors that is read here; `diff` is that of an assertion. */
type Fault = { readonly message: string; readonly [field: string]: unknown };
type Part = { readonly name: string; readonly errors: readonly Fault[] };

/** The file itself, its blocks and its tests: hooks fail blocks, and what cannot be loaded fails the file. */
function partsOf(module: TestModule): readonly Part[] {
  const { relativeModuleId: file, children } = module;
  return [
    { name: file, errors: module.errors() },
    ...[...children.allSuites()].map((suite) => ({
      name: `${file} > ${suite.fullName}`,
      errors: suite.errors(),
    })),
    ...[...children.allTests('failed')].map((test) => ({
      name: `${file} > ${test.fullName}`,
      errors: test.result().errors ?? [],
    })),
  ];
}

function render(failures: readonly Part[]): string {
  const named = failures.slice(0, MOST_NAMES);
  const share = Math.max(LEAST_SHARE, ROOM / named.length);
  const told = named.map(({ name, errors }) => {
    const lines = errors.flatMap(reasonsOf).map((line) => `    ${line.slice(0, MOST_CHARACTERS)}`);
    return `${name}\n${lines.join('\n').slice(0, share)}\n`;
  });
  const left = failures.length - named.length;
  return `\nWhat failed:\n${told.join('')}${left === 0 ? '' : `and ${left} more\n`}`;
}

/** Of a long message, which quotes a log, the beginning and the end. */
function reasonsOf({ message, diff, stack }: Fault): readonly string[] {
  const said = linesOf(message);
  const [, place] = /[(/ ]((?:test|src|routes)\/[^\s()]+:\d+:\d+)/.exec(stackOf(stack)) ?? [];
  const differing = linesOf(diff).filter((line) => /^[-+] (?!Expected$|Received$)/.test(line));
  return [
    ...(said.length > MOST_LINES ? [...said.slice(0, 1), ...said.slice(1 - MOST_LINES)] : said),
    ...(place === undefined ? [] : [`at ${place}`]),
    ...differing.slice(0, MOST_LINES),
  ];
}

/** Without the message, which may name files too. */
function stackOf(stack: unknown): string {
  return linesOf(stack)
    .filter((line) => /^ *at /.test(line))
    .join('\n');
}

function linesOf(text: unknown): readonly string[] {
  return stripVTControlCharacters(String(text ?? ''))
    .split('\n')
    .filter((line) => line.trim() !== '');
}
