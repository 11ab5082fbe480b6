import { describe, expect, it } from 'vitest';
import { firstDifference } from '../../src/cli/same-site.ts';
import { directive, section } from '../../src/convert/node.ts';
import { buildSite } from '../../src/site/build.ts';
import type { Site } from '../../src/site/model.ts';

const position = { file: '/a.conf', line: 1 };

function siteOf(...lines: readonly string[]): Site {
  const children = lines.map((line) => {
    const [name = '', ...words] = line.split(' ');
    return directive(name, words, position);
  });
  return buildSite([section('Files', ['x'], children, position)]).site;
}

describe('firstDifference()', () => {
  it('takes no notice of the order in which extensions lose their meanings', () => {
    const one = siteOf('RemoveLanguage .de', 'RemoveHandler .py .wsgi');
    expect(firstDifference(one, siteOf('RemoveHandler .wsgi .py', 'RemoveLanguage .de'))).toBeUndefined();
    expect(firstDifference(one, siteOf('RemoveLanguage .de', 'RemoveHandler .py'))).toBeDefined();
    expect(firstDifference(one, siteOf('RemoveHandler .de', 'RemoveLanguage .py .wsgi'))).toBeDefined();
  });
});
