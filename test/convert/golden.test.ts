import { describe, expect, it } from 'vitest';
import { toBytes } from '../../src/apache/bytes.ts';
import { loadConfiguration } from '../../src/apache/load.ts';
import { firstDifference } from '../../src/cli/same-site.ts';
import { buildSite } from '../../src/site/build.ts';
import { moduleNames } from '../../src/site/modules.ts';
import { type GoldenCase, goldenCases, readerOfCase } from '../apache/golden-case.ts';
import { convertTree } from '../run/convert-scenario.ts';

function convertCase(golden: GoldenCase): ReturnType<typeof convertTree> & { readonly difference: unknown } {
  const { tree, serverRoot, modules } = loadConfiguration({
    file: '/case/main.conf',
    reader: readerOfCase(golden),
    environment: {},
    defines: [],
    serverRoot: '/case',
  });
  const options = { serverRoot, modules: moduleNames(modules) };
  const converted = convertTree(tree, options, '/case/main.conf');
  const built = [tree, converted.sites.tree].map((each) => buildSite(each, options).site);
  return { ...converted, difference: firstDifference(built[0], built[1]) };
}

describe('toYaml()', () => {
  it.each(goldenCases('convert').map((golden) => [golden.name, golden] as const))(
    'writes %s as a person would',
    (_, golden) => {
      const { text, sites, difference } = convertCase(golden);
      expect(toBytes(text)).toBe(golden.expected);
      expect(sites.problems).toEqual([]);
      expect(difference).toBeUndefined();
    },
  );
});
